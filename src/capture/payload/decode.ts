import type { Issue } from '../../base/error.js';
import { codecOf, diagnose } from '../../codec/index.js';
import { type Message, MessageType, type Payload, payloadOf } from '../../schema/index.js';
import { type Values, VariantType } from '../../wire/index.js';

/** The decoded payload of one message. The keys have the meaning that they have in a record. */
export interface DecodedPayload {
  readonly error: number | undefined;
  readonly layout: Payload | undefined;
  readonly payload: Values | undefined;
  readonly complete: boolean;
  readonly rest: Uint8Array | undefined;
  readonly issues: readonly Issue[];
  readonly raw: Uint8Array | undefined;
}

/** Size of the error word in front of every reply, in bytes. */
export const errorWordSize = 4;

/** All payload bytes of a message: its fields and, in replies, the error word in front of them. */
export function withErrorWord(fields: Uint8Array, error: number | undefined): Uint8Array {
  if (error === undefined) return fields;
  const payload = new Uint8Array(errorWordSize + fields.length);
  new DataView(payload.buffer).setUint32(0, error, true);
  payload.set(fields, errorWordSize);
  return payload;
}

/** Whether a reply can be decoded only by who knows the request. */
export function replyDependsOnRequest(message: Message | undefined): boolean {
  return message?.layout === 'known' && message.kind === 'call' && message.reply instanceof VariantType;
}

/**
 * Largest payload that is decoded, in bytes. The protocol carries 14 616. The fields of what a damaged capture announces
 * would take many times its size.
 */
export const decodedSizeMax = 1 << 20;

const none: readonly Issue[] = [];

/**
 * Decodes the payload [start, end) of a message of the given type, whatever it holds; never throws. Offsets of issues
 * count from `start`, in replies from after the error word. `request` is the value of the request that a reply answers.
 * Of payloads that are not decoded, however large, `rest` and `raw` are the given bytes themselves, no copies.
 */
export function decodePayload(
  message: Message | undefined,
  type: number,
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
): DecodedPayload {
  let error: number | undefined;
  let from = start;
  if (type === MessageType.reply) {
    if (end - start < errorWordSize) return shortReply(view, start, end);
    error = view.getUint32(start, true);
    from += errorWordSize;
  }
  const layout = payloadOf(message, type, error);
  if (layout === undefined) {
    const rest = end > from ? bytesOf(view, from, end) : undefined;
    return { error, layout, payload: undefined, complete: false, rest, issues: none, raw: undefined };
  }
  if (end - from > decodedSizeMax) return tooLarge(error, view, start, end);
  const payload = codecOf(layout).tryDecode(view, from, end, request);
  if (payload !== undefined) {
    return { error, layout, payload, complete: true, rest: undefined, issues: none, raw: undefined };
  }
  return explain(error, layout, bytesOf(view, start, end).slice(), from - start, request);
}

/** Issues after which fields and `rest` together still express all bytes. */
const expressible = new Set(['trailing', 'choice', 'max']);

function explain(
  error: number | undefined,
  layout: Payload,
  raw: Uint8Array,
  start: number,
  request: Values | undefined,
): DecodedPayload {
  const bytes = raw.subarray(start);
  const { value, issues, restStart } = diagnose(layout, bytes, request);
  const { complete, hasRest, isExpressed, told } = meaningOf(layout, issues, request);
  return {
    error,
    layout,
    payload: value,
    complete,
    rest: hasRest && restStart < bytes.length ? bytes.subarray(restStart) : undefined,
    issues: told,
    raw: isExpressed ? undefined : raw,
  };
}

/** What the issues that `diagnose` gives mean for the keys of a record. */
export function meaningOf(layout: Payload, issues: readonly Issue[], request: Values | undefined) {
  const has = (code: string) => issues.some((issue) => issue.code === code);
  const lacksLayout = has('choice');
  // Without its request the reply's layout is unknown, which is no issue of the reply.
  const isUnseen = layout instanceof VariantType && request === undefined && lacksLayout;
  return {
    complete: !has('truncated') && !lacksLayout,
    /** The bytes behind the fields are `rest`, if there are any. */
    hasRest: has('trailing') || lacksLayout,
    /** The fields and the rest express all bytes. */
    isExpressed: issues.every(({ code }) => expressible.has(code)),
    /** The issues of the record. */
    told: isUnseen ? none : issues,
  };
}

function tooLarge(error: number | undefined, view: DataView, start: number, end: number): DecodedPayload {
  const expected = `at most ${decodedSizeMax} bytes to be decoded`;
  return undecoded(error, view, start, end, {
    code: 'payload_size',
    path: '',
    offset: 0,
    expected,
    actual: end - start,
  });
}

function shortReply(view: DataView, start: number, end: number): DecodedPayload {
  const issue = { code: 'truncated', path: 'error', offset: 0, expected: errorWordSize, actual: end - start };
  return undecoded(undefined, view, start, end, issue);
}

function undecoded(
  error: number | undefined,
  view: DataView,
  start: number,
  end: number,
  issue: Issue,
): DecodedPayload {
  const raw = bytesOf(view, start, end);
  return {
    error,
    layout: undefined,
    payload: undefined,
    complete: false,
    rest: undefined,
    issues: [issue],
    raw,
  };
}

function bytesOf(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start);
}
