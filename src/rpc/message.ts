import { UsageError, WireError } from '../base/error.js';
import { codecOf } from '../codec/index.js';
import {
  type Call,
  type Infer,
  type InferInput,
  type Message,
  MessageType,
  type MessageTypeName,
  messageTypeNames,
  type Notification,
  type Payload,
  type Protocol,
  payloadOf,
} from '../schema/index.js';
import { encodeStream, Scope, type Values } from '../wire/index.js';
import { fragment } from './fragment.js';
import { Reassembler } from './reassembler.js';

/** The types of RPC messages. A continuation is a part of a message. */
export type WholeType = Exclude<MessageTypeName, 'continuation'>;

/** The payload type of a message in one of its kinds. */
type LayoutOf<M, T> =
  M extends Call<infer Q, infer P>
    ? T extends 'request'
      ? Q
      : T extends 'reply'
        ? P
        : never
    : M extends Notification<infer N>
      ? T extends 'notification'
        ? N
        : never
      : never;

/**
 * The value of that payload, decoded and as input of encoding: plain objects, see {@link Infer} and {@link InferInput}.
 * Unknown if any message may come.
 */
export type PayloadValue<M, T> = Message extends M
  ? unknown
  : [LayoutOf<M, T>] extends [never]
    ? Values
    : Infer<LayoutOf<M, T>>;
export type PayloadInput<M, T> = [LayoutOf<M, T>] extends [never] ? Values : InferInput<LayoutOf<M, T>>;

/** A decoded RPC message. */
export interface DecodedMessage<P = unknown> {
  readonly type: WholeType;
  /** 0..65535. */
  readonly seq: number;
  /** 32-bit message id. */
  readonly id: number;
  /** The declaration; undefined for an id that is not in the protocol. */
  readonly message: Message | undefined;
  /** Error word of a reply, 0 = OK; undefined for all else. */
  readonly error: number | undefined;
  /** The value; undefined where no layout is declared (unknown ids, error replies that carry nothing). */
  readonly payload: P | undefined;
  /** The payload bytes, in replies from after the error word. */
  readonly bytes: Uint8Array;
}

export interface DecodeMessageOptions<M extends Message, T extends WholeType> {
  /** The message expected; another one causes WireError (code `id` or `type`). It also types the result. */
  readonly message?: M;
  readonly type?: T;
  /** Value of the request that a reply answers, for layouts that depend on it. */
  readonly request?: unknown;
}

/**
 * Decodes one RPC message from its queue messages, in order. Strict: throws WireError when they are malformed, are not
 * exactly one message, or the payload does not fit its declaration (offsets count from the first payload byte, in
 * replies from after the error word).
 */
export function decodeMessage<M extends Message = Message, T extends WholeType = WholeType>(
  protocol: Protocol,
  frames: Uint8Array | readonly Uint8Array[],
  options: DecodeMessageOptions<M, T> = {},
): DecodedMessage<PayloadValue<M, T>> {
  const whole = reassemble(protocol, frames instanceof Uint8Array ? [frames] : frames);
  const { type, seq, id, payload } = whole;
  if (options.message !== undefined && options.message.id !== id) refuse('id', options.message.id, id);
  const typeName = messageTypeNames[type] as WholeType;
  if (options.type !== undefined && options.type !== typeName) refuse('type', options.type, typeName);
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const isReply = type === MessageType.reply;
  if (isReply && payload.length < 4) {
    throw new WireError({ code: 'truncated', path: 'error', offset: 0, expected: 4, actual: payload.length });
  }
  const error = isReply ? view.getUint32(0, true) : undefined;
  const message = protocol.byId.get(id);
  const layout = payloadOf(message, type, error);
  const start = isReply ? 4 : 0;
  const value = layout && codecOf(layout).decode(view, start, payload.length, options.request);
  return { type: typeName, seq, id, message, error, payload: value, bytes: payload.subarray(start) };
}

interface Whole {
  readonly type: number;
  readonly seq: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

function reassemble(protocol: Protocol, frames: readonly Uint8Array[]): Whole {
  const found: Whole[] = [];
  let parts = 0;
  const sink = {
    message(
      header: { type: number; seq: number; msg_id: number },
      view: DataView,
      start: number,
      end: number,
    ) {
      const payload = new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
      found.push({ type: header.type, seq: header.seq, id: header.msg_id, payload });
    },
    part() {
      parts++;
    },
    abandoned: () => refuse('frames', 'the continuations announced', 'another message'),
    stray: () => refuse('frames', 'a message in progress', 'a continuation'),
    malformed(issue: ConstructorParameters<typeof WireError>[0]) {
      throw new WireError(issue);
    },
  };
  const reassembler = new Reassembler(protocol, sink);
  for (const frame of frames) {
    reassembler.receive(new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length);
  }
  const [whole] = found;
  if (whole === undefined) return refuse('frames', 'a whole message', `${parts} parts of one`);
  if (found.length > 1) return refuse('frames', 'one message', found.length);
  // Refuses the beginning of another message behind this one.
  reassembler.abandon();
  return whole;
}

function refuse(code: string, expected: string | number, actual: string | number): never {
  throw new WireError({ code, path: '', offset: 0, expected, actual });
}

export interface EncodeMessageFields<P> {
  /** 0..65535. */
  readonly seq: number;
  /** Replies only: the error word, 0 = OK when left out. */
  readonly error?: number;
  /** May be left out where the layout is empty or none is declared. */
  readonly payload?: P;
}

/**
 * The queue messages of one RPC message, at most 240 bytes each. Throws WireError when the payload, seq or error does not fit
 * its declaration, UsageError when the message has no such kind or is above 14 616 payload bytes.
 */
export function encodeMessage<M extends Message, T extends WholeType>(
  protocol: Protocol,
  message: M,
  type: T,
  { seq, error = 0, payload }: EncodeMessageFields<PayloadInput<M, T>>,
): Uint8Array[] {
  const isReply = type === 'reply';
  const layout: Payload | undefined = payloadOf(message, MessageType[type], isReply ? error : 0);
  if (layout === undefined && (payload !== undefined || !isReply)) {
    throw new UsageError({
      code: 'kind',
      path: message.name,
      expected: 'a kind with a declared layout',
      actual: type,
    });
  }
  const fields = layout === undefined ? new Uint8Array(0) : codecOf(layout).toBytes(payload ?? {});
  const word = isReply ? 4 : 0;
  const bytes = new Uint8Array(word + fields.length);
  if (isReply) {
    const scope = new Scope({}, undefined);
    scope.key = 'error';
    protocol.error.encode(encodeStream(bytes), error, scope);
  }
  bytes.set(fields, word);
  return fragment(protocol, { type: MessageType[type], seq, msg_id: message.id }, bytes);
}
