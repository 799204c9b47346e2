import type { DiffEntry } from './entry.js';

/** Bytes that a window holds at most, of more than one message. */
const SIZE_MAX = 8 << 20;

/** The next messages of a capture, of which a limited number is in memory. */
export class Window {
  #entries: DiffEntry[] = [];
  /** Entries before this have been dropped. They are taken out of the array from time to time. */
  #start = 0;
  #size = 0;
  #ended = false;

  get length(): number {
    return this.#entries.length - this.#start;
  }

  /** The first message, undefined when the window is empty. */
  get first(): DiffEntry | undefined {
    return this.#entries[this.#start];
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
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#size += entry.size;
    }
  }

  /** The capture has ended. */
  end(): void {
    this.#ended = true;
  }

  /** The first messages, at most `size`. */
  entries(size: number): readonly DiffEntry[] {
    return this.#entries.slice(this.#start, this.#start + size);
  }

  drop(count: number): void {
    for (let index = 0; index < count; index++)
      this.#size -= (this.#entries[this.#start + index] as DiffEntry).size;
    this.#start += count;
    if (2 * this.#start < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#start);
    this.#start = 0;
  }
}
