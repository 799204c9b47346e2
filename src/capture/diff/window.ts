import type { Comparison, DiffEntry } from './entry.js';

/** How much of a capture is compared at once. */
export interface Share {
  readonly messages: number;
  readonly bytes: number;
}

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

  /** Whether there is less than a share, and more may come. */
  lacks(share: Share): boolean {
    return !this.#ended && this.length < share.messages && (this.length === 0 || this.#size < share.bytes);
  }

  /** What of two equal shares is left for the other capture: more than one if this capture ends within it. */
  left(share: Share): Share {
    const { messages, bytes } = share;
    const endsWithin = this.#ended && this.length <= messages && this.#size < bytes;
    if (!endsWithin) return share;
    return { messages: 2 * messages - this.length, bytes: 2 * bytes - this.#size };
  }

  /** Whether so many messages are all that is left of the capture. */
  isLast(count: number): boolean {
    return this.#ended && this.length === count;
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

  /**
   * The first messages, as many as a share has. Whatever came in one piece with them does not matter. Valid until the
   * next message comes.
   */
  entries({ messages, bytes }: Share): Int32Array {
    const { held } = this.#comparison;
    const last = Math.min(this.#start + messages, this.#end);
    let end = this.#start;
    for (let size = 0; end < last && (end === this.#start || size < bytes); end++) {
      size += held.memory(this.#entries[end] as number);
    }
    return this.#entries.subarray(this.#start, end);
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
