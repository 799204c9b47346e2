import { dirname, resolve } from 'node:path';
import { build } from 'vite';
import { main } from './cli/bundle.js';

/** Builds the command line as it is shipped, for the tests that start it as a process. */
export default async function setup(): Promise<void> {
  const configFile = resolve(import.meta.dirname, '../vite.cli.config.ts');
  await build({ configFile, build: { outDir: dirname(main) } });
}
