import { WireError } from '../../base/error.js';
import { formatHex } from '../../base/hex.js';
import { encodePlain } from '../../codec/index.js';
import {
  formatId,
  type Message,
  MessageType,
  type Payload,
  type Protocol,
  payloadOf,
} from '../../schema/index.js';
import { type Values, VariantType } from '../../wire/index.js';
import { decodePayload, errorWordSize, payloadFromJson, payloadToJson } from '../payload/index.js';
import { hexOf, type Line, refuse } from './line.js';
import { errorJson } from './writer.js';

/** The message that a line's `id` and `name` speak of. Throws WireError when they are absent, unknown or disagree. */
export function messageOf(protocol: Protocol, line: Line): { id: number; message: Message | undefined } {
  const { name, id } = line;
  const named = typeof name === 'string' ? protocol.byName.get(name) : undefined;
  if (name !== undefined && named === undefined) return refuse('name', 'the name of a message', name, 'name');
  if (id === undefined)
    return named === undefined ? refuse('name', 'name or id', undefined) : { id: named.id, message: named };
  const number = typeof id === 'string' && /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(id) ? Number(id) : id;
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0xffffffff) {
    return refuse('id', '0x00000000..0xffffffff', id);
  }
  if (named !== undefined && named.id !== number) return refuse('id', formatId(named.id), id, 'id');
  return { id: number, message: protocol.byId.get(number) };
}

/** The payload bytes of a line, a reply's error word included. */
export function payloadBytes(
  protocol: Protocol,
  line: Line,
  message: Message | undefined,
  type: number,
): Uint8Array {
  const raw = hexOf(line, 'raw');
  if (raw !== undefined) {
    checkAgrees(protocol, line, message, type, raw);
    return raw;
  }
  const rest = hexOf(line, 'rest') ?? new Uint8Array(0);
  const error = type === MessageType.reply ? errorOf(protocol, line) : 0;
  const layout = payloadOf(message, type, error);
  const fields = encodeFields(layout, line, rest.length > 0);
  const word = type === MessageType.reply ? errorWordSize : 0;
  const bytes = new Uint8Array(word + fields.length + rest.length);
  if (word > 0) new DataView(bytes.buffer).setUint32(0, error, true);
  bytes.set(fields, word);
  bytes.set(rest, word + fields.length);
  return bytes;
}

function encodeFields(layout: Payload | undefined, line: Line, hasRest: boolean): Uint8Array {
  if (layout === undefined) {
    if (isEmpty(line.payload)) return new Uint8Array(0);
    return refuse('payload', 'no payload: no layout is known (use rest)', line.payload, 'unexpected');
  }
  // What a reply's layout is may be known only from its request; its bytes are then all in `rest`, if there are any.
  if (layout instanceof VariantType && isEmpty(line.payload)) return new Uint8Array(0);
  const empty = layout.sizeMin === 0 || hasRest;
  if (line.payload === undefined && !empty) return refuse('payload', layout.label || 'object', undefined);
  try {
    const value = payloadFromJson(layout, line.payload ?? {});
    return encodePlain(layout, value, { prefix: hasRest });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new WireError({ ...issueOf(error), path: error.path === '' ? 'payload' : `payload.${error.path}` });
  }
}

function issueOf({ code, offset, expected, actual }: WireError) {
  return { code, offset, expected, actual };
}

function isEmpty(payload: unknown): boolean {
  return (
    payload === undefined ||
    (typeof payload === 'object' && payload !== null && Object.keys(payload).length === 0)
  );
}

/** The error word of a reply: a name, a number, or OK when the line does not say. */
function errorOf(protocol: Protocol, { error }: Line): number {
  if (error === undefined) return 0;
  const code = typeof error === 'string' ? payloadFromJson(protocol.error, error, 'error') : error;
  if (typeof code !== 'number' || !Number.isInteger(code) || code < 0 || code > 0xffffffff) {
    return refuse('error', 'the name or number of an error', error);
  }
  return code;
}

/** `raw` decides; fields beside it must be what it decodes to, so that an edit of them is not lost silently. */
function checkAgrees(
  protocol: Protocol,
  line: Line,
  message: Message | undefined,
  type: number,
  raw: Uint8Array,
): void {
  if (line.incomplete === true) {
    if (line.payload !== undefined)
      refuse('payload', 'nothing beside raw of an incomplete message', line.payload, 'raw');
    return;
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const readings = requestsFor(payloadOf(message, type, 0)).map((request) =>
    decodePayload(message, type, view, 0, raw.length, request),
  );
  for (const [key, given] of Object.entries({ payload: line.payload, error: line.error, rest: line.rest })) {
    if (given === undefined) continue;
    const decoded = readings.map((reading) => {
      if (key === 'error')
        return reading.error === undefined ? undefined : JSON.parse(errorJson(protocol, reading.error));
      if (key === 'rest') return reading.rest && formatHex(reading.rest);
      return reading.layout && reading.payload && payloadToJson(reading.layout, reading.payload);
    });
    const usual =
      key === 'payload' ? readings.map(({ layout }) => layout && usualForm(layout, given)) : [given];
    if (!decoded.some((value, index) => same(value, usual[index] ?? usual[0] ?? given))) {
      refuse(key, JSON.stringify(decoded[0]) ?? 'nothing', given, 'raw');
    }
  }
}

/** A payload in the notation that decoding prints, whatever notation it was written in. */
function usualForm(layout: Payload, payload: unknown): unknown {
  return payloadToJson(layout, payloadFromJson(layout, payload));
}

/** The requests that a reply's layout can depend on; one undefined when it does not. */
function requestsFor(layout: Payload | undefined): (Values | undefined)[] {
  if (!(layout instanceof VariantType)) return [undefined];
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
