import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * The second stage: tests with other programs (a POSIX shell, compilers, Lua, tshark, a browser, other fuzzers), campaigns
 * of the fuzzer that only make sense as a whole, and the whole of the tests of which `npm test` does a part.
 */
export default defineConfig({
  test: {
    include: ['test/**/*.tools.test.ts', 'test/**/*.part.test.ts'],
    globalSetup: ['test/build.ts', 'test/build-page.ts'],
    env: { GUNYAH_RM_TESTS: 'whole' },
    isolate: false,
    // Generous: on a busy machine the longest of these take minutes.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Half of the time is waiting for the other programs.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
  },
});
