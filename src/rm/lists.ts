import { RmError } from './codes.js';
import type { Payload } from './wire.js';

const LIST_HEADER_SIZE = 4;

/**
 * Walks the lists of a payload by RM's own rules, before anything is decoded: which error it gives for lists that
 * do not parse depends on how far it comes (rpc.md, "Lists inside payloads").
 *
 * @param offset where the first list starts, in bytes from the payload's start.
 * @param entrySizes bytes of an entry of each list, in order.
 * @param max entries that RM takes in a list.
 */
export function checkLists(
  payload: Payload,
  offset: number,
  entrySizes: readonly number[],
  max: number,
): number {
  let at = payload.start + offset;
  for (const entrySize of entrySizes) {
    const left = payload.end - at;
    if (left === 0) continue;
    if (left < LIST_HEADER_SIZE) return RmError.MSG_INVALID;
    const count = payload.view.getUint16(at, true);
    if (count > max) return RmError.NORESOURCE;
    if (left - LIST_HEADER_SIZE < count * entrySize) return RmError.MSG_INVALID;
    at += LIST_HEADER_SIZE + count * entrySize;
  }
  return at === payload.end ? RmError.OK : RmError.MSG_INVALID;
}

/**
 * A payload whose lists are fine with an empty second list where it ends behind the first one, so that what is
 * declared can be decoded.
 */
export function withSecondList(payload: Payload, offset: number, firstEntrySize: number): Payload {
  const at = payload.start + offset;
  const firstEnd = at + LIST_HEADER_SIZE + payload.view.getUint16(at, true) * firstEntrySize;
  if (payload.end > firstEnd) return payload;
  const size = payload.end - payload.start;
  const bytes = new Uint8Array(size + LIST_HEADER_SIZE);
  bytes.set(new Uint8Array(payload.view.buffer, payload.view.byteOffset + payload.start, size));
  return { view: new DataView(bytes.buffer), start: 0, end: bytes.byteLength };
}
