import { type ByteWriter, preparedText, putDecimal, putHexU64, putPrepared } from '../../base/byte-writer.js';
import { type AnyType, EnumType, FlagsType } from '../../wire/index.js';
import { enumName } from './json.js';
import { type Put, putNamed, writeQuoted } from './puts.js';
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
      put: putFlags(type),
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

/** Writes the text of `flagNames`. */
function putFlags({ bits }: FlagsType): Put {
  const flags = Object.entries(bits).map(([name, bit]) => ({
    bit,
    text: preparedText(`${JSON.stringify(name)},`),
  }));
  return (view, start, value) => {
    view.setUint8(start, OPEN_LIST);
    let at = start + 1;
    let rest = value;
    for (let index = 0; index < flags.length; index++) {
      const { bit, text } = flags[index] as (typeof flags)[number];
      if ((value & bit) === 0) continue;
      at = putPrepared(view, at, text);
      rest = (rest & ~bit) >>> 0;
    }
    if (rest !== 0) at = putDecimal(view, at, rest);
    else if (value !== 0) at--;
    view.setUint8(at, CLOSE_LIST);
    return at + 1;
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
