import { defineConfig } from 'vitest/config';

/** Tests with other programs: a POSIX shell, compilers, Lua, tshark, a browser, other fuzzers. */
export default defineConfig({
  test: {
    include: ['test/**/*.tools.test.ts'],
    globalSetup: ['test/build.ts', 'test/build-page.ts'],
    testTimeout: 60_000,
    maxWorkers: '100%',
  },
});
