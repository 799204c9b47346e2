import { describe, it } from 'vitest';
import { budget, partOf } from '../part.js';
import { withSeed } from '../seeded.js';
import { expectNothingCarried, knownSessions } from './carried-over.js';

describe('a manager that has played many cases', () => {
  // test/long does a hundred thousand cases.
  it('answers the recordings as a new one does', () =>
    withSeed(1, (seed) => expectNothingCarried(seed, budget(1000), partOf(knownSessions))));
});
