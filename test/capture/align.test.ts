import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align } from '../../src/capture/diff/align.js';
import { holds } from '../seeded.js';

type Pair = [number, number];

function alignAll(a: readonly number[], b: readonly number[]): Pair[] {
  const pairs: Pair[] = [];
  align(a, b, { aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }, (...pair) => pairs.push(pair));
  return pairs;
}

/** Fails unless the pairs are of equal items and rise on both sides. */
function expectValid(a: readonly number[], b: readonly number[], pairs: readonly Pair[]): void {
  const wrong = pairs.filter(([x, y], index) => {
    const [lastX, lastY] = pairs[index - 1] ?? [-1, -1];
    return x <= lastX || y <= lastY || x >= a.length || y >= b.length || a[x] !== b[y];
  });
  expect(wrong).toEqual([]);
}

/** Length of the longest common subsequence, by the table that `align` avoids. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  let last = new Array<number>(b.length + 1).fill(0);
  for (const item of a) {
    const row = [0];
    b.forEach((other, index) => {
      const best = Math.max(last[index + 1] as number, row[index] as number);
      row.push(item === other ? (last[index] as number) + 1 : best);
    });
    last = row;
  }
  return last.at(-1) as number;
}

/** Numbers below `limit` that look random and are always the same. */
function numbers(count: number, limit: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % limit;
  });
}

describe('align', () => {
  const few = fc.array(fc.nat(4), { maxLength: 24 });

  it('finds the longest alignment of short sequences', () => {
    holds(
      fc.property(few, few, (a, b) => {
        const pairs = alignAll(a, b);
        expectValid(a, b, pairs);
        expect(pairs.length).toBe(commonLength(a, b));
      }),
      2000,
    );
  });

  it('gives a valid alignment of long sequences, equal parts of which are found', () => {
    const parts = fc.array(fc.array(fc.nat(3), { maxLength: 40 }), { minLength: 30, maxLength: 60 });
    holds(
      fc.property(parts, fc.nat(29), fc.nat(29), (list, from, to) => {
        const a = list.flat();
        const b = list.toSpliced(to, 0, list[from] as number[]).flat();
        const pairs = alignAll(a, b);
        expectValid(a, b, pairs);
        expect(pairs.length).toBe(a.length);
      }),
      100,
    );
  });

  it('finds blocks put in and taken out of a long sequence of few different items', () => {
    const a = numbers(20_000, 50);
    const b = a.toSpliced(12_000, 900).toSpliced(3000, 0, ...numbers(2500, 50).reverse());
    const pairs = alignAll(a, b);
    expectValid(a, b, pairs);
    expect(pairs.length).toBeGreaterThan(a.length - 900 - 50);
  });

  it('stays valid, and not far from the best, where more differs than one search steps over', () => {
    const a = numbers(3000, 5);
    const b = numbers(3000, 7).reverse();
    const pairs = alignAll(a, b);
    expectValid(a, b, pairs);
    expect(pairs.length).toBeGreaterThan(0.6 * commonLength(a, b));
  });

  it('comes to an end, in time that does not grow with the square, when nothing is equal', () => {
    const a = Array.from({ length: 10_000 }, (_, index) => index);
    const b = a.map((item) => item + a.length);
    let reads = 0;
    const counted = new Proxy(a, {
      get(target, key) {
        reads++;
        return Reflect.get(target, key);
      },
    });
    const pairs: Pair[] = [];
    align(counted, b, { aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }, (...pair) =>
      pairs.push(pair),
    );
    expect(pairs).toEqual([]);
    expect(reads / a.length).toBeLessThan(300);
  });

  it('keeps to its span', () => {
    const pairs: Pair[] = [];
    const a = [1, 2, 3, 4];
    align(a, a, { aStart: 1, aEnd: 3, bStart: 0, bEnd: 2 }, (...pair) => pairs.push(pair));
    expect(pairs).toEqual([[1, 1]]);
  });
});
