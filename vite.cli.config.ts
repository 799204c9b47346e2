import { resolve } from 'node:path';
import { defineConfig } from 'vite';

/**
 * The command line as a few files, one for each command and one for each set of modules that several commands share. Node
 * spends more time on finding and opening hundreds of small files than on running most commands.
 */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    ssr: 'src/cli/main.ts',
    outDir: resolve(import.meta.dirname, 'dist/src/cli'),
    emptyOutDir: true,
    license: { fileName: 'licenses.md' },
    target: 'node20',
    minify: false,
    rollupOptions: {
      // Installed by those who need it: 70 MB.
      external: ['vite', '@duckdb/node-api'],
      output: {
        chunkFileNames: '[name]-[hash].js',
        minify: { mangle: false, compress: true, codegen: true },
      },
    },
  },
});
