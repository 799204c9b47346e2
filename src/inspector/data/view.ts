import type { Filter } from '../../capture/filter/index.js';
import { firstIndex } from './first-index.js';
import { MessageFields } from './message-fields.js';
import type { MessageIndex } from './message-index.js';
import type { Sorting } from './sorting.js';
import { Table } from './table.js';

/**
 * The messages that match a filter, as far as they have been tested, in the order of the file or of a column. Rows and
 * messages count from 0.
 */
export class View {
  readonly #matches = new Table({ message: Uint32Array });
  readonly #fields: MessageFields;
  #scanned = 0;
  #sorting: Sorting | undefined;
  /** Matches that stand in the order of `#sorting`. */
  #sorted = 0;
  /** For the first rows the place of their message among the matches. Rows behind it are in the order of the file. */
  #order = new Uint32Array(0);
  /** The row of each of these places. Made when it is asked for. */
  #rows: Uint32Array | undefined;
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

  /** From now on rows are in this order. Until {@link advanceSorting} has come to the end they stay as they are. */
  sortBy(sorting: Sorting | undefined): void {
    this.#sorting = sorting;
    this.#sorted = 0;
    if (sorting === undefined) this.#setOrder(new Uint32Array(0));
  }

  /** Messages whose place in the order is not known yet. */
  get unsorted(): number {
    return this.#sorting === undefined ? 0 : this.count - this.#sorted;
  }

  /** Share of the matches that the sorting has looked at, 0..1. */
  get sortedShare(): number {
    return this.#sorting === undefined ? 1 : this.#sorting.count / Math.max(1, this.count);
  }

  /** Looks at up to `limit` more messages for the order. Returns whether the rows have a new order now. */
  advanceSorting(limit: number): boolean {
    const sorting = this.#sorting;
    if (sorting === undefined || this.unsorted === 0) return false;
    const end = Math.min(this.count, sorting.count + limit);
    while (sorting.count < end) sorting.add(this.#matchAt(sorting.count));
    if (end < this.count) return false;
    this.#setOrder(sorting.order());
    this.#sorted = sorting.count;
    return true;
  }

  messageAt(row: number): number {
    return this.#matchAt(row < this.#order.length ? (this.#order[row] as number) : row);
  }

  /** The row of a message. Undefined if the message does not match. */
  rowOf(message: number): number | undefined {
    const place =
      this.#filter === undefined
        ? message
        : firstIndex(this.count, (match) => this.#matchAt(match) >= message);
    if (place >= this.count || this.#matchAt(place) !== message) return undefined;
    return place < this.#order.length ? this.#rowOfPlace(place) : place;
  }

  #matchAt(place: number): number {
    return this.#filter === undefined ? place : (this.#matches.columns.message[place] as number);
  }

  #setOrder(order: Uint32Array<ArrayBuffer>): void {
    this.#order = order;
    this.#rows = undefined;
  }

  #rowOfPlace(place: number): number {
    if (this.#rows === undefined) {
      this.#rows = new Uint32Array(this.#order.length);
      for (let row = 0; row < this.#order.length; row++) this.#rows[this.#order[row] as number] = row;
    }
    return this.#rows[place] as number;
  }
}
