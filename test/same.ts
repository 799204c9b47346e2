import { isDeepStrictEqual } from 'node:util';
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

/**
 * `toEqual` for tests that compare many thousand times: an assertion of Vitest costs many times as much as the comparison
 * in it. What is strictly equal is equal, and `toEqual` decides about all else.
 * Neither value may be an object whose state is in #private members only: two of those are always strictly equal.
 */
export function expectEqual(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}

/** `toBe` for tests that compare many thousand times. */
export function expectIs<T>(actual: T, expected: T): void {
  if (!Object.is(actual, expected)) expect(actual).toBe(expected);
}
