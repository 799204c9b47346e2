/** Room for so many words at first. */
const CAPACITY = 1 << 13;

/**
 * The payloads of messages, as words of one array. Each takes a power of two of words, so that one that comes later
 * finds room where one of its size has been.
 */
export class PayloadWords {
  #words = new Int32Array(CAPACITY);
  /** Covers `#words`. */
  #view = new DataView(this.#words.buffer);
  /** Free places: entry n lists those of two to the power of n words. */
  readonly #free: number[][] = [];
  #end = 0;

  /** Another array when room for one more payload was made. */
  get words(): Int32Array {
    return this.#words;
  }

  get view(): DataView {
    return this.#view;
  }

  /**
   * Makes room for a payload of `size` bytes, above 0. The bytes behind it, up to a whole word, are 0.
   *
   * @returns index of its first word.
   */
  add(size: number): number {
    const exponent = exponentOf(size);
    const start = this.#free[exponent]?.pop() ?? this.#another(exponent);
    this.#words[start + ((size - 1) >> 2)] = 0;
    return start;
  }

  /** The payload of `size` bytes is not needed any more. */
  release(start: number, size: number): void {
    const exponent = exponentOf(size);
    for (let more = this.#free.length; more <= exponent; more++) this.#free.push([]);
    this.#free[exponent]?.push(start);
  }

  #another(exponent: number): number {
    const start = this.#end;
    this.#end += 2 ** exponent;
    if (this.#end > this.#words.length) {
      const words = new Int32Array(2 * Math.max(this.#words.length, 2 ** exponent));
      words.set(this.#words);
      this.#words = words;
      this.#view = new DataView(words.buffer);
    }
    return start;
  }
}

/** The exponent of the smallest power of two of words that hold so many bytes. */
function exponentOf(size: number): number {
  return 32 - Math.clz32((size - 1) >> 2);
}
