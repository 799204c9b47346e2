import { resolve } from 'node:path';

/** The command line as one file, which `test/build.ts` makes. It starts much sooner than the many files of a build. */
export const main = resolve(import.meta.dirname, '../../node_modules/.cache/gunyah-rm/main.js');
