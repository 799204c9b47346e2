import { WireError } from '../base/error.js';
import { codecOf } from '../codec/index.js';
import type { Infer, InferInput, Payload as PayloadType } from '../schema/index.js';
import { RmError } from './codes.js';

/** Payload bytes of a request, as a handler gets them. */
export interface Payload {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** Number of payload bytes. */
export function sizeOf(payload: Payload): number {
  return payload.end - payload.start;
}

/**
 * Decodes a payload whose size the handler has checked.
 *
 * @throws WireError when it is not of the declared shape.
 */
export function decode<T extends PayloadType>(type: T, { view, start, end }: Payload): Infer<T> {
  return codecOf(type).decode(view, start, end);
}

/** As {@link decode}, without the bytes behind the first `size`. */
export function decodeHead<T extends PayloadType>(
  type: T,
  { view, start, end }: Payload,
  size: number,
): Infer<T> {
  return codecOf(type).decode(view, start, Math.min(end, start + size));
}

/** Payload of a reply: the error word and what follows it. */
export type Reply = Uint8Array;

const ERROR_SIZE = 4;
const standard = new Map<number, Reply>();

/** A reply that is the error word alone. The array is shared: never write to it. */
export function errorReply(error: number): Reply {
  let reply = standard.get(error);
  if (reply === undefined) {
    reply = replyBytes(error, 0);
    standard.set(error, reply);
  }
  return reply;
}

export const okReply: Reply = errorReply(RmError.OK);

function replyBytes(error: number, size: number): Uint8Array {
  const bytes = new Uint8Array(ERROR_SIZE + size);
  for (let index = 0; index < ERROR_SIZE; index++) bytes[index] = (error >>> (index * 8)) & 0xff;
  return bytes;
}

/** Where replies and notifications are put together before they are copied; longer ones get bytes of their own. */
const scratch = new Uint8Array(1 << 14);
const scratchView = new DataView(scratch.buffer);

/** A reply with data behind the error word. */
export function replyWith<T extends PayloadType>(
  type: T,
  value: InferInput<T>,
  error: number = RmError.OK,
): Reply {
  scratchView.setUint32(0, error, true);
  const end = encodeToScratch(type, value, ERROR_SIZE);
  if (end !== undefined) return scratch.slice(0, end);
  const data = codecOf(type).toBytes(value);
  const bytes = replyBytes(error, data.byteLength);
  bytes.set(data, ERROR_SIZE);
  return bytes;
}

/** Payload of a notification, none of which is longer than a handful of texts. */
export function notificationBytes<T extends PayloadType>(type: T, value: InferInput<T>): Uint8Array {
  const end = encodeToScratch(type, value, 0);
  return end === undefined ? codecOf(type).toBytes(value) : scratch.slice(0, end);
}

/** Where the value ends in scratch, undefined when it does not fit: that is seldom, and measuring it first is slow. */
function encodeToScratch<T extends PayloadType>(
  type: T,
  value: InferInput<T>,
  start: number,
): number | undefined {
  try {
    return codecOf(type).encode(value, scratchView, start);
  } catch (error) {
    if (error instanceof WireError && error.code === 'capacity') return undefined;
    throw error;
  }
}
