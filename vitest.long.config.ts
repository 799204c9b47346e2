import { defineConfig } from 'vitest/config';
import { builtSources } from './test/built-sources.js';

export default defineConfig({
  plugins: [builtSources()],
  test: {
    include: ['test/long/**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**'],
    testTimeout: 3_600_000,
  },
});
