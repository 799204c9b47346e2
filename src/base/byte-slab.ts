/**
 * Bytes of one array that copies are parts of. One that somebody keeps holds all of the array, so it is small: some 50 queue
 * messages.
 */
const SLAB_SIZE = 4096;
/** Longer ones get arrays of their own. */
const SHARED_MAX = 256;

/** Makes copies of short pieces of bytes. To make an array for each takes longer than to copy the bytes. */
export class ByteSlab {
  #slab = new Uint8Array(0);
  #used = 0;

  /** The bytes [start, end) as an array that nobody else changes. */
  copy(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const size = end - start;
    if (size > SHARED_MAX) return bytes.slice(start, end);
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_SIZE);
      this.#used = 0;
    }
    const slab = this.#slab;
    const at = this.#used;
    for (let index = 0; index < size; index++) slab[at + index] = bytes[start + index] as number;
    this.#used = at + size;
    return slab.subarray(at, at + size);
  }
}
