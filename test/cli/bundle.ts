import { resolve } from 'node:path';

/** The command line, which `test/build.ts` builds. */
export const main = resolve(import.meta.dirname, '../../node_modules/.cache/gunyah-rm/main.js');
