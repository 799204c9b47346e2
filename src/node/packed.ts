import { pipeline, Readable } from 'node:stream';
import { Decompress } from 'fzstd';
import { concatenated, plainBytes } from '../base/bytes.js';
import { WireError } from '../base/error.js';
import { zlib } from './zlib.js';

/** Bytes that tell whether and how a file is compressed, with the largest header of a zstd frame. */
const headSize = 18;
/** zstd input is unpacked in slices: 512 bytes of blocks of four bytes are 16 MiB. */
const sliceSize = 512;
/** Largest window of zstd, as the program `zstd` has it by default. It limits memory. */
const windowMax = 128 * 1024 * 1024;
/** Largest file that is unpacked at once. */
const wholeMax = 1024 * 1024 * 1024;

type PackingName = 'gzip' | 'zstd';
type Packing = PackingName | undefined;

/** How a file is compressed, by its first bytes. */
function packingOf(head: Uint8Array): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd ? 'zstd' : undefined;
}

/**
 * The contents of an input: unpacked if it is compressed with gzip or zstd, otherwise as it is. Memory does not grow
 * with the size.
 *
 * @param pieces an array may be reused for the next. @throws WireError `gzip` or `zstd` if the compressed data is
 * damaged or cut; what came before has been delivered.
 */
export async function* unpacked(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = pieces[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  // Text shows with its first byte that it is not compressed, and must not wait for more.
  while (head.length < headSize && mayBePacked(head)) {
    const { value, done } = await source.next();
    if (done) break;
    head = head.length === 0 ? value.slice() : concatenated([head, value]);
  }
  const packing = packingOf(head);
  const rest = { [Symbol.asyncIterator]: () => source };
  try {
    if (packing === undefined) {
      if (head.length > 0) yield head;
      yield* rest;
    } else yield* packedOnce(packing, (packing === 'gzip' ? gunzipped : unzstd)(chain(head, rest)));
  } finally {
    await source.return?.();
  }
}

/** What was in compressed data. @throws WireError if that is compressed, too: nobody could tell how often it is. */
async function* packedOnce(
  packing: PackingName,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const piece of pieces) {
    if (isFirst) refuseInner(packing, piece);
    isFirst = false;
    yield piece;
  }
}

function refuseInner(packing: PackingName, content: Uint8Array): void {
  const inner = packingOf(content);
  if (inner === undefined) return;
  const actual = `${inner} data in ${packing} data`;
  throw new WireError({ code: packing, path: '', offset: 0, expected: 'a file that is packed once', actual });
}

/** Whether a file is compressed with gzip or zstd. */
export function isPacked(head: Uint8Array): boolean {
  return packingOf(head) !== undefined;
}

/** As `unpacked`, of a whole file in memory. @throws WireError above 1 GiB, too */
export function unpackedWhole(bytes: Uint8Array): Uint8Array {
  const packing = packingOf(bytes);
  if (packing === undefined) return bytes;
  const content = packed(packing, () => {
    if (packing === 'gzip') return plainBytes(zlib().gunzipSync(bytes, { maxOutputLength: wholeMax }));
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (const piece of new ZstdSlices().push(bytes, true)) {
      size += piece.length;
      if (size > wholeMax) throw new RangeError(`more than ${wholeMax} bytes`);
      pieces.push(piece);
    }
    return concatenated(pieces);
  });
  refuseInner(packing, content);
  return content;
}

function mayBePacked(head: Uint8Array): boolean {
  return (
    head.length === 0 ||
    ((head[0] === 0x1f || head[0] === 0x28) && head.length < 4) ||
    packingOf(head) === 'zstd'
  );
}

async function* chain(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  // The stream of zlib keeps a piece while the next is read.
  for await (const piece of rest) yield piece.slice();
}

async function* gunzipped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = zlib().createGunzip();
  let sourceError: unknown;
  pipeline(Readable.from(pieces), gunzip, (error) => {
    sourceError = error;
  });
  try {
    for await (const piece of gunzip) yield plainBytes(piece);
  } catch (error) {
    throw problem('gzip', sourceError ?? error);
  }
}

async function* unzstd(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const slices = new ZstdSlices();
  try {
    for await (const piece of pieces) yield* slices.push(piece, false);
    yield* slices.push(new Uint8Array(0), true);
  } catch (error) {
    throw problem('zstd', error);
  }
}

/** Unpacks zstd bit by bit, so that little is unpacked at a time. */
class ZstdSlices {
  readonly #out: Uint8Array[] = [];
  readonly #stream = new Decompress((piece) => this.#out.push(piece.slice()));
  #isFirst = true;

  *push(bytes: Uint8Array, isLast: boolean): Generator<Uint8Array> {
    if (this.#isFirst) checkWindow(bytes);
    this.#isFirst = false;
    for (let at = 0; at < bytes.length; at += sliceSize) {
      this.#stream.push(bytes.slice(at, at + sliceSize), false);
      yield* this.#out.splice(0);
    }
    if (!isLast) return;
    this.#stream.push(new Uint8Array(0), true);
    yield* this.#out.splice(0);
  }
}

/** The window that the header of a frame asks for (RFC 8878, 3.1.1.1). */
function checkWindow(head: Uint8Array): void {
  const [, , , , flags = 0, descriptor = 0] = head;
  if ((flags & 0x20) !== 0) return;
  const base = 2 ** (10 + (descriptor >> 3));
  if (base + (base / 8) * (descriptor & 7) > windowMax)
    throw new RangeError('its window is larger than 128 MiB');
}

function packed<T>(packing: PackingName, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw problem(packing, error);
  }
}

/** Errors of zlib have numbers, those of fzstd a code; others are those of the source. */
function problem(packing: PackingName, error: unknown): unknown {
  const { code, message } = error as { code?: unknown; message: string };
  const isOwn = typeof code === 'number' || String(code).startsWith('Z_') || error instanceof RangeError;
  if (!isOwn) return error;
  const expected = `whole ${packing} data`;
  // zlib and fzstd do not say where. Both say this of data that ends too early.
  const actual = /^unexpected (end of file|EOF)$/.test(message) ? 'data that ends too early' : message;
  return new WireError({ code: packing, path: '', offset: 0, expected, actual });
}
