/** Bytes of memory that an empty buffer keeps, so that one large item does not take memory for the rest of the file. */
const KEPT_MAX = 1 << 20;

/**
 * A buffer for bytes that arrive in pieces. Its size doubles with the bytes received, so a false length field allocates
 * no memory and many small pieces cause no quadratic copying.
 */
export class GrowingBuffer {
  #data: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#data = new Uint8Array(capacity);
    this.#view = new DataView(this.#data.buffer);
  }

  /** The memory, of which bytes [0, length) are filled. It is another array after the buffer has grown. */
  get data(): Uint8Array {
    return this.#data;
  }

  /** Covers the same memory as `data`. */
  get view(): DataView {
    return this.#view;
  }

  get length(): number {
    return this.#length;
  }

  /** Empties the buffer. `data` and `view` that were taken before stay valid. */
  clear(): void {
    this.#length = 0;
    if (this.#data.length > KEPT_MAX) this.#take(new Uint8Array(0));
  }

  /** Cuts to `length` bytes, which must not be more than there are. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  push(byte: number): void {
    if (this.#length === this.#data.length) this.#grow(this.#length + 1);
    this.#data[this.#length] = byte;
    this.#length += 1;
  }

  /** Appends bytes [start, end) of `source`. No more than `most` bytes are expected in all: no memory is taken for more. */
  append(source: Uint8Array, start: number, end: number, most = Number.POSITIVE_INFINITY): void {
    const length = this.#length + end - start;
    if (length > this.#data.length) this.#grow(length, most);
    // A short copy in a loop is cheaper than making a subarray for `set` (1-byte pieces).
    if (end - start < 16) {
      for (let at = start; at < end; at += 1) this.#data[this.#length + at - start] = source[at] as number;
    } else {
      this.#data.set(source.subarray(start, end), this.#length);
    }
    this.#length = length;
  }

  #grow(length: number, most = Number.POSITIVE_INFINITY): void {
    const grown = new Uint8Array(Math.max(length, Math.min(most, this.#data.length * 2)));
    grown.set(this.#data.subarray(0, this.#length));
    this.#take(grown);
  }

  #take(data: Uint8Array): void {
    this.#data = data;
    this.#view = new DataView(data.buffer);
  }
}
