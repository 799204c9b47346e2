import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { ruleSets, runMutated } from '../rpc/mutated.js';
import { withSeed } from '../seeded.js';
import { subjectsIn } from '../subjects.js';

it('a million random and mutated queue messages raise nothing but WireError', () => {
  const count = 1_000_000;
  const { ends, decoded, refused, bytes, covered, layouts } = withSeed(1, (seed) => runMutated(count, seed));
  expect(ends.message + ends.part + ends.stray + ends.malformed).toBe(count * ruleSets.length);
  expect(covered).toBe(bytes);
  expect(Math.min(...Object.values(ends), decoded, refused)).toBeGreaterThan(50_000);
  // Something decoded as every request, reply, error reply and notification there is.
  const payloads = subjectsIn({ ...protocol, structs: [] }).map(({ type }) => type);
  expect([...new Set(payloads)].filter((type) => type !== protocol.header && !layouts.has(type))).toEqual([]);
});
