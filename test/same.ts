import { expect } from 'vitest';

/**
 * Expects long lists of text or numbers to be equal. They are compared item by item at little cost; only lists that
 * differ are handed to `toEqual`, which says where.
 */
export function expectSame<T extends string | number | bigint>(
  actual: ArrayLike<T>,
  expected: ArrayLike<T>,
): void {
  let index = 0;
  while (index < actual.length && actual[index] === expected[index]) index++;
  if (index < actual.length || actual.length !== expected.length) expect(actual).toEqual(expected);
}
