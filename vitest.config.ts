import { resolve } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';
import { builtSources } from './test/built-sources.js';

const entry = (name: string) => resolve(import.meta.dirname, 'src', name);

/** Set by CI, whose second stage does the whole of these tests with the same seeds: a part before would be done twice. */
const partsComeLater = process.env.GUNYAH_RM_PARTS === 'later';

export default defineConfig({
  plugins: [builtSources()],
  resolve: {
    // Programs of the README import the package.
    alias: [
      { find: 'gunyah-rm/schemas', replacement: entry('../schemas/index.ts') },
      { find: /^gunyah-rm$/, replacement: entry('index.ts') },
      { find: /^gunyah-rm\/(\w+)$/, replacement: entry('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      ...configDefaults.exclude,
      'test/long/**',
      'test/**/*.tools.test.ts',
      'test/**/*.kernel.test.ts',
      ...(partsComeLater ? ['test/**/*.part.test.ts'] : []),
    ],
    globalSetup: 'test/build.ts',
    // Files of one worker share the modules: to load them costs more than most tests. No module keeps a test's state.
    isolate: false,
    // Most of what tests make is garbage soon: with more room for it, V8 copies less and takes a tenth less CPU time.
    execArgv: ['--max-semi-space-size=64'],
    // Only what hangs runs into these: on a busy machine everything takes many times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The default leaves a core idle, which on two cores is half of them.
    maxWorkers: '100%',
  },
});
