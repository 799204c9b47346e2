import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Reads in pieces of 1 MiB: larger ones gain nothing, and memory stays flat. */
const chunkSize = 1024 * 1024;

/** The operating system refused to read or write. */
export class FileError extends Error {
  override readonly name = 'FileError';

  constructor(
    readonly file: string,
    cause: unknown,
  ) {
    super(describe(cause), { cause });
  }
}

function describe(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    ENOENT: 'no such file',
    EISDIR: 'is a directory',
    EACCES: 'permission denied',
    ENOTDIR: 'not a directory',
    ENOSPC: 'no space left on the device',
    EADDRINUSE: 'in use by another process, or no socket',
    ENAMETOOLONG: 'longer than the name of a socket can be (107 bytes)',
  };
  return known[code ?? ''] ?? message;
}

/**
 * Reads a file, or standard input for `-`, and calls `take` with each piece; the array is reused. Throws FileError
 * when it cannot be read. Synchronous: a pipeline stage has nothing else to do while it waits.
 */
export function readFile(path: string, take: (chunk: Uint8Array) => void): void {
  for (const chunk of readPieces(path)) take(chunk);
}

/** The same, for those who ask for the next piece when they want it. */
export function* readPieces(path: string): Generator<Uint8Array> {
  const buffer = new Uint8Array(chunkSize);
  const fd = path === '-' ? 0 : attempt(path, () => openSync(path, 'r'));
  try {
    for (;;) {
      const size = attempt(path, () => readSome(fd, buffer));
      if (size === 0) return;
      yield buffer.subarray(0, size);
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

/** A file in one piece, for files that are small by nature. Throws FileError when it cannot be read. */
export function readWholeFile(path: string): Uint8Array {
  return attempt(path, () => readFileSync(path === '-' ? 0 : path));
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new FileError(path === '-' ? 'standard input' : path, error);
  }
}

/** Standard input may be set not to block (a terminal shared with another program): then wait and try again. */
function readSome(fd: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      pause(5);
    }
  }
}

const idle = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps without giving up the thread. */
export function pause(timeoutMs: number): void {
  Atomics.wait(idle, 0, 0, timeoutMs);
}
