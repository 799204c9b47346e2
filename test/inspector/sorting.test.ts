import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { radixOrder } from '../../src/inspector/data/radix-order.js';
import { holds } from '../seeded.js';

describe('the order of numbers', () => {
  const values = fc.array(fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, Number.NaN)));

  it.each([false, true])('is that of a stable sort with NaN last, descending: %s', (descending) => {
    holds(
      fc.property(values, (numbers) => {
        const compare = (a: number, b: number) => {
          const [first, second] = [numbers[a] as number, numbers[b] as number];
          if (Number.isNaN(first) || Number.isNaN(second))
            return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
          if (first === second) return 0;
          return first < second === descending ? 1 : -1;
        };
        const expected = numbers.map((_, index) => index).sort(compare);
        expect([...radixOrder(Float64Array.from(numbers), descending)]).toEqual(expected);
      }),
      60,
    );
  });
});
