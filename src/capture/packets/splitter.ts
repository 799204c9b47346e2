import { plainBytes } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { GrowingBuffer } from './growing-buffer.js';

/** A binary file format that is a sequence of items, each telling its own size in its first bytes. */
export interface ItemFormat {
  /**
   * Size in bytes of the item at `at`, of which `available` bytes are there. If they are too few to tell, returns the
   * number of bytes needed to tell, which is more than `available`. Throws WireError.
   */
  sizeOf(view: DataView, at: number, available: number, offset: number): number;
  /** Takes the complete item [start, end) which begins at byte `offset` of the file. Throws WireError. */
  take(data: Uint8Array, view: DataView, start: number, end: number, offset: number): void;
  /**
   * Takes the items in [at, end) that are complete and of the usual kind, up to the first that is not. `sizeOf` and `take`
   * would do the same, one by one, and look at each more closely.
   *
   * @returns the end of the last one taken.
   */
  takeUsual?(data: Uint8Array, view: DataView, at: number, end: number): number;
  /** Name for the path of an error about the item at `at`, of which `available` bytes are there. */
  nameOf(view: DataView, at: number, available: number): string;
}

/** Where a splitter has come to, so that another one goes on from there. It can be sent to other threads. */
export interface SplitterState {
  readonly offset: number;
  readonly needed: number;
  /** The beginning of the item that was cut. */
  readonly pending: Uint8Array;
}

/**
 * Cuts a byte stream into the items of a format. An item within one chunk is passed on without copying. Only an item that
 * spans chunks is copied, once.
 */
export class Splitter {
  readonly #format: ItemFormat;
  readonly #pending = new GrowingBuffer();
  /** Bytes that the item in #pending needs before it can be looked at again. */
  #needed = 0;
  /** Offset in the file of the next item, or of the one in #pending. */
  #offset = 0;

  constructor(format: ItemFormat, state?: SplitterState) {
    this.#format = format;
    if (state === undefined) return;
    const { offset, needed, pending } = state;
    this.#offset = offset;
    this.#needed = needed;
    this.#pending.append(pending, 0, pending.length, needed);
  }

  get state(): SplitterState {
    const { data, length } = this.#pending;
    return { offset: this.#offset, needed: this.#needed, pending: data.slice(0, length) };
  }

  push(chunk: Uint8Array): void {
    const at = this.#completePending(chunk);
    if (at < chunk.length) this.#takeAll(plainBytes(chunk), at);
  }

  /** Throws WireError `truncated`, with the offset of the item, when the input ends inside one. */
  end(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    throw new WireError({
      code: 'truncated',
      path: this.#format.nameOf(pending.view, 0, pending.length),
      offset: this.#offset,
      expected: this.#needed,
      actual: pending.length,
    });
  }

  /** Returns how many bytes of the chunk went into the pending item. */
  #completePending(chunk: Uint8Array): number {
    const pending = this.#pending;
    let at = 0;
    while (pending.length > 0) {
      const end = Math.min(chunk.length, at + this.#needed - pending.length);
      pending.append(chunk, at, end, this.#needed);
      at = end;
      if (pending.length < this.#needed) break;
      const size = this.#format.sizeOf(pending.view, 0, pending.length, this.#offset);
      if (size > pending.length) {
        this.#needed = size;
        continue;
      }
      const { data, view } = pending;
      pending.clear();
      this.#format.take(data, view, 0, size, this.#offset);
      this.#offset += size;
    }
    return at;
  }

  #takeAll(chunk: Uint8Array, from: number): void {
    const format = this.#format;
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = from;
    while (at < chunk.length) {
      if (format.takeUsual !== undefined) {
        const next = format.takeUsual(chunk, view, at, chunk.length);
        this.#offset += next - at;
        at = next;
        if (at === chunk.length) return;
      }
      const available = chunk.length - at;
      const size = format.sizeOf(view, at, available, this.#offset);
      if (size > available) {
        this.#needed = size;
        this.#pending.append(chunk, at, chunk.length);
        return;
      }
      format.take(chunk, view, at, at + size, this.#offset);
      at += size;
      this.#offset += size;
    }
  }
}
