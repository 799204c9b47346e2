import type { ByteWriter } from '../../base/byte-writer.js';
import type { Presence } from './cells.js';

/** Parquet's encodings (parquet-format, Encodings.md) of what cells hold. */

const WORD = 0x1_0000_0000;

/** Most bytes of a varint of 64 bits. */
const VARINT_SIZE = 10;

/** Writes a number from 0 to 2^53 in pieces of seven bits, the lowest first. */
function putVarint(writer: ByteWriter, value: number): void {
  writer.room(VARINT_SIZE);
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.bytes[writer.at++] = (rest % 0x80) | 0x80;
  writer.bytes[writer.at++] = rest;
}

/** Writes a signed number of 64 bits: the sign is the lowest bit. */
function putZigzag(writer: ByteWriter, value: bigint): void {
  writer.room(VARINT_SIZE);
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) writer.bytes[writer.at++] = Number(rest & 0x7fn) | 0x80;
  writer.bytes[writer.at++] = Number(rest);
}

/** Numbers of some bits side by side, the first in the lowest bits. */
class BitPacker {
  readonly #writer: ByteWriter;
  #word = 0;
  #used = 0;

  /** @param size bits that will be put: room is made for them. */
  constructor(writer: ByteWriter, size: number) {
    this.#writer = writer;
    writer.room((size >>> 3) + 4);
  }

  /** @param value below 2^width. @param width 1 to 32. */
  put(value: number, width: number): void {
    const used = this.#used;
    const word = this.#word | (value << used);
    if (used + width < 32) {
      this.#word = word;
      this.#used = used + width;
      return;
    }
    const { view, at } = this.#writer;
    view.setInt32(at, word, true);
    this.#writer.at = at + 4;
    this.#used = used + width - 32;
    this.#word = this.#used === 0 ? 0 : value >>> (32 - used);
  }

  /** Writes the bits that are left, in whole bytes. */
  end(): void {
    const { view, at } = this.#writer;
    view.setInt32(at, this.#word, true);
    this.#writer.at = at + ((this.#used + 7) >>> 3);
    this.#used = 0;
    this.#word = 0;
  }
}

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
  for (let index = 0; index < count; index++) packer.put(codes[index] as number, width);
  for (let index = count; index < 8 * groups; index++) packer.put(0, width);
  packer.end();
}

/** A bit for each value. */
export function putBooleans(writer: ByteWriter, values: Uint8Array, count: number): void {
  const packer = new BitPacker(writer, count);
  for (let index = 0; index < count; index++) packer.put(values[index] as number, 1);
  packer.end();
}

/** Words of 32 bits. */
export function putWords(writer: ByteWriter, words: Int32Array, count: number): void {
  writer.room(4 * count);
  const { view } = writer;
  for (let index = 0; index < count; index++, writer.at += 4)
    view.setInt32(writer.at, words[index] as number, true);
}

/** Words of 64 bits. */
export function putLongs(writer: ByteWriter, high: Int32Array, low: Int32Array, count: number): void {
  writer.room(8 * count);
  const { view } = writer;
  for (let index = 0; index < count; index++, writer.at += 8) {
    view.setInt32(writer.at, low[index] as number, true);
    view.setInt32(writer.at + 4, high[index] as number, true);
  }
}

/** Differences in a block, and in each of the parts of a block that have a width of their own. */
const BLOCK = 128;
const PART = 32;

/** Differences that are computed exactly, also if the smallest is subtracted from the largest. */
const DIFFERENCE_MAX = 2 ** 50;

const differences = new Float64Array(BLOCK);

/**
 * Differences between successive integers of 64 bits: numbers and times of messages mostly grow by little. False, with
 * some bytes written, where they differ by more than 2^50.
 */
export function putDifferences(
  writer: ByteWriter,
  high: Int32Array,
  low: Int32Array,
  count: number,
): boolean {
  putVarint(writer, BLOCK);
  putVarint(writer, BLOCK / PART);
  putVarint(writer, count);
  putZigzag(writer, longAt(high, low, 0));
  for (let start = 1; start < count; start += BLOCK) {
    const size = Math.min(BLOCK, count - start);
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
    putBlock(writer, least, size);
  }
  return true;
}

function putBlock(writer: ByteWriter, least: number, size: number): void {
  putVarint(writer, least < 0 ? -2 * least - 1 : 2 * least);
  differences.fill(least, size);
  writer.room(BLOCK / PART);
  const widths = writer.at;
  writer.at += BLOCK / PART;
  for (let start = 0; start < BLOCK; start += PART) {
    let most = 0;
    for (let index = start; index < start + PART; index++) {
      const above = (differences[index] as number) - least;
      differences[index] = above;
      if (above > most) most = above;
    }
    const width = most < WORD ? 32 - Math.clz32(most) : 64 - Math.clz32(most / WORD);
    writer.bytes[widths + start / PART] = width;
    if (start < size && width > 0) putPart(writer, start, width);
  }
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

/** The signed integer whose halves these are. */
export function longAt(high: Int32Array, low: Int32Array, index: number): bigint {
  return (BigInt(high[index] as number) << 32n) | BigInt((low[index] as number) >>> 0);
}

/** The least and the greatest, signed. There must be one. */
export function rangeOf(high: Int32Array, low: Int32Array, count: number): [least: bigint, most: bigint] {
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
  return [longAt(high, low, least), longAt(high, low, most)];
}
