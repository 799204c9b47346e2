import { Cells } from './cells.js';

const WORD = 0x1_0000_0000;
/** The first integer above those of 64 bits with a sign. */
const SIGNED_END = 2 ** 63;

/** The largest of the values that need no upper half, and whose differences are words with a sign. */
const SMALL_MAX = 0x7fff_ffff;

/**
 * Integers of 64 bits as halves: no bigint is made of them. Most columns have values of few bits alone, which are stored,
 * compared and subtracted as one word.
 */
export class LongCells extends Cells {
  /** Whether there may be other values than 0 to 2^31 - 1. */
  isWide = false;
  /** Upper halves, if `isWide`. */
  high: Int32Array = new Int32Array(0);
  low: Int32Array = new Int32Array(0);

  /** @param value an integer. One that 64 bits with a sign do not hold is left out. */
  put(row: number, value: number): void {
    if ((value & SMALL_MAX) === value && !this.isWide) this.#small(row, value);
    else if (value >= 0 && value < WORD) this.halves(row, 0, value);
    else if (value >= -SIGNED_END && value < SIGNED_END) this.halves(row, Math.floor(value / WORD), value);
  }

  /** @param low modulo 2^32. */
  halves(row: number, high: number, low: number): void {
    if (!this.isWide) {
      if (high === 0 && (low & SMALL_MAX) === low) {
        this.#small(row, low);
        return;
      }
      this.#widen();
    }
    const at = this.presence.mark(row);
    if (at >= this.low.length) {
      this.high = this.grown(this.high);
      this.low = this.grown(this.low);
    }
    this.high[at] = high;
    this.low[at] = low;
  }

  /** @param value modulo 2^64. */
  bigint(row: number, value: bigint): void {
    this.halves(row, Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asUintN(32, value)));
  }

  /** The signed integer at a place among the values. */
  at(index: number): bigint {
    const high = this.isWide ? (this.high[index] as number) : 0;
    return (BigInt(high) << 32n) | BigInt((this.low[index] as number) >>> 0);
  }

  get size(): number {
    return this.high.byteLength + this.low.byteLength;
  }

  release(): void {
    this.clear();
    this.isWide = false;
    this.high = this.released(this.high);
    this.low = this.released(this.low);
  }

  #small(row: number, value: number): void {
    const at = this.presence.mark(row);
    if (at >= this.low.length) this.low = this.grown(this.low);
    this.low[at] = value;
  }

  /** From now on values have upper halves. Those of a column that has some stay when it is cleared. */
  #widen(): void {
    this.isWide = true;
    const { byteLength } = this.low;
    if (byteLength === 0) return;
    this.high = new Int32Array(this.memory.take(byteLength));
    this.high.fill(0, 0, this.count);
  }
}
