import { type ByteWriter, preparedText, putDecimal, putPrepared } from '../../base/byte-writer.js';
import type { FlagsType } from '../../wire/index.js';

/**
 * Writes a number at `at`, where there is room for it. A u64 comes as its words; `high` is 0 for all others.
 *
 * @returns where it ends.
 */
export type Put = (view: DataView, at: number, low: number, high: number) => number;

/** Values with names are mostly below this. */
const SMALL = 256;

/** Writes the name of a value, and any other value by `other`. */
export function putNamed(names: ReadonlyMap<number, string>, other: Put = putDecimal): Put {
  const all = new Map(Array.from(names, ([value, name]) => [value, preparedText(name)]));
  const small = Array.from({ length: SMALL }, (_, value) => all.get(value));
  return (view, at, low, high) => {
    const name = low < SMALL ? small[low] : all.get(low);
    return name === undefined ? other(view, at, low, high) : putPrepared(view, at, name);
  };
}

/**
 * Writes what `flagNames` lists: the names of the set bits, and the bits without a name by `other`.
 *
 * @param textOf how a name is written. @param separator stands between two.
 */
export function putFlags(
  { bits }: FlagsType,
  textOf: (name: string) => string,
  separator: string,
  other: Put,
): Put {
  const flags = Object.entries(bits).map(([name, bit]) => ({
    bit,
    text: preparedText(`${textOf(name)}${separator}`),
  }));
  return (view, start, value) => {
    let at = start;
    let rest = value;
    for (let index = 0; index < flags.length; index++) {
      const { bit, text } = flags[index] as (typeof flags)[number];
      if ((value & bit) === 0) continue;
      at = putPrepared(view, at, text);
      rest = (rest & ~bit) >>> 0;
    }
    if (rest !== 0) return other(view, at, rest, 0);
    return value === 0 ? at : at - separator.length;
  };
}

/** Writes bytes in quotation marks; false, and nothing written, unless all are ASCII that JSON does not escape. */
export function writeQuoted(view: DataView, start: number, length: number, writer: ByteWriter): boolean {
  writer.room(length + 2);
  const to = writer.view;
  let at = writer.at;
  to.setUint8(at++, 0x22);
  for (let from = start; from < start + length; from++) {
    const byte = view.getUint8(from);
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return false;
    to.setUint8(at++, byte);
  }
  to.setUint8(at++, 0x22);
  writer.at = at;
  return true;
}
