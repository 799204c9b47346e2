import { type ByteWriter, putDecimal, putHexU64 } from '../../base/byte-writer.js';
import { type AnyType, EnumType, FlagsType } from '../../wire/index.js';
import { enumName } from './json.js';
import { type Put, putFlags, putNamed, writeQuoted } from './puts.js';
import { bytesText } from './text.js';

/** What writes the numbers of a type as JSON, and the most bytes that it writes. */
export interface JsonPut {
  readonly put: Put;
  readonly size: number;
}

export function jsonPutOf(type: AnyType): JsonPut {
  if (type instanceof EnumType) return { put: putEnum(type), size: 24 + longest(type.values) };
  if (type instanceof FlagsType)
    return {
      put: putFlagList(type),
      size: 24 + Object.keys(type.bits).reduce((sum, name) => sum + name.length + 3, 0),
    };
  return { put: type.fixedSize === 8 ? putQuotedHex : putDecimal, size: 24 };
}

function longest(names: Readonly<Record<string, number>>): number {
  return Math.max(0, ...Object.keys(names).map(({ length }) => length));
}

function putEnum(type: EnumType): Put {
  const values = Object.values(type.values);
  return putNamed(new Map(values.map((value) => [value, JSON.stringify(enumName(type, value))])));
}

function putFlagList(type: FlagsType): Put {
  const names = putFlags(type, JSON.stringify, ',', putDecimal);
  return (view, at, value, high) => {
    view.setUint8(at, OPEN_LIST);
    const end = names(view, at + 1, value, high);
    view.setUint8(end, CLOSE_LIST);
    return end + 1;
  };
}

const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const QUOTE = 0x22;

function putQuotedHex(view: DataView, at: number, low: number, high: number): number {
  view.setUint8(at, QUOTE);
  const end = putHexU64(view, at + 1, high, low);
  view.setUint8(end, QUOTE);
  return end + 1;
}

/** Writes bytes of the view as JSON. */
export function putBytes(
  view: DataView,
  start: number,
  length: number,
  isText: boolean,
  writer: ByteWriter,
): void {
  if (isText && writeQuoted(view, start, length, writer)) return;
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
  if (isText) writer.text(bytesText(bytes));
  else {
    writer.text('"');
    writer.hex(bytes, 0, length);
    writer.text('"');
  }
}
