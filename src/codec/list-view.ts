import { UsageError } from '../base/error.js';

/** A list in the bytes of a message. Nothing is made of its entries before they are asked for. */
export interface ListView<E> extends Iterable<E> {
  readonly length: number;
  /**
   * An entry. For structs it is one object, which every call and every step of an iteration moves to another entry.
   * Throws UsageError unless the index is from 0 to length - 1.
   */
  item(index: number): E;
}

/** Where a list of entries that differ in size lies. */
interface Place {
  /** Which message of the accessor it is in. */
  readonly message: number;
  readonly bytes: Uint8Array;
  /** Offset of the first entry. */
  readonly start: number;
}

/** What generated lists have in common. */
export abstract class BytesList implements ListView<unknown> {
  /** If entries differ in size: the offsets of the first `#known` of them, in the message with that number. */
  readonly #starts: number[] = [];
  #known = 0;
  #message = 0;

  abstract readonly length: number;
  abstract item(index: number): unknown;

  *[Symbol.iterator](): Iterator<unknown> {
    for (let index = 0; index < this.length; index++) yield this.item(index);
  }

  /** The offset of an entry, where entries differ in size: goes through those in front of it, each once. */
  startOf(
    index: number,
    { message, bytes, start }: Place,
    end: (bytes: Uint8Array, at: number) => number,
  ): number {
    const starts = this.#starts;
    if (message !== this.#message || this.#known === 0) {
      this.#message = message;
      starts[0] = start;
      this.#known = 1;
    }
    for (; this.#known <= index; this.#known++)
      starts[this.#known] = end(bytes, starts[this.#known - 1] as number);
    return starts[index] as number;
  }
}

/** Throws UsageError unless an entry has the index. */
export function checkIndex(index: number, length: number): void {
  if (Number.isInteger(index) && index >= 0 && index < length) return;
  throw new UsageError({
    code: 'index',
    path: '',
    expected: length === 0 ? 'no index, the list is empty' : `0..${length - 1}`,
    actual: index,
  });
}
