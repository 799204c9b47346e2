import { expect, it } from 'vitest';
import { formatDecimal, formatNineDigits } from '../../src/base/decimal.js';

const edges = [
  0,
  1,
  9,
  10,
  99,
  100,
  999,
  1000,
  1001,
  999_999,
  1_000_000,
  1_000_001,
  999_999_999,
  1e9,
  0xffffffff,
  2 ** 52,
];

it.each([...edges, ...edges.map((value) => -value)])('%d is written as String writes it', (value) => {
  expect(formatDecimal(value)).toBe(String(value));
});

it('agrees with String over a stride that meets every digit', () => {
  for (let value = 0; value < 1e9; value += 99_991) {
    if (formatDecimal(value) !== String(value)) expect.unreachable(String(value));
    if (formatNineDigits(value) !== String(value).padStart(9, '0')) expect.unreachable(String(value));
  }
});
