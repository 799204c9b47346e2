import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import { concatenated } from '../base/bytes.js';
import { FileError } from './file-error.js';
import { unpacked } from './packed.js';

/** Bytes whose base64 text still fits into the longest string of V8, with the page around it. */
const sizeMax = 380 << 20;

/** Reads some pieces of a capture, as many as it wants. */
type Check = (pieces: AsyncIterable<Uint8Array>) => Promise<void>;

/** A capture compressed with gzip, which a page unpacks. */
export class PackedCapture {
  readonly #name: string;
  readonly #pieces: Uint8Array[] = [];
  /** Of the first `counted` pieces. */
  #size = 0;
  #counted = 0;

  /** @param name of the capture, for errors. */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Takes all pieces: as they are if they are compressed with gzip, else it compresses them. `check` sees them unpacked,
   * while they are taken. A small file may be packed gigabytes: only as much of it is unpacked as `check` asks for.
   *
   * @param pieces an array may be reused for the next. @throws FileError if they are too large, what `check` throws.
   */
  async read(pieces: Iterable<Uint8Array>, check: Check): Promise<void> {
    const source = pieces[Symbol.iterator]();
    const head = headOf(source);
    const all = chain(head, { [Symbol.iterator]: () => source });
    if (head[0] === 0x1f && head[1] === 0x8b) {
      await seen(
        all,
        (asked) => check(unpacked(asked)),
        (piece) => this.#add(piece.slice()),
      );
      return;
    }
    const gzip = createGzip();
    gzip.on('data', (piece: Uint8Array) => this.#pieces.push(piece));
    await seen(unpacked(all), check, async (piece) => {
      // zlib keeps a piece while the next is read.
      if (!gzip.write(piece.slice())) await once(gzip, 'drain');
      this.#limit();
    });
    gzip.end();
    await once(gzip, 'end');
    this.#limit();
  }

  /** The bytes as text of base64, in pieces. */
  *base64(): Generator<string> {
    let rest: Uint8Array = new Uint8Array(0);
    for (const piece of this.#pieces) {
      const bytes = Buffer.concat([rest, piece]);
      const end = bytes.length - (bytes.length % 3);
      yield bytes.toString('base64', 0, end);
      rest = bytes.subarray(end);
    }
    yield Buffer.from(rest).toString('base64');
  }

  #add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#limit();
  }

  #limit(): void {
    while (this.#counted < this.#pieces.length)
      this.#size += (this.#pieces[this.#counted++] as Uint8Array).length;
    if (this.#size <= sizeMax) return;
    throw new FileError(this.#name, new Error('too large for a page: open it in the page without data'));
  }
}

/** Hands all pieces to `take`. Those that `check` asks for are handed on when it does. */
async function seen(
  pieces: AsyncIterable<Uint8Array>,
  check: Check,
  take: (piece: Uint8Array) => Promise<void> | void,
): Promise<void> {
  const source = pieces[Symbol.asyncIterator]();
  const next = async () => {
    const result = await source.next();
    if (!result.done) await take(result.value);
    return result;
  };
  // Without `return`: what is not asked for is read afterwards.
  await check({ [Symbol.asyncIterator]: () => ({ next }) });
  for (;;) {
    const { done } = await next();
    if (done) return;
  }
}

/** The first bytes: two, unless there are less. */
function headOf(source: Iterator<Uint8Array>): Uint8Array {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const { done, value } = source.next();
    if (done) break;
    head = head.length === 0 ? value.slice() : concatenated([head, value]);
  }
  return head;
}

async function* chain(head: Uint8Array, rest: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}
