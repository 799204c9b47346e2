/** One interval: [start, end) and what it carries. */
export interface Interval<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

/** A block with more intervals is cut in two. */
const BLOCK_MAX = 128;

/** Moves the elements from an index on to another index. What lies between them then is to be overwritten. */
function moveTail<T>(list: T[], from: number, to: number): void {
  const { length } = list;
  const growth = to - from;
  if (growth === 0) return;
  for (let count = 0; count < growth; count++) list.push(list[from] as T);
  if (growth > 0)
    for (let index = length - 1; index >= from; index--) list[index + growth] = list[index] as T;
  else for (let index = from; index < length; index++) list[index + growth] = list[index] as T;
  for (let count = growth; count < 0; count++) list.pop();
}

/** First index whose interval ends behind an address. */
function indexIn(block: readonly Interval<unknown>[], address: number): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((block[middle] as Interval<unknown>).end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index, from one on, whose interval does not begin before `end`. */
function behindIn(block: readonly Interval<unknown>[], from: number, end: number): number {
  let to = from;
  while (to < block.length && (block[to] as Interval<unknown>).start < end) to++;
  return to;
}

/**
 * Values of address intervals that do not overlap, sorted and found by binary search. Neighbours with equal values are
 * merged, so the number of intervals does not grow with that of changes. A change moves the intervals of a few blocks
 * only, however many there are.
 */
export class IntervalMap<T> {
  /** The intervals in order. Only a single block may be empty. */
  #blocks: Interval<T>[][] = [[]];
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

  get isEmpty(): boolean {
    return (this.#blocks[0] as Interval<T>[]).length === 0;
  }

  /** The interval that holds an address. */
  at(address: number): Interval<T> | undefined {
    const block = this.#blocks[this.#blockOf(address)] as Interval<T>[];
    const interval = block[indexIn(block, address)];
    return interval !== undefined && interval.start <= address ? interval : undefined;
  }

  /** The intervals that have a part in [start, end), whole, in order. */
  overlapping(start: number, end: number): readonly Interval<T>[] {
    let at = this.#blockOf(start);
    let block = this.#blocks[at] as Interval<T>[];
    const from = indexIn(block, start);
    let to = behindIn(block, from, end);
    // Usually there is one, and an array literal costs a fraction of a slice.
    const found = to === from + 1 ? [block[from] as Interval<T>] : block.slice(from, to);
    while (to === block.length && ++at < this.#blocks.length) {
      block = this.#blocks[at] as Interval<T>[];
      to = behindIn(block, 0, end);
      for (let index = 0; index < to; index++) found.push(block[index] as Interval<T>);
    }
    return found;
  }

  /** How many bytes of [start, end) have a value. */
  covered(start: number, end: number): number {
    let covered = 0;
    for (let at = this.#blockOf(start); at < this.#blocks.length; at++) {
      const block = this.#blocks[at] as Interval<T>[];
      for (let index = indexIn(block, start); index < block.length; index++) {
        const interval = block[index] as Interval<T>;
        if (interval.start >= end) return covered;
        covered += Math.min(interval.end, end) - Math.max(interval.start, start);
      }
    }
    return covered;
  }

  /** Sets [start, end) to a value; undefined removes it. */
  set(start: number, end: number, value: T | undefined): void {
    let at = this.#blockOf(start);
    let intervals = this.#blocks[at] as Interval<T>[];
    let from = indexIn(intervals, start);
    let to = behindIn(intervals, from, end);
    if (this.#blocks.length > 1 && this.#reachesOut(at, from, to, start, end)) {
      at = this.#join(at, end);
      intervals = this.#blocks[at] as Interval<T>[];
      from = indexIn(intervals, start);
      to = behindIn(intervals, from, end);
    }
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
    if (intervals.length > BLOCK_MAX || (intervals.length === 0 && this.#blocks.length > 1)) this.#cut(at);
  }

  /** Asks once for the value of every interval, in order. Where all keep theirs, nothing is made. */
  replaceValues(change: (interval: Interval<T>) => T): void {
    let same = 0;
    let changed: Interval<T>[] | undefined;
    for (const block of this.#blocks)
      for (const interval of block) {
        const { start, end } = interval;
        const value = change(interval);
        const isSame = value === interval.value;
        if (changed === undefined && isSame) {
          same++;
          continue;
        }
        changed ??= this.entries().slice(0, same);
        const next = isSame ? interval : { start, end, value };
        const last = changed[changed.length - 1];
        if (last !== undefined && last.end === start && this.#continues(last, next))
          changed[changed.length - 1] = { start: last.start, end, value: last.value };
        else changed.push(next);
      }
    if (changed !== undefined) this.#blocks = cutIn(changed);
  }

  /** All intervals, in order. */
  entries(): readonly Interval<T>[] {
    const { length } = this.#blocks;
    return length === 1 ? (this.#blocks[0] as Interval<T>[]) : joined(this.#blocks);
  }

  /** First block whose last interval ends behind an address; the last block when there is none. */
  #blockOf(address: number): number {
    const blocks = this.#blocks;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = blocks[middle] as Interval<T>[];
      if ((block[block.length - 1] as Interval<T>).end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Whether [start, end) touches intervals of other blocks than that of `at`, where it is [from, to). */
  #reachesOut(at: number, from: number, to: number, start: number, end: number): boolean {
    const { length } = this.#blocks[at] as Interval<T>[];
    const next = to === length ? this.#blocks[at + 1]?.[0] : undefined;
    if (next !== undefined && next.start <= end) return true;
    return from === 0 && this.#blocks[at - 1]?.at(-1)?.end === start;
  }

  /** Makes one block of a block, the one before it and those up to the first that begins at `end` or behind. */
  #join(at: number, end: number): number {
    const blocks = this.#blocks;
    const first = Math.max(at - 1, 0);
    let behind = at + 1;
    while (behind < blocks.length) {
      const [begins] = blocks[behind++] as Interval<T>[];
      if ((begins as Interval<T>).start >= end) break;
    }
    blocks.splice(first, behind - first, joined(blocks.slice(first, behind)));
    return first;
  }

  /** Brings a block back to its size. */
  #cut(at: number): void {
    const block = this.#blocks[at] as Interval<T>[];
    if (block.length === 0) this.#blocks.splice(at, 1);
    else this.#blocks.splice(at, 1, ...cutIn(block));
  }
}

/** A loop, because `flat` takes some fifty times as long in V8. */
function joined<T>(blocks: readonly (readonly T[])[]): T[] {
  const all: T[] = [];
  for (const block of blocks) for (const item of block) all.push(item);
  return all;
}

/** Blocks of the size of a half, so that each has room to grow. At least one. */
function cutIn<T>(intervals: Interval<T>[]): Interval<T>[][] {
  if (intervals.length <= BLOCK_MAX) return [intervals];
  const blocks: Interval<T>[][] = [];
  for (let at = 0; at < intervals.length; at += BLOCK_MAX / 2)
    blocks.push(intervals.slice(at, at + BLOCK_MAX / 2));
  return blocks;
}
