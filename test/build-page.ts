import { resolve } from 'node:path';
import { build } from 'vite';

/** Makes the page of `inspect`, as `npm run build` does. */
export default async function setup(): Promise<void> {
  await build({ configFile: resolve(import.meta.dirname, '../vite.config.ts') });
}
