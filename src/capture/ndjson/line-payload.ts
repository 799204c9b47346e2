import { concatenated } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { formatHex } from '../../base/hex.js';
import { codecOf, encodePlain } from '../../codec/index.js';
import {
  formatId,
  type Message,
  MessageType,
  messageNamed,
  type Payload,
  type Protocol,
  payloadOf,
} from '../../schema/index.js';
import type { AnyType, Values } from '../../wire/index.js';
import type { GivenKeys } from '../keys/index.js';
import {
  type DecodedPayload,
  decodePayload,
  payloadFromJson,
  payloadToJson,
  refuse,
  withErrorWord,
} from '../payload/index.js';

/** The message that a line is about; `declared` is undefined for an id that no message has. */
export interface LineMessage {
  readonly id: number;
  readonly declared: Message | undefined;
}

/** Finds the message by `id` and `name`. Throws WireError when a line has neither, or they disagree. */
export function messageOf(protocol: Protocol, { name, id }: GivenKeys): LineMessage {
  const declared = name === undefined ? undefined : messageNamed(protocol, name);
  if (id === undefined)
    return declared === undefined ? refuse('name', 'name or id', undefined) : { id: declared.id, declared };
  if (declared !== undefined && declared.id !== id) return refuse('id', formatId(declared.id), id, 'id');
  return { id, declared: protocol.byId.get(id) };
}

/** The payload bytes of a line, a reply's error word included. */
export function payloadBytes(given: GivenKeys, message: Message | undefined, type: number): Uint8Array {
  const { raw, error = 0, rest = new Uint8Array(0) } = given;
  if (raw !== undefined) {
    checkAgrees(given, message, type, raw);
    return raw;
  }
  const fields = encodeFields(payloadOf(message, type, error), given.payload, rest.length > 0);
  const payload = rest.length === 0 ? fields : concatenated([fields, rest]);
  return withErrorWord(payload, type === MessageType.reply ? error : undefined);
}

function encodeFields(layout: Payload | undefined, payload: unknown, hasRest: boolean): Uint8Array {
  if (layout === undefined) {
    if (isEmpty(payload)) return new Uint8Array(0);
    return refuse('payload', 'no payload: no layout is known (use rest)', payload, 'unexpected');
  }
  // The layout of such a reply depends on its request. Unless the line has fields, all bytes are in `rest`.
  if (layout.kind === 'variant' && isEmpty(payload)) return new Uint8Array(0);
  if (payload === undefined && layout.sizeMin > 0 && !hasRest)
    return refuse('payload', layout.label || 'object', undefined);
  try {
    const value = payloadFromJson(layout, payload ?? {}) as Values;
    // Before a rest the fields may end early, which generated encoders do not know.
    return hasRest ? encodePlain(layout, value, { prefix: true }) : codecOf<AnyType>(layout).toBytes(value);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw error.within('', { path: error.path === '' ? 'payload' : `payload.${error.path}` });
  }
}

function isEmpty(payload: unknown): boolean {
  return (
    payload === undefined ||
    (typeof payload === 'object' && payload !== null && Object.keys(payload).length === 0)
  );
}

/** `raw` decides. What stands beside it must say the same, so that an edit of a field is not lost silently. */
function checkAgrees(given: GivenKeys, message: Message | undefined, type: number, raw: Uint8Array): void {
  if (given.incomplete) {
    if (given.payload !== undefined)
      refuse('payload', 'nothing beside raw of an incomplete message', given.payload, 'raw');
    return;
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const readings = requestsFor(payloadOf(message, type, 0)).map((request) =>
    decodePayload(message, type, view, 0, raw.length, request),
  );
  const check = (
    key: 'payload' | 'error' | 'rest',
    decoded: (reading: DecodedPayload) => unknown,
    stated: (reading: DecodedPayload) => unknown,
  ) => {
    if (given[key] === undefined || readings.some((reading) => same(decoded(reading), stated(reading))))
      return;
    const [first] = readings as [DecodedPayload];
    refuse(key, JSON.stringify(decoded(first)) ?? 'nothing', stated(first), 'raw');
  };
  check(
    'payload',
    ({ layout, payload }) => layout && payload && payloadToJson(layout, payload),
    // In the notation that decoding prints, whatever notation the line has.
    ({ layout }) =>
      layout === undefined ? given.payload : payloadToJson(layout, payloadFromJson(layout, given.payload)),
  );
  check(
    'error',
    ({ error }) => error,
    () => given.error,
  );
  check(
    'rest',
    ({ rest }) => rest && formatHex(rest),
    () => given.rest && formatHex(given.rest),
  );
}

/** The requests that a reply's layout can depend on; one undefined when it does not. */
function requestsFor(layout: Payload | undefined): (Values | undefined)[] {
  if (layout?.kind !== 'variant') return [undefined];
  return [undefined, ...[...layout.cases.keys()].map((value) => ({ [layout.field]: value }))];
}

/** Equality of JSON values; the order of keys does not matter. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  if (Array.isArray(a) !== Array.isArray(b) || left.length !== right.length) return false;
  return left.every(
    ([key, value]) => Object.hasOwn(b, key) && same(value, (b as Record<string, unknown>)[key]),
  );
}
