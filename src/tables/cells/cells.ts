import { ByteWriter } from '../../base/byte-writer.js';

/** Most rows that cells hold before they are cleared. Codes of texts take two bytes. */
export const rowsMax = 50_000;

/** Bytes that the cells of several tables take. */
export class CellMemory {
  bytes = 0;
}

/** Values for which a column has room at first. There may be thousands of columns. */
const FEW = 32;

/** The values of one column in consecutive rows, without those of rows that have none. */
export abstract class Cells {
  /** A bit for each row up to the last that has a value: whether it has one. */
  present = new Uint8Array(FEW / 8);
  /** Rows that have a value. */
  count = 0;
  readonly memory: CellMemory;
  #bytes = 0;

  constructor(memory: CellMemory) {
    this.memory = memory;
    this.took(this.present.length);
  }

  /** Makes room for as many rows again, without values. */
  clear(): void {
    this.present.fill(0);
    this.count = 0;
  }

  /** Bytes of memory. */
  get size(): number {
    return this.#bytes;
  }

  /** The memory is free: nothing may be put here any more. */
  drop(): void {
    this.took(-this.#bytes);
  }

  /** The row has a value. */
  protected mark(row: number): void {
    const at = row >> 3;
    if (at >= this.present.length) this.present = this.grown(this.present, at + 1);
    this.present[at] = (this.present[at] as number) | (1 << (row & 7));
    this.count++;
  }

  /** A larger copy. Its size doubles, so that copying takes no more time than filling. */
  protected grown<T extends Uint8Array | Uint16Array | Int32Array>(from: T, size: number): T {
    const Kind = from.constructor as new (size: number) => T;
    const to = new Kind(Math.max(size, 2 * from.length));
    to.set(from as never);
    this.took(to.byteLength - from.byteLength);
    return to;
  }

  protected took(bytes: number): void {
    this.#bytes += bytes;
    this.memory.bytes += bytes;
  }
}

/** Booleans. */
export class BooleanCells extends Cells {
  values = new Uint8Array(0);

  put(row: number, value: boolean): void {
    const at = this.count;
    this.mark(row);
    if (at >= this.values.length) this.values = this.grown(this.values, FEW);
    this.values[at] = Number(value);
  }
}

/** Unsigned integers of 32 bits. */
export class WordCells extends Cells {
  words = new Int32Array(0);

  put(row: number, value: number): void {
    const at = this.count;
    this.mark(row);
    if (at >= this.words.length) this.words = this.grown(this.words, FEW);
    this.words[at] = value;
  }
}

const WORD = 0x1_0000_0000;

/** Integers of 64 bits as halves: no bigint is made of them. */
export class LongCells extends Cells {
  high = new Int32Array(0);
  low = new Int32Array(0);

  /** @param value an integer that a number can hold exactly. */
  put(row: number, value: number): void {
    this.halves(row, value >= 0 && value < WORD ? 0 : Math.floor(value / WORD), value);
  }

  /** @param low modulo 2^32. */
  halves(row: number, high: number, low: number): void {
    const at = this.count;
    this.mark(row);
    if (at >= this.high.length) {
      this.high = this.grown(this.high, FEW);
      this.low = this.grown(this.low, FEW);
    }
    this.high[at] = high;
    this.low[at] = low;
  }

  /** @param value modulo 2^64. */
  bigint(row: number, value: bigint): void {
    this.halves(row, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asUintN(32, value)));
  }
}

/** Numbers below this are found without a map. */
const SMALL = 256;

/** Values that repeat: each different one is kept once, and rows have its number. */
export class CodeCells<V> extends Cells {
  codes = new Uint16Array(0);
  values: V[] = [];
  readonly #codes = new Map<V, number>();
  readonly #small = new Int32Array(SMALL).fill(-1);
  #latest: V | undefined;
  #latestCode = 0;
  readonly #textOf: (value: V) => string;

  constructor(memory: CellMemory, textOf: (value: V) => string) {
    super(memory);
    this.#textOf = textOf;
    this.took(this.#small.byteLength);
  }

  put(row: number, value: V): void {
    const at = this.count;
    this.mark(row);
    if (at >= this.codes.length) this.codes = this.grown(this.codes, FEW);
    if (value !== this.#latest || at === 0) {
      this.#latestCode = this.#codeOf(value);
      this.#latest = value;
    }
    this.codes[at] = this.#latestCode;
  }

  /** The texts of the different values. */
  get texts(): string[] {
    return this.values.map(this.#textOf);
  }

  override clear(): void {
    super.clear();
    this.values = [];
    this.#codes.clear();
    this.#small.fill(-1);
  }

  #codeOf(value: V): number {
    const isSmall = typeof value === 'number' && value >= 0 && value < SMALL;
    const known = isSmall ? (this.#small[value] as number) : (this.#codes.get(value) ?? -1);
    if (known >= 0) return known;
    const code = this.values.push(value) - 1;
    if (isSmall) this.#small[value] = code;
    else this.#codes.set(value, code);
    return code;
  }
}

/** Bytes in front of each text: its length, little endian. */
const LENGTH_SIZE = 4;

/** Texts as bytes in UTF-8, one behind the other, the length in front of each. */
export class TextCells extends Cells {
  readonly writer = new ByteWriter(FEW);
  #start = 0;
  #capacity = this.writer.bytes.length;

  /** Where the bytes of the next text go: call {@link close} behind it, or {@link cancel}. */
  open(): ByteWriter {
    const { writer } = this;
    this.#start = writer.at;
    writer.room(LENGTH_SIZE);
    writer.at += LENGTH_SIZE;
    return writer;
  }

  close(row: number): void {
    const { writer } = this;
    this.mark(row);
    writer.view.setUint32(this.#start, writer.at - this.#start - LENGTH_SIZE, true);
    if (writer.bytes.length === this.#capacity) return;
    this.took(writer.bytes.length - this.#capacity);
    this.#capacity = writer.bytes.length;
  }

  /** There is no text, whatever of it has been written. */
  cancel(): void {
    this.writer.at = this.#start;
  }

  put(row: number, text: string): void {
    this.open().text(text);
    this.close(row);
  }

  override clear(): void {
    super.clear();
    this.writer.at = 0;
  }
}
