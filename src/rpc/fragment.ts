import { UsageError } from '../base/error.js';
import { codecOf } from '../codec/index.js';
import { type Header, MessageType, type Protocol } from '../schema/index.js';

/** How many continuations a payload of `size` bytes needs: 0 up to 232 bytes, one more for each further 232. */
export function fragmentCount(protocol: Protocol, size: number): number {
  return Math.max(0, Math.ceil(size / protocol.limits.content) - 1);
}

/** The usual cut of `size` payload bytes into `count` queue messages: all full but the last. */
export function sizesOf(
  protocol: Protocol,
  size: number,
  count = fragmentCount(protocol, size) + 1,
): number[] {
  const { content } = protocol.limits;
  return Array.from({ length: count }, (_, index) => Math.max(0, Math.min(content, size - index * content)));
}

/** What the queue messages of one message have in common. */
export interface Fragmented {
  readonly type: number;
  readonly seq: number;
  readonly msg_id: number;
}

/** Where headers are made: a view of its own for each frame costs more than the rest of it. */
const headerBytes = new Uint8Array(16);
const headerView = new DataView(headerBytes.buffer);

/** One queue message: header and payload [start, end) of `payload`. */
export function writeFrame(
  protocol: Protocol,
  header: Omit<Header, 'api_version' | 'header_words'>,
  payload: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  const size = protocol.limits.header;
  const frame = new Uint8Array(size + end - start);
  const { type, fragments, seq, msg_id } = header;
  // No spread: an object made by one costs the encoder's check for unknown keys microseconds.
  const words = { api_version: 1, header_words: size / 4, type, fragments, seq, msg_id };
  codecOf(protocol.header).encode(words, headerView, 0);
  for (let index = 0; index < size; index++) frame[index] = headerBytes[index] as number;
  if (end > start) frame.set(payload.subarray(start, end), size);
  return frame;
}

/**
 * Cuts a message into queue messages of at most 240 bytes: the first carries the type, the rest are continuations,
 * all carry seq, id and the number of continuations (rpc.md, "Fragmentation"). Throws UsageError above `limit`
 * payload bytes (14616, what the format can carry, unless told).
 */
export function fragment(
  protocol: Protocol,
  message: Fragmented,
  payload: Uint8Array,
  limit = protocol.limits.max_payload,
): Uint8Array[] {
  if (payload.length > limit) {
    throw new UsageError({ code: 'payload_size', path: '', expected: `0..${limit}`, actual: payload.length });
  }
  const fragments = fragmentCount(protocol, payload.length);
  let start = 0;
  return sizesOf(protocol, payload.length).map((size, index) => {
    const type = index === 0 ? message.type : MessageType.continuation;
    const frame = writeFrame(protocol, { ...message, type, fragments }, payload, start, start + size);
    start += size;
    return frame;
  });
}
