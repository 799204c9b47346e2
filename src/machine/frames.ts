import { limits, protocol } from '../../schemas/index.js';
import { viewOf } from '../base/bytes.js';
import { headerReader } from '../rpc/index.js';
import type { Header } from '../schema/index.js';

const reader = headerReader(protocol);

/** Of the second byte of a header (rpc.md). */
const TYPE_BITS = 3;

/** Offset in a reply of the first field behind the error word. */
export const REPLY_FIELDS = limits.header + 4;

/** The header of a queue message, whatever it says; undefined when it is too short for one. */
export function headerOf(frame: Uint8Array): Header | undefined {
  return frame.length < limits.header ? undefined : reader.read(viewOf(frame), 0);
}

/** Message id of a queue message, 0 when it is too short for one. Cheaper than {@link headerOf}. */
export function frameId(frame: Uint8Array): number {
  return wordAt(frame, 4);
}

/** Message type of a queue message, 0 when it is too short for one. */
export function frameType(frame: Uint8Array): number {
  return frame.length < 2 ? 0 : (frame[1] as number) & TYPE_BITS;
}

/** Sequence number of a queue message, 0 when it is too short for one. */
export function frameSeq(frame: Uint8Array): number {
  return frame.length < 4 ? 0 : (frame[2] as number) | ((frame[3] as number) << 8);
}

/** Little-endian 32-bit word of a queue message, 0 when it ends before. */
export function wordAt(frame: Uint8Array, at: number): number {
  if (at + 4 > frame.length) return 0;
  return (
    ((frame[at] as number) |
      ((frame[at + 1] as number) << 8) |
      ((frame[at + 2] as number) << 16) |
      ((frame[at + 3] as number) << 24)) >>>
    0
  );
}

/** Like {@link wordAt}, 64 bits; exact up to 2^53. */
export function longAt(frame: Uint8Array, at: number): number {
  return wordAt(frame, at) + wordAt(frame, at + 4) * 2 ** 32;
}
