import {
  type ByteWriter,
  type PreparedText,
  preparedText,
  putDecimal,
  putPrepared,
} from '../../base/byte-writer.js';

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

/** Texts that are kept of the values of one type. */
const KEPT_MAX = 256;

/** Writes texts that take long to make, of values that repeat. */
export function putKept(textOf: (value: number) => string): Put {
  const texts = new Map<number, PreparedText>();
  return (view, at, value) => {
    let text = texts.get(value);
    if (text === undefined) {
      text = preparedText(textOf(value));
      if (texts.size < KEPT_MAX) texts.set(value, text);
    }
    return putPrepared(view, at, text);
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
