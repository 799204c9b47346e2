import {
  type ByteWriter,
  preparedText,
  putAscii,
  putDecimal,
  putHexU64,
  putPrepared,
} from '../../base/byte-writer.js';
import { formatHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { decodeText, latin1 } from '../../base/text.js';
import type { Protocol } from '../../schema/index.js';
import {
  type AnyType,
  type BytesType,
  EnumType,
  type Field,
  FlagsType,
  type Values,
} from '../../wire/index.js';
import { enumName, flagNames, isText } from './json.js';
import { type Put, putFlags, putNamed, writeQuoted } from './puts.js';

/** How numbers stand in text. */
export interface Notation {
  text(value: number | bigint): string;
  /** Writes the same text. */
  readonly put: Put;
  /** Most bytes that a text takes. */
  readonly size: number;
}

/** Roles whose numbers are printed in hex. */
export const hexRoles = new Set([
  'cap_id',
  'heap_handle',
  'hyp_error',
  'ipa',
  'mem_handle',
  'offset',
  'resource_handle',
  'size',
  'tag',
  'virq_handle',
]);

/** Number of bytes of a field that are printed. */
const shownMax = 64;

/** A scalar or byte field in its own notation: names for enums and flags, hex for addresses, sizes and handles. */
export function formatField(protocol: Protocol, field: Field, value: unknown, owner: Values): string {
  const { type, role } = field;
  if (value instanceof Uint8Array) return formatBytes(value, isText(type as BytesType, owner));
  return notationOf(protocol, type, role).text(value as number | bigint);
}

/** The notation of the numbers of a type, by what they identify. */
export function notationOf(protocol: Protocol, type: AnyType, role: string | undefined): Notation {
  if (type instanceof EnumType || type instanceof FlagsType) return namesOf(type);
  if (role === 'size') return size;
  if (type.fixedSize === 8) return hex;
  return specialsOf(protocol).get(role ?? '') ?? (hexRoles.has(role ?? '') ? hex : decimal);
}

const decimal: Notation = { text: String, put: putDecimal, size: 24 };

const hex: Notation = {
  text: (value) => (value < 0 ? String(value) : `0x${value.toString(16)}`),
  put: (view, at, low, high) => (low < 0 ? putDecimal(view, at, low) : putHexU64(view, at, high, low)),
  size: 24,
};

/** Powers of two of which each unit has one more. */
const UNIT_BITS = 10;
const units = ['KiB', 'MiB', 'GiB', 'TiB'].map((name, index) => ({
  name,
  bytes: 2 ** (UNIT_BITS * (index + 1)),
  ending: preparedText(` ${name})`),
}));

/** Hex, with the unit where it is a whole number of one: `0x1000 (4 KiB)`. */
const size: Notation = {
  text(value) {
    const unit = unitText(BigInt(value));
    return unit === undefined ? hex.text(value) : `${hex.text(value)} (${unit})`;
  },
  put(view, at, low, high) {
    const end = hex.put(view, at, low, high);
    const zeros = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
    const unit = units[Math.min(units.length, (zeros / UNIT_BITS) | 0) - 1];
    if (unit === undefined || low < 0 || (low === 0 && high === 0)) return end;
    const count = (high * 0x1_0000_0000 + low) / unit.bytes;
    // A double does not have all of the digits.
    if (count > Number.MAX_SAFE_INTEGER)
      return putAscii(view, at, size.text((BigInt(high) << 32n) | BigInt(low)));
    view.setInt16(end, 0x2820, true);
    return putPrepared(view, putDecimal(view, end + 2, count), unit.ending);
  },
  size: 56,
};

/** Zero bits behind the last one of a word that is not zero. */
function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** `4 KiB`: the largest unit of which a number of bytes is a whole number. Undefined if there is none. */
export function unitText(size: bigint): string | undefined {
  let text: string | undefined;
  for (const { name, bytes } of units) {
    const unit = BigInt(bytes);
    if (size > 0n && size % unit === 0n) text = `${size / unit} ${name}`;
  }
  return text;
}

const specials = new WeakMap<Protocol, ReadonlyMap<string, Notation>>();

/** The notations of roles some of whose values have names. */
function specialsOf(protocol: Protocol): ReadonlyMap<string, Notation> {
  let known = specials.get(protocol);
  if (known === undefined) {
    const { MEM_HANDLE_INVALID, VIRQ_ANY, VMID_HLOS, VMID_RM } = protocol.constants;
    const vmids = [VMID_HLOS, VMID_RM].map(
      (vmid) => [vmid, `${vmid} (${vmidName(protocol, vmid as number)})`] as const,
    );
    known = new Map([
      ['virq', named([[VIRQ_ANY, 'any (0xffffffff)']], decimal)],
      ['mem_handle', named([[MEM_HANDLE_INVALID, 'none (0xffffffff)']], hex)],
      // `128`, with the name where the protocol has one: `3 (HLOS)`.
      ['vmid', named(vmids, decimal)],
    ]);
    specials.set(protocol, known);
  }
  return known;
}

/** Values with names, and any other value by `other`. Protocols without such a value do not name it. */
function named(names: Iterable<readonly [number | undefined, string]>, other: Notation): Notation {
  const texts = new Map<number, string>();
  for (const [value, name] of names) if (value !== undefined) texts.set(value, name);
  return {
    text: (value) => texts.get(value as number) ?? other.text(value),
    put: putNamed(texts, other.put),
    size: Math.max(other.size, ...Array.from(texts.values(), ({ length }) => length)),
  };
}

/** `HLOS` and `RM`; other VMs have no name of their own. */
export function vmidName(protocol: Protocol, vmid: number): string | undefined {
  if (vmid === protocol.constants.VMID_HLOS) return 'HLOS';
  return vmid === protocol.constants.VMID_RM ? 'RM' : undefined;
}

const byType = new WeakMap<AnyType, Notation>();

function namesOf(type: EnumType | FlagsType): Notation {
  let notation = byType.get(type);
  if (notation === undefined) {
    notation = type instanceof EnumType ? namesOfEnum(type) : namesOfFlags(type);
    byType.set(type, notation);
  }
  return notation;
}

const UNKNOWN = preparedText(' (unknown)');

/** A number of an enum that has no name. */
const unknown: Notation = {
  text: (value) => `${value} (unknown)`,
  put: (view, at, value) => putPrepared(view, putDecimal(view, at, value), UNKNOWN),
  size: 40,
};

function namesOfEnum(type: EnumType): Notation {
  return named(
    Object.values(type.values).map((value) => [value, enumName(type, value) as string]),
    unknown,
  );
}

function namesOfFlags(type: FlagsType): Notation {
  const text = (value: number | bigint) => formatFlags(type, value as number);
  const longest = Object.keys(type.bits).reduce((sum, name) => sum + name.length + 3, 0);
  const names = putFlags(type, (name) => name, SEPARATOR, hex.put);
  const nothing = preparedText(NO_FLAG);
  const put: Put = (view, at, value, high) =>
    value === 0 ? putPrepared(view, at, nothing) : names(view, at, value, high);
  return { text, put, size: longest + 24 };
}

const NO_FLAG = '-';
const SEPARATOR = ' | ';

function formatFlags(type: FlagsType, value: number): string {
  if (value === 0) return NO_FLAG;
  return flagNames(type, value)
    .map((name) => (typeof name === 'number' ? `0x${name.toString(16)}` : name))
    .join(SEPARATOR);
}

const EMPTY = '(empty)';

function formatBytes(bytes: Uint8Array, isText: boolean): string {
  const text = isText ? decodeText(bytes) : undefined;
  if (text !== undefined) return jsonText(text);
  if (bytes.length === 0) return EMPTY;
  // A console message can be 14 KiB. --hex and --json print all of it.
  const shown = Math.min(bytes.length, shownMax);
  const hint = hasHint(bytes) ? ` ${jsonText(latin1(bytes, 0, shown))}` : '';
  return `${formatHex(bytes, 0, shown)}${hint}${moreText(bytes.length)}`;
}

/** Raw bytes are often text (console and crash messages), so the text is printed behind the hex. */
function hasHint(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  for (let index = 0; index < bytes.length && index < shownMax; index++) {
    const byte = bytes[index] as number;
    if (byte > 0x7e || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return false;
  }
  return true;
}

function moreText(length: number): string {
  return length > shownMax ? ` ... (${length} bytes)` : '';
}

/** Writes bytes of the view as {@link formatField} says them. */
export function writeBytes(
  view: DataView,
  start: number,
  length: number,
  isText: boolean,
  writer: ByteWriter,
): void {
  if (isText && writeQuoted(view, start, length, writer)) return;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
  if (isText || length === 0) {
    writer.text(formatBytes(bytes, isText));
    return;
  }
  const shown = Math.min(length, shownMax);
  writer.hex(bytes, 0, shown);
  if (hasHint(bytes)) {
    writer.text(' ');
    if (!writeQuoted(view, start, shown, writer)) writer.json(latin1(bytes, 0, shown));
  }
  if (length > shownMax) writer.text(moreText(length));
}
