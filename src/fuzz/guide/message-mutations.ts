import { limits, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { annotate, codecOf, type Range } from '../../codec/index.js';
import { encodeMessage } from '../../rpc/index.js';
import { MessageType, type Payload, payloadOf } from '../../schema/index.js';
import { headerOf } from '../../target/index.js';
import { type AnyType, type Field, ListType, StructType, type Values } from '../../wire/index.js';
import type { Comparison } from './comparisons.js';

/** Values at the borders of integers. */
const BORDERS: readonly bigint[] = [
  ...[0n, 1n, 2n, 3n, 4n, 7n, 8n, 15n, 16n, 31n, 32n, 63n, 64n, 127n, 128n, 255n, 256n, 0xfffn, 0x1000n],
  ...[0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn],
  ...[0x7fffffffffffffffn, 0x8000000000000000n, 0xfffffffffffff000n, 0xffffffffffffffffn],
];
/** Share of changed fields that get a constant that the target has compared something with, 0..1. */
const COMPARED_SHARE = 0.5;
/** Places of one value in bytes. */
const PLACES_MAX = 4;
/** Longer texts are made shorter, others longer by less than so many bytes. */
const LONGER_MAX = 256;
/** Longer lists are not doubled, and do not get another entry. */
const DOUBLED_MAX = 64;
const LIST_MAX = 200;

/** Bytes [start, end) of a queue message hold other values now, or are gone. */
export interface ChangedFrame {
  readonly frame: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Bytes [start, start + width) of a queue message that hold what a constant was compared with. */
export interface Match {
  readonly start: number;
  readonly width: number;
  readonly constant: number;
}

/** Fields, and places in bytes, that hold what constants were compared with; a list for each comparison. */
export function matchesIn(
  frame: Uint8Array,
  comparisons: readonly Comparison[],
): readonly (readonly Match[])[] {
  const layout = layoutOf(frame);
  const ranges = layout === undefined ? [] : annotate(layout, frame.subarray(limits.header)).ranges;
  return comparisons.map(({ constant, value }) =>
    value < 0 ? [] : ranges.flatMap((range) => matchesOf(frame, range, constant, BigInt(value))),
  );
}

function matchesOf(frame: Uint8Array, range: Range, constant: number, value: bigint): Match[] {
  const size = range.end - range.start;
  const width = isNumber(range) ? size : widthOf(constant);
  if (size < width || widthOf(constant) > width) return [];
  const matches: Match[] = [];
  const first = limits.header + range.start;
  const last = isNumber(range) ? first : limits.header + range.end - width;
  for (let start = first; start <= last && matches.length < PLACES_MAX; start++)
    if (read(frame, start, width) === value) matches.push({ start, width, constant });
  return matches;
}

/** With the constant, or a number beside it, in its place. */
export function withMatch(frame: Uint8Array, { start, width, constant }: Match, beside = 0): ChangedFrame {
  const changed = frame.slice();
  write(changed, start, width, BigInt(constant) + BigInt(beside));
  return { frame: changed, start, end: start + width };
}

/** Another value in one field of the layout; undefined where there is none. */
export function changeField(
  frame: Uint8Array,
  random: Random,
  comparisons: readonly Comparison[],
): ChangedFrame | undefined {
  const layout = layoutOf(frame);
  if (layout === undefined) return undefined;
  const compared =
    comparisons.length > 0 && random.chance(COMPARED_SHARE) ? any(random, comparisons) : undefined;
  if (compared !== undefined) {
    const [matches = []] = matchesIn(frame, [compared]);
    if (matches.length > 0) return withMatch(frame, any(random, matches), besides(random));
  }
  const { ranges } = annotate(layout, frame.subarray(limits.header));
  // Of bytes as many as the value has, at their start or anywhere.
  const wanted = compared === undefined ? 1 << random.below(4) : widthOf(compared.constant);
  const wide = ranges.filter(({ start, end }) => end - start >= wanted);
  const fitting = compared === undefined || wide.length === 0 ? ranges : wide;
  const range = fitting[random.below(fitting.length)];
  if (range === undefined) return undefined;
  const size = range.end - range.start;
  const width = isNumber(range) ? size : Math.min(size, wanted);
  const inside = random.chance(0.5) ? 0 : random.below(size - width + 1);
  const start = limits.header + range.start + inside;
  if (compared !== undefined)
    return withMatch(frame, { start, width, constant: compared.constant }, besides(random));
  const changed = frame.slice();
  write(changed, start, width, newValue(read(frame, start, width), width, random));
  return { frame: changed, start, end: start + width };
}

/** Seldom another number than 0. */
function besides(random: Random): number {
  return random.chance(0.3) ? random.below(3) - 1 : 0;
}

function isNumber({ start, end, value }: Range): boolean {
  return end - start <= 8 && !(value instanceof Uint8Array);
}

/**
 * A list or a text of another length. The message is encoded anew, so that counts and lengths fit.
 *
 * @returns its queue messages, undefined for a message that is not whole, and for one without lists and texts.
 */
export function changeLength(frame: Uint8Array, random: Random): readonly Uint8Array[] | undefined {
  const header = headerOf(frame);
  const layout = layoutOf(frame);
  const message = header && protocol.byId.get(header.msg_id);
  if (header?.type !== MessageType.request || header.fragments > 0 || message === undefined) return undefined;
  if (!(layout instanceof StructType)) return undefined;
  const payload = codecOf(layout).tryDecode(viewOf(frame), limits.header, frame.length) as Values | undefined;
  const fields = layout.fields.filter(({ type }) => type.kind === 'list' || type.lengthFrom !== undefined);
  const field = fields[random.below(fields.length)];
  if (payload === undefined || field === undefined) return undefined;
  const changed = changedValue(field, payload, layout, random);
  if (changed === undefined) return undefined;
  // The length follows from the bytes when it is left out.
  const { [field.type.lengthFrom ?? '']: _length, ...others } = payload;
  return encodeMessage(protocol, message, 'request', {
    seq: header.seq,
    payload: { ...others, [field.name]: changed } as never,
  });
}

function changedValue({ name, type, presence }: Field, payload: Values, layout: StructType, random: Random) {
  const value = payload[name];
  if (type instanceof ListType) {
    if (value === undefined && presence?.when !== undefined) return undefined;
    const entry = type.entryType(payload);
    return changedList((value as readonly unknown[] | undefined) ?? [], entry, payload, layout, random);
  }
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const length = layout.fields.find((field) => field.name === type.lengthFrom)?.type;
  return bytes instanceof Uint8Array
    ? changedBytes(bytes, 256 ** (length?.fixedSize ?? 1) - 1, random)
    : undefined;
}

function changedList(
  list: readonly unknown[],
  type: AnyType | undefined,
  payload: Values,
  layout: StructType,
  random: Random,
): readonly unknown[] | undefined {
  const at = random.below(list.length + 1);
  const kind = random.below(4);
  if (kind === 0 && list.length > 0) return list.filter((_, index) => index !== at);
  if (kind === 1 && list.length > 0 && list.length <= DOUBLED_MAX) return [...list, ...list];
  if (kind === 2 && list.length > 0 && list.length <= LIST_MAX)
    return [...list.slice(0, at), list[random.below(list.length)], ...list.slice(at)];
  if (!(type instanceof StructType) || list.length > LIST_MAX) return undefined;
  return [...list.slice(0, at), newEntry(type, payload, layout, random), ...list.slice(at)];
}

/** An entry of zeros, but with ids that the message has elsewhere. */
function newEntry(type: StructType, payload: Values, layout: StructType, random: Random): Values | undefined {
  const zeros = new DataView(new ArrayBuffer(type.sizeMin));
  const entry = codecOf(type).tryDecode(zeros, 0, type.sizeMin) as Values | undefined;
  const ids = type.fields.flatMap(({ name, role }) => {
    const known = role === undefined ? [] : valuesOf(role, layout, payload);
    return known.length === 0 ? [] : [[name, known[random.below(known.length)]] as const];
  });
  return entry && { ...entry, ...Object.fromEntries(ids) };
}

/** Values of all fields with a role, those in lists included. */
function valuesOf(role: string, layout: StructType, payload: Values): unknown[] {
  return layout.fields.flatMap(({ name, role: own, type }) => {
    const value = payload[name];
    if (own === role && value !== undefined) return [value];
    const entry = type instanceof ListType ? type.entryType(payload) : undefined;
    if (!(entry instanceof StructType) || !Array.isArray(value)) return [];
    return value.flatMap((one: Values) => valuesOf(role, entry, one));
  });
}

/** Shorter, or longer by bytes of any value. @param most bytes that the field of the length can say. */
function changedBytes(bytes: Uint8Array, most: number, random: Random): Uint8Array {
  const isShorter = bytes.length > LONGER_MAX || random.chance(0.3);
  const longer = Math.min(most, bytes.length + random.below(LONGER_MAX));
  const size = isShorter ? random.below(bytes.length + 1) : longer;
  const changed = new Uint8Array(size);
  changed.set(bytes.subarray(0, size));
  for (let at = bytes.length; at < size; at++) changed[at] = random.below(256);
  return changed;
}

/** Cut, or longer by bytes of any value: no longer what its layout says. */
export function changeSize(frame: Uint8Array, random: Random): ChangedFrame {
  const { header, queue_message: sizeMax } = limits;
  const most = random.chance(0.5) ? Math.max(1, frame.length - header) : sizeMax - header + 1;
  const size = header + random.below(most);
  const changed = new Uint8Array(size);
  changed.set(frame.subarray(0, size));
  for (let at = frame.length; at < size; at++) changed[at] = random.below(256);
  return { frame: changed, start: size, end: Number.POSITIVE_INFINITY };
}

/** Where the fields of a queue message are, by their path; from its header. */
export function offsetsOf(frame: Uint8Array): ReadonlyMap<string, number> {
  const layout = layoutOf(frame);
  const ranges = layout === undefined ? [] : annotate(layout, frame.subarray(limits.header)).ranges;
  return new Map(
    ranges.flatMap(({ mark, path, start }) => (mark === 'field' ? [[path, start + limits.header]] : [])),
  );
}

function layoutOf(frame: Uint8Array): Payload | undefined {
  const header = headerOf(frame);
  return header && payloadOf(protocol.byId.get(header.msg_id), header.type);
}

/** Bytes of the smallest integer that holds a value. */
function widthOf(value: number): number {
  if (value < 2 ** 16) return value < 2 ** 8 ? 1 : 2;
  return value < 2 ** 32 ? 4 : 8;
}

function newValue(before: bigint, size: number, random: Random): bigint {
  const kind = random.below(5);
  if (kind < 2) return any(random, BORDERS);
  if (kind === 2) return before + BigInt(random.below(9) - 4);
  if (kind === 3) return before ^ (1n << BigInt(random.below(8 * size)));
  return (BigInt(random.u32()) << 32n) | BigInt(random.u32());
}

function any<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

function read(bytes: Uint8Array, start: number, size: number): bigint {
  let value = 0n;
  for (let at = start + size - 1; at >= start; at--) value = (value << 8n) | BigInt(bytes[at] as number);
  return value;
}

function write(bytes: Uint8Array, start: number, size: number, value: bigint): void {
  for (let index = 0; index < size; index++)
    bytes[start + index] = Number((value >> BigInt(8 * index)) & 0xffn);
}
