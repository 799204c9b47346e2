import type { Comparison, DiffEntry } from './entry.js';

/** Bytes that a window holds at most, of more than one message. */
const SIZE_MAX = 8 << 20;

/** The next messages of a capture, of which a limited number is in memory. */
export class Window {
  readonly #comparison: Comparison;
  #entries = new Int32Array(1 << 10);
  /** The messages are those in [start, end). */
  #start = 0;
  #end = 0;
  /** Bytes. */
  #size = 0;
  #ended = false;

  constructor(comparison: Comparison) {
    this.#comparison = comparison;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** The first message, undefined when the window is empty. */
  get first(): DiffEntry | undefined {
    return this.#start === this.#end ? undefined : this.#entries[this.#start];
  }

  /** Whether the first `size` messages are all that is left of the capture. */
  isLast(size: number): boolean {
    return this.#ended && this.length <= size;
  }

  /** Whether there are less than `size` messages, they leave room, and more may come. */
  lacks(size: number): boolean {
    return !this.#ended && this.length < size && (this.length === 0 || this.#size < SIZE_MAX);
  }

  push(entries: readonly DiffEntry[]): void {
    this.#room(entries.length);
    for (const entry of entries) {
      this.#entries[this.#end++] = entry;
      this.#size += this.#comparison.held.memory(entry);
    }
  }

  /** The capture has ended. */
  end(): void {
    this.#ended = true;
  }

  /** The first messages, at most `size`. Valid until the next message comes. */
  entries(size: number): Int32Array {
    return this.#entries.subarray(this.#start, Math.min(this.#start + size, this.#end));
  }

  drop(count: number): void {
    for (const last = this.#start + count; this.#start < last; this.#start++) {
      const entry = this.#entries[this.#start] as number;
      this.#size -= this.#comparison.held.memory(entry);
      this.#comparison.release(entry);
    }
  }

  #room(count: number): void {
    if (this.#end + count <= this.#entries.length) return;
    const { length } = this;
    const entries =
      2 * (length + count) <= this.#entries.length
        ? this.#entries
        : new Int32Array(2 * (this.#entries.length + count));
    entries.set(this.#entries.subarray(this.#start, this.#end));
    this.#entries = entries;
    this.#start = 0;
    this.#end = length;
  }
}
