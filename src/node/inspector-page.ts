import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { embedCapture } from '../inspector/embed.js';
import { FileError } from './file-error.js';
import { packageFile } from './folder.js';
import { readWholeInput } from './input.js';
import type { Stdio } from './stdio.js';

const builtPage = 'dist/inspector/index.html';

/**
 * The page of `inspect`, without a capture. The built package has it; from source it is built anew, as all else is.
 *
 * @throws FileError when it is not there.
 */
export async function inspectorPage(): Promise<string> {
  if (import.meta.url.endsWith('.ts')) return buildPage();
  const page = packageFile(builtPage);
  if (page === undefined) throw new FileError(builtPage, new Error('not built: npm run build'));
  return page;
}

/**
 * The page with the capture of a file; `-` is standard input. What is in the file is the page's to judge.
 *
 * @throws FileError when the file cannot be read, or is larger than the text of a page can be (some 400 MB packed).
 */
export async function inspectorPageOf(stdio: Stdio, path: string): Promise<string> {
  const bytes = readWholeInput(stdio, path);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const packed = isPacked || bytes.length === 0 ? bytes : gzipSync(bytes);
  const name = path === '-' ? 'standard input' : basename(path);
  const page = await inspectorPage();
  try {
    return embedCapture(
      page,
      name,
      Buffer.from(packed.buffer, packed.byteOffset, packed.length).toString('base64'),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STRING_TOO_LONG' && !(error instanceof RangeError))
      throw error;
    throw new FileError(name, new Error('too large for a page: open it in the page without data'));
  }
}

async function buildPage(): Promise<string> {
  const { build } = await import('vite');
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
  const result = await build({ configFile, build: { write: false } });
  const files = [result].flat().flatMap((built) => ('output' in built ? built.output : []));
  const page = files.find(({ fileName }) => fileName === 'index.html');
  if (page?.type !== 'asset') throw new FileError(builtPage, new Error('the build made no page'));
  return String(page.source);
}
