import type { ByteWriter } from '../../base/byte-writer.js';
import { BitPacker, putVarint, putZigzag } from './bits.js';
import type { LongCells } from './long-cells.js';

const WORD = 0x1_0000_0000;

/** Differences in a block, and in each of the parts of a block that have a width of their own. */
const BLOCK = 128;
const PART = 32;

/** Differences that are computed exactly, also if the smallest is subtracted from the largest. */
const DIFFERENCE_MAX = 2 ** 50;

const differences = new Float64Array(BLOCK);
const smallDifferences = new Int32Array(BLOCK);

/**
 * Differences between successive integers of 64 bits, of which there must be one: numbers and times of messages mostly
 * grow by little. Parquet's DELTA_BINARY_PACKED (parquet-format, Encodings.md). False, with some bytes written, where they
 * differ by more than 2^50.
 */
export function putDifferences(writer: ByteWriter, cells: LongCells): boolean {
  const { count } = cells;
  putVarint(writer, BLOCK);
  putVarint(writer, BLOCK / PART);
  putVarint(writer, count);
  putZigzag(writer, cells.at(0));
  for (let start = 1; start < count; start += BLOCK) {
    const size = Math.min(BLOCK, count - start);
    if (!cells.isWide) putSmallBlock(writer, cells.low, start, size);
    else if (!putBlock(writer, cells, start, size)) return false;
  }
  return true;
}

function putBlock(writer: ByteWriter, { high, low }: LongCells, start: number, size: number): boolean {
  let least = DIFFERENCE_MAX;
  let most = -DIFFERENCE_MAX;
  for (let index = 0; index < size; index++) {
    const at = start + index;
    const difference =
      ((high[at] as number) - (high[at - 1] as number)) * WORD +
      (((low[at] as number) >>> 0) - ((low[at - 1] as number) >>> 0));
    differences[index] = difference;
    if (difference < least) least = difference;
    if (difference > most) most = difference;
  }
  if (least < -DIFFERENCE_MAX || most > DIFFERENCE_MAX) return false;
  differences.fill(least, size);
  const widths = beginBlock(writer, least);
  for (let part = 0; part < size; part += PART) {
    let largest = 0;
    for (let index = part; index < part + PART; index++) {
      const above = (differences[index] as number) - least;
      differences[index] = above;
      if (above > largest) largest = above;
    }
    const width = largest < WORD ? 32 - Math.clz32(largest) : 64 - Math.clz32(largest / WORD);
    writer.bytes[widths + part / PART] = width;
    if (width > 0) putPart(writer, part, width);
  }
  return true;
}

function putPart(writer: ByteWriter, start: number, width: number): void {
  const packer = new BitPacker(writer, PART * width);
  for (let index = start; index < start + PART; index++) {
    const value = differences[index] as number;
    if (width <= 32) packer.put(value, width);
    else {
      packer.put(value, 32);
      packer.put(value / WORD, width - 32);
    }
  }
  packer.end();
}

/** As {@link putBlock} for values from 0 to 2^31 - 1, in words without floating point. */
function putSmallBlock(writer: ByteWriter, low: Int32Array, start: number, size: number): void {
  let before = low[start - 1] as number;
  let least = ((low[start] as number) - before) | 0;
  let most = least;
  for (let index = 0; index < size; index++) {
    const value = low[start + index] as number;
    const difference = (value - before) | 0;
    before = value;
    smallDifferences[index] = difference;
    if (difference < least) least = difference;
    if (difference > most) most = difference;
  }
  smallDifferences.fill(least, size);
  const widths = beginBlock(writer, least);
  if (least === most) return;
  for (let part = 0; part < size; part += PART) {
    let bits = 0;
    for (let index = part; index < part + PART; index++) {
      const above = ((smallDifferences[index] as number) - least) | 0;
      smallDifferences[index] = above;
      bits |= above;
    }
    const width = 32 - Math.clz32(bits);
    writer.bytes[widths + part / PART] = width;
    if (width === 0) continue;
    const packer = new BitPacker(writer, PART * width);
    packer.putAll(smallDifferences, part, part + PART, width);
    packer.end();
  }
}

/** Writes what is in front of a block's differences. @returns where the widths of its parts are, which are 0. */
function beginBlock(writer: ByteWriter, least: number): number {
  putVarint(writer, least < 0 ? -2 * least - 1 : 2 * least);
  writer.room(BLOCK / PART);
  const widths = writer.at;
  writer.at += BLOCK / PART;
  writer.bytes.fill(0, widths, writer.at);
  return widths;
}
