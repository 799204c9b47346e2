import type { Column } from './columns.js';
import { radixOrder } from './radix-order.js';

/** What a view is sorted by. */
export interface SortKey {
  /** Name of a column. */
  readonly column: string;
  readonly descending: boolean;
}

/** Longest part of a cell that is compared, in characters. */
const comparedMax = 200;

const byNumbersInText = new Intl.Collator('en', { numeric: true }).compare;

/** Collects what messages are sorted by, and gives their order. Messages are added in the order of the file. */
export class Sorting {
  /** The number of each message; of a column of texts the place of its text in `#texts`, which is NaN when empty. */
  #values = new Float64Array(1024);
  #count = 0;
  readonly #texts: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #placeOfCode = new Map<number, number>();
  readonly #column: Column;
  readonly #descending: boolean;

  constructor(column: Column, descending: boolean) {
    this.#column = column;
    this.#descending = descending;
  }

  /** Messages that have been added. */
  get count(): number {
    return this.#count;
  }

  add(message: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(2 * this.#count);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = this.#valueOf(message);
  }

  /** Places of the added messages in their new order. Equal ones stay in the order of the file, empty cells come last. */
  order(): Uint32Array<ArrayBuffer> {
    const values = this.#values.slice(0, this.#count);
    if (this.#column.number === undefined) {
      const ranks = this.#ranks();
      for (let at = 0; at < values.length; at++) values[at] = ranks[values[at] as number] ?? Number.NaN;
    }
    return radixOrder(values, this.#descending);
  }

  #valueOf(message: number): number {
    const { number, code } = this.#column;
    if (number !== undefined) return number(message);
    if (code === undefined) return this.#placeOf(this.#column.cell(message));
    const own = code(message);
    let place = this.#placeOfCode.get(own);
    if (place === undefined) {
      place = this.#placeOf(this.#column.cell(message));
      this.#placeOfCode.set(own, place);
    }
    return place;
  }

  #placeOf(cell: string): number {
    if (cell === '') return Number.NaN;
    const text = cell.slice(0, comparedMax);
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#texts.push(text) - 1;
      this.#places.set(text, place);
    }
    return place;
  }

  /** For each text its place among all texts in their order. */
  #ranks(): Uint32Array {
    const places = this.#texts.map((_, place) => place);
    places.sort((a, b) => byNumbersInText(this.#texts[a] as string, this.#texts[b] as string));
    const ranks = new Uint32Array(places.length);
    for (const [rank, place] of places.entries()) ranks[place] = rank;
    return ranks;
  }
}
