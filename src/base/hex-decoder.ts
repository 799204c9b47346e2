/** Size in bytes of the arrays that results are parts of. */
const SLAB_SIZE = 1 << 16;
const NO_DIGIT = -1;

const digitValues = Int8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? NO_DIGIT : value;
});

/** Reads hex text that is there as bytes, without strings between. */
export class HexDecoder {
  #slab = new Uint8Array(SLAB_SIZE);
  #used = 0;

  /**
   * The bytes of the hex text [start, end); undefined unless it consists of pairs of hex digits. They are part of a larger
   * array which is never written again, because allocating an array for each takes longer than filling it.
   */
  decode(text: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const size = (end - start) >> 1;
    if (2 * size !== end - start) return undefined;
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(size, SLAB_SIZE));
      this.#used = 0;
    }
    const slab = this.#slab;
    const first = this.#used;
    for (let at = start, to = first; at < end; at += 2, to++) {
      const high = digitValues[text[at] as number] as number;
      const low = digitValues[text[at + 1] as number] as number;
      // The sign bit of either is set where that is no digit.
      if ((high | low) < 0) return undefined;
      slab[to] = (high << 4) | low;
    }
    this.#used += size;
    return slab.subarray(first, this.#used);
  }
}
