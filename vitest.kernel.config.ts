import { defineConfig } from 'vitest/config';

/** Boots kernels of Debian under QEMU and runs there what `capture` prints. Takes minutes. */
export default defineConfig({
  test: {
    include: ['test/kernel/*.kernel.test.ts'],
    testTimeout: 60_000,
  },
});
