/** One interval: [start, end) and what it carries. */
export interface Interval<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

/**
 * Values over address intervals that do not overlap, sorted, found by binary search. Neighbours with equal
 * values are merged, so the number of intervals follows the number of borders, not of changes.
 */
export class IntervalMap<T> {
  #intervals: Interval<T>[] = [];
  /** Whether the value of the right interval continues that of the left one, which ends where it starts. */
  readonly #continues: (left: Interval<T>, right: Interval<T>) => boolean;
  /** Value of the part of an interval that begins `offset` bytes behind its start. */
  readonly #tail: (value: T, offset: number) => T;

  constructor(
    continues: (left: Interval<T>, right: Interval<T>) => boolean,
    tail: (value: T, offset: number) => T = (value) => value,
  ) {
    this.#continues = continues;
    this.#tail = tail;
  }

  /** The interval that holds an address. */
  at(address: number): Interval<T> | undefined {
    const interval = this.#intervals[this.#index(address)];
    return interval !== undefined && interval.start <= address ? interval : undefined;
  }

  /** The intervals that have a part in [start, end), whole, in order. */
  overlapping(start: number, end: number): readonly Interval<T>[] {
    const from = this.#index(start);
    let to = from;
    while (to < this.#intervals.length && (this.#intervals[to] as Interval<T>).start < end) to++;
    return this.#intervals.slice(from, to);
  }

  /** Sets [start, end) to a value; undefined removes it. */
  set(start: number, end: number, value: T | undefined): void {
    const from = this.#index(start);
    let to = from;
    const parts: Interval<T>[] = [];
    let right: Interval<T> | undefined;
    while (to < this.#intervals.length && (this.#intervals[to] as Interval<T>).start < end) {
      const old = this.#intervals[to] as Interval<T>;
      if (old.start < start) parts.push({ start: old.start, end: start, value: old.value });
      if (old.end > end) right = { start: end, end: old.end, value: this.#tail(old.value, end - old.start) };
      to++;
    }
    if (value !== undefined) parts.push({ start, end, value });
    if (right !== undefined) parts.push(right);
    const before = parts[0]?.start === start ? this.#intervals[from - 1] : undefined;
    const behind = parts.length > 0 && right === undefined ? this.#intervals[to] : undefined;
    const merged: Interval<T>[] = before === undefined ? [] : [before];
    for (const part of behind === undefined ? parts : [...parts, behind]) this.#append(merged, part);
    const first = before === undefined ? from : from - 1;
    const count = to - from + (before === undefined ? 0 : 1) + (behind === undefined ? 0 : 1);
    this.#intervals.splice(first, count, ...merged);
  }

  /** Gives every interval another value, in one pass. */
  replaceValues(change: (interval: Interval<T>) => T): void {
    const changed: Interval<T>[] = [];
    for (const interval of this.#intervals) this.#append(changed, { ...interval, value: change(interval) });
    this.#intervals = changed;
  }

  /** All intervals, in order. */
  entries(): readonly Interval<T>[] {
    return this.#intervals;
  }

  /** Adds an interval behind the last one of a list, as its continuation where it is one. */
  #append(list: Interval<T>[], interval: Interval<T>): void {
    const last = list[list.length - 1];
    if (last !== undefined && last.end === interval.start && this.#continues(last, interval))
      list[list.length - 1] = { start: last.start, end: interval.end, value: last.value };
    else list.push(interval);
  }

  #index(address: number): number {
    let low = 0;
    let high = this.#intervals.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#intervals[middle] as Interval<T>).end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
