import type { Fixture } from './fixture.js';
import { plainSizeMax } from './json.js';

/** Name of a fixture in languages without dots: `vm_start_request_typical`. */
export function identifierOf({ name }: Fixture): string {
  return name.toLowerCase().replaceAll('.', '_');
}

/** Bytes on a line of an array. */
const rowSize = 16;

/** Bytes as the inside of an array literal, in rows. */
export function arrayRows(bytes: Uint8Array, margin: string): string[] {
  const rows: string[] = [];
  for (let start = 0; start < bytes.length; start += rowSize) {
    const row = Array.from(
      bytes.subarray(start, start + rowSize),
      (byte) => `0x${byte.toString(16).padStart(2, '0')}`,
    );
    rows.push(`${margin}${row.join(', ')},`);
  }
  return rows;
}

/** All queue messages one after the other. */
export function joined(frames: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(frames.reduce((sum, frame) => sum + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

/** Whether the payload stands beside its frames, as in JSON. */
export function hasPayload({ payload }: Fixture): boolean {
  return payload.length > 0 && payload.length <= plainSizeMax;
}
