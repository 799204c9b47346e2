import { closeSync, openSync, readFileSync } from 'node:fs';
import { plainBytes } from '../base/bytes.js';
import { attempt } from './file-error.js';
import { readSome, type Stdio } from './stdio.js';
import { turn } from './timing.js';

/** Bytes of a piece. Larger pieces are not faster. */
const chunkSize = 1024 * 1024;

/**
 * The pieces of a file, or of standard input for `-`. The array is reused for the next piece. Reading is synchronous,
 * since a command has nothing else to do while it waits.
 *
 * @throws FileError if the file cannot be read.
 */
export function* readPieces(stdio: Stdio, path: string, size = chunkSize): Generator<Uint8Array> {
  const buffer = new Uint8Array(size);
  if (path === '-') {
    for (let read = stdio.read(buffer); read > 0; read = stdio.read(buffer)) yield buffer.subarray(0, read);
    return;
  }
  const fd = attempt(path, () => openSync(path, 'r'));
  try {
    for (let read = readSome(fd, path, buffer); read > 0; read = readSome(fd, path, buffer))
      yield buffer.subarray(0, read);
  } finally {
    closeSync(fd);
  }
}

/**
 * As `readPieces`, for a command that can be interrupted: between two pieces signals are seen, and pieces end with
 * `stop`.
 */
export async function* arrivingPieces(
  stdio: Stdio,
  path: string,
  stop: AbortSignal,
  size = chunkSize,
): AsyncGenerator<Uint8Array> {
  if (path === '-' && stdio.arrivals !== undefined) {
    yield* stdio.arrivals(stop);
    return;
  }
  for (const piece of readPieces(stdio, path, size)) {
    yield piece;
    await turn();
    if (stop.aborted) return;
  }
}

/** Milliseconds without a byte after which what was read is shown, however little it is. */
export const settleMs = 30;

/** The pieces of an input that grows, with `undefined` when none has come for `settleMs`: once until the next comes. */
export async function* withPauses(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  const source = pieces[Symbol.asyncIterator]();
  try {
    for (let isNew = false; ; ) {
      const next = source.next();
      if (isNew && (await isLate(next))) yield undefined;
      const { value, done } = await next;
      if (done) return;
      yield value;
      isNew = true;
    }
  } finally {
    await source.return?.();
  }
}

async function isLate(next: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((done) => {
    timer = setTimeout(() => done(true), settleMs);
  });
  // An error is seen by who waits for the piece itself.
  const isOver = await Promise.race([late, next.then(() => false).catch(() => false)]);
  clearTimeout(timer);
  return isOver;
}

/** Reads a whole file into memory. @throws FileError if it cannot be read. */
export function readWholeFile(path: string): Uint8Array {
  return attempt(path, () => plainBytes(readFileSync(path)));
}
