import { expect, it } from 'vitest';
import { withSeed } from '../seeded.js';
import { ruleSets, runMutated } from './mutated.js';

it('20 000 random and mutated queue messages raise nothing but WireError', () => {
  const count = 20_000;
  const { ends, decoded, refused, bytes, covered, layouts } = withSeed(2024, (seed) =>
    runMutated(count, seed),
  );
  expect(ends.message + ends.part + ends.stray + ends.malformed).toBe(count * ruleSets.length);
  expect(covered).toBe(bytes);
  // The run means little unless everything happens in it often.
  expect(Math.min(...Object.values(ends), decoded, refused)).toBeGreaterThan(1000);
  expect(layouts.size).toBeGreaterThan(60);
});
