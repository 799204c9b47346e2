import { expect, it } from 'vitest';
import { Random } from '../../src/base/random.js';
import { type Interval, IntervalMap } from '../../src/hypervisor/index.js';
import { withSeed } from '../seeded.js';

const SIZE = 6000;
const CHANGES = 4000;

/** Addresses that lead to others, as pages do: the value of an interval is where its first byte leads. */
function makeMap(): IntervalMap<number> {
  return new IntervalMap(
    (left, right) => left.value + right.start - left.start === right.value,
    (value, offset) => value + offset,
  );
}

/** The intervals of cells, whose values lead where the byte of their place leads. */
function intervalsOf(cells: readonly (number | undefined)[]): Interval<number>[] {
  const intervals: Interval<number>[] = [];
  for (const [start, value] of cells.entries()) {
    const last = intervals.at(-1);
    if (value === undefined) continue;
    if (last?.end === start && last.value + start - last.start === value)
      intervals[intervals.length - 1] = { ...last, end: start + 1 };
    else intervals.push({ start, end: start + 1, value });
  }
  return intervals;
}

const changed = (seed: number) => {
  const random = new Random(seed);
  const map = makeMap();
  const cells = new Array<number | undefined>(SIZE).fill(undefined);
  for (let change = 0; change < CHANGES; change++) {
    // Seldom a large part, so that there are many intervals most of the time.
    const size = random.below(500) === 0 ? random.below(SIZE) : random.below(6);
    const start = random.below(SIZE - size);
    const value = random.below(3) === 0 ? undefined : start + random.below(3) * SIZE;
    if (size > 0) map.set(start, start + size, value);
    for (let at = start; at < start + size; at++) cells[at] = value && value + at - start;
    if (change % 100 !== 0) continue;
    const intervals = intervalsOf(cells);
    expect(map.entries()).toEqual(intervals);
    expect(map.isEmpty).toBe(intervals.length === 0);
    const [from = 0, to = 0] = [random.below(SIZE), random.below(SIZE)].sort((a, b) => a - b);
    expect(map.overlapping(from, to)).toEqual(intervals.filter(({ start, end }) => start < to && end > from));
    expect(map.covered(from, to)).toBe(cells.slice(from, to).filter((cell) => cell !== undefined).length);
    expect(map.at(from)).toEqual(intervals.find(({ start, end }) => start <= from && from < end));
  }
  const moved = new Set([0, 2].map((place) => place * SIZE));
  map.replaceValues(({ start, value }) => (moved.has(value - start) ? start + SIZE : value));
  expect(map.entries()).toEqual(
    intervalsOf(cells.map((cell, at) => (cell === undefined ? cell : at + SIZE))),
  );
};

it('holds what an array with a place for each address holds', () => withSeed(6, changed));

it('is empty again when all is removed, from either end', () => {
  const map = makeMap();
  const places = Array.from({ length: 1000 }, (_, index) => 2 * index);
  for (const order of [places, [...places].reverse()]) {
    for (const at of places) map.set(at, at + 1, 0);
    expect(map.entries()).toHaveLength(1000);
    for (const at of order) map.set(at, at + 1, undefined);
    expect(map.isEmpty).toBe(true);
    expect(map.entries()).toEqual([]);
  }
});
