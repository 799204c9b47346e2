import { createRequire } from 'node:module';

/** Node's zlib. It is loaded when something is compressed: that takes as long as to decode a hundred messages. */
export function zlib(): typeof import('node:zlib') {
  return createRequire(import.meta.url)('node:zlib');
}
