import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGunzip, gzipSync } from 'node:zlib';
import { WireError } from '../base/error.js';
import { embedCapture } from '../inspector/embed.js';
import { FileError } from './file-error.js';
import type { Files } from './files.js';
import { packageFile } from './folder.js';

/** Bytes of a piece that is checked. */
const pieceSize = 64 * 1024;

const builtPage = 'dist/inspector/index.html';

/**
 * The page of `inspect`, without a capture. The built package contains it. A run from source builds it each time.
 *
 * @throws FileError if the package does not contain it.
 */
export async function inspectorPage(): Promise<string> {
  if (import.meta.url.endsWith('.ts')) return buildPage();
  const page = packageFile(builtPage);
  if (page === undefined) throw new FileError(builtPage, new Error('not built: npm run build'));
  return page;
}

/**
 * The page with the capture of a file; `-` is standard input.
 *
 * @param check gets the pieces of the capture, as many as it wants, before the page is made. What it throws comes through.
 * @throws FileError if the file cannot be read or is too large for the text of a page (some 400 MB compressed).
 */
export async function inspectorPageOf(
  files: Files,
  path: string,
  check: (pieces: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<string> {
  const bytes = files.whole(path);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const packed = isPacked || bytes.length === 0 ? bytes : gzipSync(bytes);
  const name = path === '-' ? 'standard input' : basename(path);
  await check(isPacked ? unpacked(bytes) : piecesOf(bytes));
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

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
}

/** Unpacks as much as is asked for: a small file may be packed gigabytes. @throws WireError for what is no gzip. */
async function* unpacked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  try {
    for await (const { buffer, byteOffset, length } of Readable.from([bytes]).pipe(createGunzip()))
      yield new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    const { message: actual } = error as Error;
    throw new WireError({ code: 'gzip', path: '', offset: 0, expected: 'data of gzip', actual });
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
