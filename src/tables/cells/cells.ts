import { ByteWriter } from '../../base/byte-writer.js';
import type { CellMemory } from './memory.js';

/** Most rows that cells hold before they are cleared. Codes of texts take two bytes. */
export const rowsMax = 50_000;

/** Bytes that the objects of a column take. */
const OVERHEAD = 500;

/** Values for which a column has room at first. There may be thousands of columns. */
const FEW = 32;

/** Which rows have a value. It is a class, so that V8 sees objects of one shape wherever rows are marked. */
export class Presence {
  /** Rows that have a value. */
  count = 0;
  /** A bit for each row, once a row has no value. There is room for all rows, so that marking one checks no size. */
  #bits = new Uint8Array(0);
  #isSparse = false;

  /** The row has a value. @returns how many rows before have one. */
  mark(row: number): number {
    const before = this.count++;
    if (this.#isSparse) this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7));
    else if (row !== before) this.#begin(row, before);
    return before;
  }

  /** A bit for each of so many rows. */
  bits(rows: number): Uint8Array {
    if (!this.#isSparse) this.#fill(this.count);
    return this.#bits.subarray(0, (rows + 7) >>> 3);
  }

  clear(): void {
    this.#bits.fill(0);
    this.count = 0;
    this.#isSparse = false;
  }

  /** A row has a value and the one before it has none. @param before number of the first rows, which all have one. */
  #begin(row: number, before: number): void {
    this.#fill(before);
    this.#bits[row >> 3] = (this.#bits[row >> 3] as number) | (1 << (row & 7));
  }

  /** The first rows, so many, have a value. */
  #fill(rows: number): void {
    this.#isSparse = true;
    if (this.#bits.length === 0) this.#bits = new Uint8Array((rowsMax >> 3) + 1);
    this.#bits.fill(0xff, 0, rows >> 3);
    this.#bits[rows >> 3] = (1 << (rows & 7)) - 1;
  }
}

/** The values of one column in consecutive rows, without those of rows that have none. */
export abstract class Cells {
  readonly presence = new Presence();
  protected readonly memory: CellMemory;

  constructor(memory: CellMemory) {
    this.memory = memory;
    memory.bytes += OVERHEAD;
  }

  /** Bytes of buffers. */
  abstract get size(): number;

  /** Rows that have a value. */
  get count(): number {
    return this.presence.count;
  }

  /** Makes room for as many rows again, without values. */
  clear(): void {
    this.presence.clear();
  }

  /** As {@link clear}, and gives the buffers back. */
  abstract release(): void;

  /** The memory is free: nothing may be put here any more. */
  drop(): void {
    this.release();
    this.memory.bytes -= OVERHEAD;
  }

  /** A larger copy. Its size doubles, so that copying takes no more time than filling. */
  protected grown<T extends Uint8Array | Uint16Array | Int32Array>(from: T): T {
    const Kind = from.constructor as new (buffer: ArrayBufferLike) => T;
    const size = Math.max(FEW * from.BYTES_PER_ELEMENT, 2 * from.byteLength);
    const to = new Kind(this.memory.take(size));
    to.set(from as never);
    this.memory.give(from.buffer);
    return to;
  }

  /** An empty array in place of one whose buffer is given back. */
  protected released<T extends Uint8Array | Uint16Array | Int32Array>(from: T): T {
    this.memory.give(from.buffer);
    return new (from.constructor as new (size: number) => T)(0);
  }
}

/** Booleans. */
export class BooleanCells extends Cells {
  values = new Uint8Array(0);

  put(row: number, value: boolean): void {
    const at = this.presence.mark(row);
    if (at >= this.values.length) this.values = this.grown(this.values);
    this.values[at] = Number(value);
  }

  get size(): number {
    return this.values.byteLength;
  }

  release(): void {
    this.clear();
    this.values = this.released(this.values);
  }
}

/** Unsigned integers of 32 bits. */
export class WordCells extends Cells {
  words = new Int32Array(0);

  put(row: number, value: number): void {
    const at = this.presence.mark(row);
    if (at >= this.words.length) this.words = this.grown(this.words);
    this.words[at] = value;
  }

  get size(): number {
    return this.words.byteLength;
  }

  release(): void {
    this.clear();
    this.words = this.released(this.words);
  }
}

/** Places of the values that came lately: a map takes several times as long. */
const SLOTS = 256;

/** Values that repeat: each different one is kept once, and rows have its number. */
export class CodeCells<V extends number | string> extends Cells {
  codes = new Uint16Array(0);
  values: V[] = [];
  readonly #codes = new Map<V, number>();
  readonly #slots: (V | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  readonly #slotCodes = new Uint16Array(SLOTS);
  readonly #textOf: (value: V) => string;

  constructor(memory: CellMemory, textOf: (value: V) => string) {
    super(memory);
    this.#textOf = textOf;
  }

  put(row: number, value: V): void {
    const at = this.presence.mark(row);
    if (at >= this.codes.length) this.codes = this.grown(this.codes);
    const slot = typeof value === 'number' ? value & (SLOTS - 1) : slotOf(value);
    if (this.#slots[slot] !== value) this.#find(value, slot);
    this.codes[at] = this.#slotCodes[slot] as number;
  }

  /** The texts of the different values. */
  get texts(): string[] {
    return this.values.map(this.#textOf);
  }

  override clear(): void {
    super.clear();
    this.values = [];
    this.#codes.clear();
    this.#slots.fill(undefined);
  }

  get size(): number {
    return this.codes.byteLength;
  }

  release(): void {
    this.clear();
    this.codes = this.released(this.codes);
  }

  #find(value: V, slot: number): void {
    let code = this.#codes.get(value);
    if (code === undefined) {
      code = this.values.push(value) - 1;
      this.#codes.set(value, code);
    }
    this.#slots[slot] = value;
    this.#slotCodes[slot] = code;
  }
}

/** The ends of names tell most of them apart. */
function slotOf(text: string): number {
  const { length } = text;
  const last = length > 3 ? text.charCodeAt(length - 1) + 5 * text.charCodeAt(length - 4) : 0;
  return (length + 7 * last) & (SLOTS - 1);
}

/** Bytes in front of each text: its length, little endian. */
const LENGTH_SIZE = 4;

/** Texts as bytes in UTF-8, one behind the other, the length in front of each. */
export class TextCells extends Cells {
  readonly writer: ByteWriter;
  #start = 0;

  constructor(memory: CellMemory) {
    super(memory);
    this.writer = new ByteWriter(0, memory);
  }

  get size(): number {
    return this.writer.bytes.length;
  }

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
    this.presence.mark(row);
    writer.view.setUint32(this.#start, writer.at - this.#start - LENGTH_SIZE, true);
  }

  /** Gives the text up, whatever of it has been written. */
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

  release(): void {
    this.clear();
    this.writer.release();
  }
}
