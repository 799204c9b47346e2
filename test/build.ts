import { dirname, resolve } from 'node:path';
import { main } from './cli/bundle.js';
import { buildAsShipped } from './vite-build.js';

/** Builds the command line as it is shipped, for the tests that start it as a process. */
export default async function setup(): Promise<void> {
  const configFile = resolve(import.meta.dirname, '../vite.cli.config.ts');
  await buildAsShipped({ configFile, build: { outDir: dirname(main) } });
}
