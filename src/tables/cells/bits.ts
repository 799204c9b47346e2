import type { ByteWriter } from '../../base/byte-writer.js';

/** Most bytes of a varint of 64 bits. */
const VARINT_SIZE = 10;

/** Writes a number from 0 to 2^53 in pieces of seven bits, the lowest first. */
export function putVarint(writer: ByteWriter, value: number): void {
  writer.room(VARINT_SIZE);
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.bytes[writer.at++] = (rest % 0x80) | 0x80;
  writer.bytes[writer.at++] = rest;
}

/** Writes a signed number of 64 bits: the sign is the lowest bit. */
export function putZigzag(writer: ByteWriter, value: bigint): void {
  writer.room(VARINT_SIZE);
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; rest >= 0x80n; rest >>= 7n) writer.bytes[writer.at++] = Number(rest & 0x7fn) | 0x80;
  writer.bytes[writer.at++] = Number(rest);
}

/** Numbers of some bits side by side, the first in the lowest bits. */
export class BitPacker {
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

  /** As {@link put} of each value. What is kept between two values stays in registers. */
  putAll(values: Int32Array | Uint16Array | Uint8Array, start: number, end: number, width: number): void {
    const { view } = this.#writer;
    let { at } = this.#writer;
    let word = this.#word;
    let used = this.#used;
    for (let index = start; index < end; index++) {
      const value = values[index] as number;
      word |= value << used;
      used += width;
      if (used < 32) continue;
      view.setInt32(at, word, true);
      at += 4;
      used -= 32;
      word = used === 0 ? 0 : value >>> (width - used);
    }
    this.#writer.at = at;
    this.#word = word;
    this.#used = used;
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
