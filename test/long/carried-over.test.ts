import { describe, it } from 'vitest';
import { expectNothingCarried, knownSessions } from '../fuzz/carried-over.js';
import { withSeed } from '../seeded.js';

describe('a manager that has played a hundred thousand cases', () => {
  it('answers every recorded scenario as a new one does', () =>
    withSeed(2, (seed) => expectNothingCarried(seed, 100_000, knownSessions)));
});
