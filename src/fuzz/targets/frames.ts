import { limits, protocol } from '../../../schemas/index.js';
import { headerReader } from '../../rpc/index.js';
import type { Header } from '../../schema/index.js';

const reader = headerReader(protocol);

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The header of a queue message, whatever it says; undefined when it is too short for one. */
export function headerOf(frame: Uint8Array): Header | undefined {
  return frame.byteLength < limits.header ? undefined : reader.read(viewOf(frame), 0);
}

/** Message id of a queue message, 0 when it is too short for one. Cheaper than the whole header. */
export function idOf(frame: Uint8Array): number {
  if (frame.byteLength < limits.header) return 0;
  const [, , , , a = 0, b = 0, c = 0, d = 0] = frame;
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
