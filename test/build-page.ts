import { resolve } from 'node:path';
import { buildAsShipped } from './vite-build.js';

/** Makes the page of `inspect`, as `npm run build` does. */
export default async function setup(): Promise<void> {
  await buildAsShipped({ configFile: resolve(import.meta.dirname, '../vite.config.ts') });
}
