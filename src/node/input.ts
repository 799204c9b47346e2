import { closeSync, openSync, readFileSync } from 'node:fs';
import { FileError } from './file-error.js';
import { readSome, type Stdio } from './stdio.js';

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
): AsyncGenerator<Uint8Array> {
  if (path === '-' && stdio.arrivals !== undefined) {
    yield* stdio.arrivals(stop);
    return;
  }
  for (const piece of readPieces(stdio, path)) {
    yield piece;
    await new Promise<void>((done) => setImmediate(done));
    if (stop.aborted) return;
  }
}

/** Reads a whole file into memory. @throws FileError if it cannot be read. */
export function readWholeFile(path: string): Uint8Array {
  return attempt(path, () => readFileSync(path));
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new FileError(path, error);
  }
}
