import { resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

/**
 * Files that hold modules with all that these need, unless a file before holds it: what `decode` loads, in that order.
 * Other commands load those that they need something of. What is in none is left to the bundler.
 */
export const files = [
  // Not the program itself: while it waits for others, these could not use what is in its file.
  { name: 'start', test: /src[\\/]node[\\/](compile-cache|compiler|engine|stdio|threads)\.ts$/ },
  { name: 'run', test: /src[\\/]cli[\\/]run\.ts$/ },
  { name: 'help', test: /src[\\/]cli[\\/]stored-help\.ts$/ },
  { name: 'program', test: /src[\\/]cli[\\/]program\.ts$/ },
  { name: 'decode', test: /src[\\/]cli[\\/]commands[\\/]decode[\\/]index\.ts$/ },
];

/** Commander starts subcommands that are programs of their own. There are none, and for this Node would load sockets too. */
const withoutProcesses: Plugin = {
  name: 'without-processes',
  enforce: 'pre',
  transform: {
    filter: { id: /node_modules\/commander\/lib\/command\.js$/ },
    handler(code) {
      const loading = "require('node:child_process')";
      if (!code.includes(loading)) throw new Error(`commander loads processes in another way: no ${loading}`);
      return code.replace(loading, '{}');
    },
  },
};

/**
 * The command line as a few files, one for each command and one for each set of modules that several commands share. Node
 * spends more time on finding and opening hundreds of small files than on running most commands.
 */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: 'warn',
  plugins: [withoutProcesses],
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
        codeSplitting: {
          // Those with the highest priority are filled first. It cannot be negative.
          groups: files.map(({ name, test }, place) => ({ name, test, priority: files.length - place })),
        },
        minify: { mangle: false, compress: true, codegen: true },
      },
    },
  },
});
