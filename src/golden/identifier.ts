import type { Fixture } from './fixture.js';
import { plainSizeMax } from './json.js';

/** Name of a fixture in languages without dots: `vm_start_request_typical`. */
export function identifierOf({ name }: Fixture): string {
  return name.toLowerCase().replaceAll('.', '_');
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

/** Whether a fixture is given with its payload, not only with its frames. */
export function hasPayload({ payload }: Fixture): boolean {
  return payload.length > 0 && payload.length <= plainSizeMax;
}
