import { expect, it } from 'vitest';
import { Random } from '../random.js';

it('the random numbers of the tests stay the same', () => {
  const random = new Random(1);
  expect(Array.from({ length: 5 }, () => random.below(2 ** 32))).toEqual([
    270_369, 67_634_689, 2_647_435_461, 307_599_695, 2_398_689_233,
  ]);
  expect([random.below(10), random.once(1), random.pick(['only'])]).toHaveLength(3);
});
