import { UsageError } from '../base/error.js';
import { MessageType, type Protocol } from '../schema/index.js';
import { writeFrame } from './frame-writer.js';

/** Number of continuations for a payload of `size` bytes: 0 up to 232 bytes, one more for each further 232. */
export function fragmentCount(protocol: Protocol, size: number): number {
  return Math.max(0, Math.ceil(size / protocol.limits.content) - 1);
}

/** Payload sizes of the `count` queue messages of a message with `size` payload bytes: all but the last are full. */
export function sizesOf(
  protocol: Protocol,
  size: number,
  count = fragmentCount(protocol, size) + 1,
): number[] {
  const { content } = protocol.limits;
  const sizes: number[] = [];
  // Array.from takes several times as long.
  for (let left = size; sizes.length < count; left -= content)
    sizes.push(Math.max(0, Math.min(content, left)));
  return sizes;
}

/** What the queue messages of one message have in common. */
interface Fragmented {
  readonly type: number;
  readonly seq: number;
  readonly msg_id: number;
}

/**
 * Cuts a message into queue messages of at most 240 bytes. The first has the message's type, the others are
 * continuations. All have seq, id and the number of continuations (rpc.md, "Fragmentation"). Throws UsageError above
 * `limit` payload bytes; the default is the most that the format can carry, 14 616.
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
    const { seq, msg_id } = message;
    const frame = writeFrame(protocol, { type, fragments, seq, msg_id }, payload, start, start + size);
    start += size;
    return frame;
  });
}
