import type { Filter } from '../../capture/filter/index.js';
import { MessageFields } from './message-fields.js';
import type { MessageIndex } from './message-index.js';
import { Table } from './table.js';

/** The messages that a filter lets pass, as far as they have been looked at. Rows and messages count from 0. */
export class View {
  readonly #matches = new Table({ message: Uint32Array });
  readonly #fields: MessageFields;
  #scanned = 0;
  readonly #index: MessageIndex;
  readonly #filter: Filter | undefined;

  /** Without a filter all messages pass. */
  constructor(index: MessageIndex, filter: Filter | undefined) {
    this.#index = index;
    this.#filter = filter;
    this.#fields = new MessageFields(index);
  }

  /** Rows so far. */
  get count(): number {
    return this.#filter === undefined ? this.#index.count : this.#matches.length;
  }

  /** Messages looked at so far. */
  get scanned(): number {
    return this.#filter === undefined ? this.#index.count : this.#scanned;
  }

  /** Looks at up to `limit` more messages. */
  advance(limit: number): void {
    const filter = this.#filter;
    if (filter === undefined) return;
    const end = Math.min(this.#index.count, this.#scanned + limit);
    for (let at = this.#scanned; at < end; at++) {
      if (!filter(this.#fields.of(at))) continue;
      const row = this.#matches.add();
      this.#matches.columns.message[row] = at;
    }
    this.#scanned = end;
  }

  /** The message of a row. */
  messageAt(row: number): number {
    return this.#filter === undefined ? row : (this.#matches.columns.message[row] as number);
  }

  /** The first row whose message is this one or a later one; `count` when there is none. */
  rowFrom(message: number): number {
    if (this.#filter === undefined) return Math.min(message, this.count);
    const { message: messages } = this.#matches.columns;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((messages[middle] as number) < message) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row of a message, undefined when the filter does not let it pass. */
  rowOf(message: number): number | undefined {
    const row = this.rowFrom(message);
    return row < this.count && this.messageAt(row) === message ? row : undefined;
  }

  /** The next row in a direction whose message satisfies `test`. @param row where to start, itself left out. */
  find(row: number, step: 1 | -1, test: (message: number) => boolean): number | undefined {
    for (let next = row + step; next >= 0 && next < this.count; next += step)
      if (test(this.messageAt(next))) return next;
    return undefined;
  }
}
