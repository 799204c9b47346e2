import type { Filter } from '../../capture/filter/index.js';
import { firstIndex } from './first-index.js';
import { MessageFields } from './message-fields.js';
import type { MessageIndex } from './message-index.js';
import { Table } from './table.js';

/** The messages that match a filter, as far as they have been tested. Rows and messages count from 0. */
export class View {
  readonly #matches = new Table({ message: Uint32Array });
  readonly #fields: MessageFields;
  #scanned = 0;
  readonly #index: MessageIndex;
  readonly #filter: Filter | undefined;

  /** Without a filter all messages match. */
  constructor(index: MessageIndex, filter: Filter | undefined) {
    this.#index = index;
    this.#filter = filter;
    this.#fields = new MessageFields(index);
  }

  get count(): number {
    return this.#filter === undefined ? this.#index.count : this.#matches.length;
  }

  get scanned(): number {
    return this.#filter === undefined ? this.#index.count : this.#scanned;
  }

  /** Tests up to `limit` more messages. */
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

  messageAt(row: number): number {
    return this.#filter === undefined ? row : (this.#matches.columns.message[row] as number);
  }

  /** The first row whose message is this one or a later one. `count` if there is none. */
  rowFrom(message: number): number {
    if (this.#filter === undefined) return Math.min(message, this.count);
    const { message: messages } = this.#matches.columns;
    return firstIndex(this.count, (row) => (messages[row] as number) >= message);
  }

  /** The row of a message. Undefined if the message does not match. */
  rowOf(message: number): number | undefined {
    const row = this.rowFrom(message);
    return row < this.count && this.messageAt(row) === message ? row : undefined;
  }

  /** The next row after `row` (before it if `step` is -1) whose message satisfies `test`. */
  find(row: number, step: 1 | -1, test: (message: number) => boolean): number | undefined {
    for (let next = row + step; next >= 0 && next < this.count; next += step)
      if (test(this.messageAt(next))) return next;
    return undefined;
  }
}
