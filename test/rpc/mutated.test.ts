import { expect, it } from 'vitest';
import { runMutated } from './mutated.js';

it('20 000 random and mutated queue messages raise nothing but WireError', () => {
  const count = 20_000;
  const { ends, decoded, refused, bytes, covered, layouts } = runMutated(count, 2024);
  expect(ends.message + ends.part + ends.stray + ends.malformed).toBe(count);
  expect(covered).toBe(bytes);
  // The run means little unless everything happens in it often.
  expect(Math.min(...Object.values(ends), decoded, refused)).toBeGreaterThan(1000);
  expect(layouts.size).toBeGreaterThan(60);
});
