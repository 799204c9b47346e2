import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embedCapture, embedLive } from '../inspector/embed.js';
import { FileError } from './file-error.js';
import type { Files } from './files.js';
import { packageFile } from './folder.js';
import { livePath } from './live-capture.js';
import { PackedCapture } from './packed-capture.js';

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
 * The page with the capture of a file, in pieces; `-` is standard input. The capture is in memory only as it stands in
 * the page, compressed.
 *
 * @param check gets the pieces of the capture, as many as it wants, before the page is made. What it throws comes through.
 * @throws FileError if the file cannot be read or is too large for the text of a page (some 400 MB compressed).
 */
export async function inspectorPageOf(
  files: Files,
  path: string,
  check: (pieces: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<Iterable<string>> {
  const name = path === '-' ? 'standard input' : basename(path);
  const packed = new PackedCapture(name);
  await packed.read(files.plainPieces(path), check);
  return embedCapture(await inspectorPage(), name, packed.base64());
}

/** The page that watches a capture which a `PageServer` sends. @param path of the file or socket. @throws FileError */
export async function livePage(path: string): Promise<string> {
  return embedLive(await inspectorPage(), basename(path), livePath);
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
