import type { DiffEntry } from './entry.js';

/** Characters of compared text that a window holds at most, of more than one message. */
const TEXT_MAX = 8 << 20;

/** The next messages of a capture, of which a limited number is in memory. */
export class Window {
  readonly #source: Iterator<DiffEntry>;
  #entries: DiffEntry[] = [];
  /** Entries before this have been dropped. They are taken out of the array from time to time. */
  #start = 0;
  #textSize = 0;
  #ended = false;

  constructor(source: Iterable<DiffEntry>) {
    this.#source = source[Symbol.iterator]();
  }

  get length(): number {
    return this.#entries.length - this.#start;
  }

  /** Whether the window holds all that is left of the capture. */
  get isLast(): boolean {
    return this.#ended;
  }

  /** The first message, undefined at the end of the capture. */
  get first(): DiffEntry | undefined {
    if (this.length === 0) this.fill(1);
    return this.#entries[this.#start];
  }

  /** Reads on until there are `size` messages, the texts take too much, or the capture ends. */
  fill(size: number): void {
    while (!this.#ended && this.length < size && (this.length === 0 || this.#textSize < TEXT_MAX)) {
      const { done, value } = this.#source.next();
      if (done === true) this.#ended = true;
      else {
        this.#entries.push(value);
        this.#textSize += value.content.length;
      }
    }
  }

  /** What the window holds. The array is another one after the next {@link drop}. */
  entries(): readonly DiffEntry[] {
    if (this.#start > 0) this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
    return this.#entries;
  }

  drop(count: number): void {
    for (let index = 0; index < count; index++)
      this.#textSize -= (this.#entries[this.#start + index] as DiffEntry).content.length;
    this.#start += count;
    if (2 * this.#start > this.#entries.length) this.entries();
  }
}
