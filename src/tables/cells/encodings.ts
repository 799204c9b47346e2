import type { ByteWriter } from '../../base/byte-writer.js';
import { BitPacker, putVarint } from './bits.js';
import type { Presence } from './cells.js';
import type { LongCells } from './long-cells.js';

/** Parquet's encodings (parquet-format, Encodings.md) of what cells hold. */

/** Definition levels: whether each row has a value. */
export function putLevels(writer: ByteWriter, presence: Presence, rows: number): void {
  const { count } = presence;
  if (count === 0 || count === rows) {
    putVarint(writer, 2 * rows);
    putVarint(writer, count === 0 ? 0 : 1);
    return;
  }
  const bits = presence.bits(rows);
  putVarint(writer, 2 * bits.length + 1);
  writer.copy(bits);
}

/** Places in a dictionary of so many values. */
export function putCodes(writer: ByteWriter, codes: Uint16Array, count: number, values: number): void {
  const width = values <= 1 ? 0 : 32 - Math.clz32(values - 1);
  putVarint(writer, width);
  if (width === 0) {
    putVarint(writer, 2 * count);
    return;
  }
  const groups = (count + 7) >>> 3;
  putVarint(writer, 2 * groups + 1);
  const packer = new BitPacker(writer, 8 * groups * width);
  packer.putAll(codes, 0, count, width);
  for (let index = count; index < 8 * groups; index++) packer.put(0, width);
  packer.end();
}

/** A bit for each value. */
export function putBooleans(writer: ByteWriter, values: Uint8Array, count: number): void {
  const packer = new BitPacker(writer, count);
  packer.putAll(values, 0, count, 1);
  packer.end();
}

/** Words of 32 bits. */
export function putWords(writer: ByteWriter, words: Int32Array, count: number): void {
  writer.room(4 * count);
  const { view } = writer;
  let { at } = writer;
  for (let index = 0; index < count; index++, at += 4) view.setInt32(at, words[index] as number, true);
  writer.at = at;
}

/** Words of 64 bits. */
export function putLongs(writer: ByteWriter, { isWide, high, low, count }: LongCells): void {
  writer.room(8 * count);
  const { view } = writer;
  let { at } = writer;
  for (let index = 0; index < count; index++, at += 8) {
    view.setInt32(at, low[index] as number, true);
    view.setInt32(at + 4, isWide ? (high[index] as number) : 0, true);
  }
  writer.at = at;
}

/** The least and the greatest, signed. There must be one. */
export function rangeOf(cells: LongCells): [least: bigint, most: bigint] {
  const { low, count } = cells;
  if (cells.isWide) return rangeOfWide(cells);
  let least = low[0] as number;
  let most = least;
  for (let index = 1; index < count; index++) {
    const value = low[index] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [BigInt(least), BigInt(most)];
}

function rangeOfWide(cells: LongCells): [least: bigint, most: bigint] {
  const { high, low, count } = cells;
  let least = 0;
  let most = 0;
  let [leastHigh, leastLow] = [high[0] as number, (low[0] as number) >>> 0];
  let [mostHigh, mostLow] = [leastHigh, leastLow];
  for (let index = 1; index < count; index++) {
    const upper = high[index] as number;
    const lower = (low[index] as number) >>> 0;
    if (upper < leastHigh || (upper === leastHigh && lower < leastLow)) {
      least = index;
      leastHigh = upper;
      leastLow = lower;
    } else if (upper > mostHigh || (upper === mostHigh && lower > mostLow)) {
      most = index;
      mostHigh = upper;
      mostLow = lower;
    }
  }
  return [cells.at(least), cells.at(most)];
}
