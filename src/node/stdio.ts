import { readSync, writeSync } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { plainBytes } from '../base/bytes.js';
import { FileError } from './file-error.js';
import { processThreads, type Threads } from './threads.js';

/**
 * The parts of a process that commands use: standard streams, terminal, environment and signals. The program passes
 * those of its process (`processStdio`); tests pass their own.
 */
export interface Stdio {
  /**
   * Reads standard input into the start of `buffer`, and waits until there is some.
   *
   * @returns the number of bytes, 0 at the end. @throws FileError
   */
  read(buffer: Uint8Array): number;
  /**
   * Standard input as it arrives, up to its end or to `stop`; signals are seen meanwhile. Without it `read` is used.
   *
   * @throws FileError
   */
  arrivals?(stop: AbortSignal): AsyncIterable<Uint8Array>;
  /** Writes all bytes to standard output. @returns false if its reader has gone (`| head`). @throws FileError */
  write(bytes: Uint8Array): boolean;
  writeError(text: string): void;
  /** File descriptors of both, to see which files they are. */
  readonly inputFd?: number;
  readonly outputFd?: number;
  /** Columns, if standard output is a terminal. 0 if the terminal does not report them. */
  readonly columns: number | undefined;
  /** Whether standard error is a terminal. */
  readonly errorIsTerminal: boolean;
  readonly env: { readonly [name: string]: string | undefined };
  /** Where commands get threads; without it they do all work themselves. */
  readonly threads?: Threads;
  /** Calls `stop` when the user asks the command to end: SIGINT or SIGTERM. */
  onStop(stop: () => void): void;
}

/** No input, and nobody who listens: for threads, whose owner speaks for them. */
export const noStdio: Stdio = {
  read: () => 0,
  write: () => true,
  writeError: () => {},
  columns: undefined,
  errorIsTerminal: false,
  env: {},
  onStop: () => {},
};

const STDIN = 'standard input';
const STDOUT = 'standard output';

/** The streams, environment and signals of this process. */
export function processStdio(): Stdio {
  const { stdout, stderr, env } = process;
  // Go on if the reader of stderr is gone. Without a listener the error would end the process.
  stderr.on('error', () => {});
  return {
    read: (buffer) => readSome(0, STDIN, buffer),
    arrivals,
    write: (bytes) => writeAll(1, STDOUT, bytes),
    inputFd: 0,
    outputFd: 1,
    writeError: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : undefined,
    errorIsTerminal: stderr.isTTY === true,
    env,
    get threads() {
      return processThreads();
    },
    onStop: (stop) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    },
  };
}

/** Reading synchronously would hold up signals until the next byte. */
async function* arrivals(stop: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of addAbortSignal(stop, process.stdin)) yield plainBytes(piece as Buffer);
  } catch (error) {
    if (!stop.aborted) throw new FileError(STDIN, error);
  }
}

/** Reads what there is, at most the length of `buffer`. @returns 0 at the end. @throws FileError */
export function readSome(fd: number, name: string, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw new FileError(name, error);
      // Another program on the same terminal may have made standard input non-blocking.
      pause(5);
    }
  }
}

/** Writes all bytes. @returns false if the file is a pipe whose reader has gone. @throws FileError */
export function writeAll(fd: number, name: string, bytes: Uint8Array): boolean {
  for (let start = 0; start < bytes.length; ) {
    try {
      start += writeSync(fd, bytes, start);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw new FileError(name, error);
      // The pipe is non-blocking and full.
      pause(2);
    }
  }
  return true;
}

const idle = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread for some milliseconds. */
function pause(timeoutMs: number): void {
  Atomics.wait(idle, 0, 0, timeoutMs);
}
