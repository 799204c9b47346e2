import { dirname, relative } from 'node:path';
import { build } from 'vite';
import { main } from './cli/bundle.js';

const root = `${import.meta.dirname}/..`;

/** Makes the command line in one file, for the tests that start it as a process. */
export default async function setup(): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'warn',
    build: {
      ssr: 'src/cli/main.ts',
      outDir: relative(root, dirname(main)),
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rollupOptions: { external: ['vite'] },
    },
  });
}
