import { WireError } from '../base/error.js';
import { type Codec, codecOf } from '../codec/index.js';
import type { InferInput, Payload as PayloadType } from '../schema/index.js';
import type { Values } from '../wire/index.js';

/** Payload bytes of a request: [start, end) of the view, valid while it is handled. */
export interface Payload {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** Payload of a reply: the error word and what follows it. Valid until the next reply is made. */
export interface Reply {
  /** Maybe more of them. Never write to them: they are shared. */
  readonly bytes: Uint8Array;
  readonly size: number;
}

const ERROR_SIZE = 4;
const errorReplies = new Map<number, Reply>();

/** A reply that is the error word alone. */
export function errorReply(error: number): Reply {
  let reply = errorReplies.get(error);
  if (reply === undefined) {
    reply = { bytes: replyBytes(error, 0), size: ERROR_SIZE };
    errorReplies.set(error, reply);
  }
  return reply;
}

function replyBytes(error: number, size: number): Uint8Array {
  const bytes = new Uint8Array(ERROR_SIZE + size);
  new DataView(bytes.buffer).setUint32(0, error, true);
  return bytes;
}

/**
 * Replies and notifications are encoded here. A notification is copied, a reply is sent from here. Longer ones get bytes
 * of their own.
 */
const scratch = new Uint8Array(1 << 14);
const scratchView = new DataView(scratch.buffer);

/** A reply with data behind the error word. */
export function replyWith(codec: Codec, value: object, error: number): Reply {
  scratchView.setUint32(0, error, true);
  const end = encodeToScratch(codec, value, ERROR_SIZE);
  if (end !== undefined) return { bytes: scratch, size: end };
  const data = codec.toBytes(value as Values);
  const bytes = replyBytes(error, data.byteLength);
  bytes.set(data, ERROR_SIZE);
  return { bytes, size: bytes.byteLength };
}

/** Payload of a notification. */
export function notificationBytes<T extends PayloadType>(type: T, value: InferInput<T>): Uint8Array {
  const codec = codecOf(type) as Codec;
  const end = encodeToScratch(codec, value, 0);
  return end === undefined ? codec.toBytes(value) : scratch.slice(0, end);
}

/**
 * @returns where the value ends in scratch; undefined when it does not fit, which is rare: measuring it first is slow.
 */
function encodeToScratch(codec: Codec, value: object, start: number): number | undefined {
  try {
    return codec.encode(value as Values, scratchView, start);
  } catch (error) {
    if (error instanceof WireError && error.code === 'capacity') return undefined;
    throw error;
  }
}
