/** One interval: [start, end) and what it carries. */
export interface Interval<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

/** Up to so many elements a loop moves faster than a splice. */
const LOOP_MAX = 64;

/** Moves the elements from an index on to another index. What lies between them then is to be overwritten. */
function moveTail<T>(list: T[], from: number, to: number): void {
  const { length } = list;
  const growth = to - from;
  if (growth === 0) return;
  if (length - from > LOOP_MAX) {
    if (growth > 0) list.splice(from, 0, ...list.slice(from, to));
    else list.splice(to, -growth);
    return;
  }
  for (let count = 0; count < growth; count++) list.push(list[from] as T);
  if (growth > 0)
    for (let index = length - 1; index >= from; index--) list[index + growth] = list[index] as T;
  else for (let index = from; index < length; index++) list[index + growth] = list[index] as T;
  for (let count = growth; count < 0; count++) list.pop();
}

/**
 * Values of address intervals that do not overlap, sorted and found by binary search. Neighbours with equal values are
 * merged, so the number of intervals does not grow with that of changes.
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
    const to = this.#behind(from, end);
    // Usually there is one, and an array literal costs a fraction of a slice.
    return to === from + 1 ? [this.#intervals[from] as Interval<T>] : this.#intervals.slice(from, to);
  }

  /** How many bytes of [start, end) have a value. */
  covered(start: number, end: number): number {
    let covered = 0;
    for (let index = this.#index(start); index < this.#intervals.length; index++) {
      const interval = this.#intervals[index] as Interval<T>;
      if (interval.start >= end) break;
      covered += Math.min(interval.end, end) - Math.max(interval.start, start);
    }
    return covered;
  }

  /** Sets [start, end) to a value; undefined removes it. */
  set(start: number, end: number, value: T | undefined): void {
    const intervals = this.#intervals;
    let from = this.#index(start);
    let to = this.#behind(from, end);
    const first = intervals[from];
    // An index of -1 would be looked up as a name.
    const last = to > 0 ? intervals[to - 1] : undefined;
    let left: Interval<T> | undefined;
    let right: Interval<T> | undefined;
    if (from < to && first !== undefined && last !== undefined) {
      if (first.start < start) left = { start: first.start, end: start, value: first.value };
      if (last.end > end)
        right = { start: end, end: last.end, value: this.#tail(last.value, end - last.start) };
    }
    // Nobody has it yet, so it is grown in place.
    let middle: { start: number; end: number; value: T } | undefined;
    if (value !== undefined) {
      middle = { start, end, value };
      const before = left ?? (from > 0 ? intervals[from - 1] : undefined);
      if (before !== undefined && before.end === start && this.#continues(before, middle)) {
        middle.start = before.start;
        middle.value = before.value;
        if (left === undefined) from--;
        left = undefined;
      }
      const behind = right ?? intervals[to];
      if (behind !== undefined && behind.start === end && this.#continues(middle, behind)) {
        middle.end = behind.end;
        if (right === undefined) to++;
        right = undefined;
      }
    }
    const count =
      (left === undefined ? 0 : 1) + (middle === undefined ? 0 : 1) + (right === undefined ? 0 : 1);
    moveTail(intervals, to, from + count);
    if (left !== undefined) intervals[from++] = left;
    if (middle !== undefined) intervals[from++] = middle;
    if (right !== undefined) intervals[from] = right;
  }

  /** Gives every interval another value, in one pass. Where all keep theirs, nothing is made. */
  replaceValues(change: (interval: Interval<T>) => T): void {
    const intervals = this.#intervals;
    const first = intervals.findIndex((interval) => change(interval) !== interval.value);
    if (first < 0) return;
    const changed = intervals.slice(0, first);
    for (let index = first; index < intervals.length; index++) {
      const interval = intervals[index] as Interval<T>;
      const value = change(interval);
      const { start, end } = interval;
      const next = value === interval.value ? interval : { start, end, value };
      const last = changed[changed.length - 1];
      if (last !== undefined && last.end === next.start && this.#continues(last, next))
        changed[changed.length - 1] = { start: last.start, end, value: last.value };
      else changed.push(next);
    }
    this.#intervals = changed;
  }

  /** All intervals, in order. */
  entries(): readonly Interval<T>[] {
    return this.#intervals;
  }

  /** First index, from one on, whose interval does not begin before `end`. */
  #behind(from: number, end: number): number {
    let to = from;
    while (to < this.#intervals.length && (this.#intervals[to] as Interval<T>).start < end) to++;
    return to;
  }

  /** First index whose interval ends behind an address. */
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
