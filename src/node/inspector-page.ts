import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { embedCapture, embedLive } from '../inspector/embed.js';
import { FileError } from './file-error.js';
import type { Files } from './files.js';
import { packageFile } from './folder.js';
import { livePath } from './live-capture.js';
import { unpacked, unpackedWhole } from './packed.js';

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
  // The page unpacks gzip itself.
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const packed = isGzip || bytes.length === 0 ? bytes : gzipSync(unpackedWhole(bytes));
  const name = path === '-' ? 'standard input' : basename(path);
  // A small file may be packed gigabytes: only as much is unpacked as is asked for.
  await check(unpacked(piecesOf(bytes)));
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

/** The page that watches a capture which a `PageServer` sends. @param path of the file or socket. @throws FileError */
export async function livePage(path: string): Promise<string> {
  return embedLive(await inspectorPage(), basename(path), livePath);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceSize) yield bytes.subarray(at, at + pieceSize);
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
