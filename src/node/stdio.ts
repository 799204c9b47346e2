import { readSync, writeSync } from 'node:fs';
import { FileError } from './file-error.js';

/** The reader of our output has gone (`| head`). The work ends, and that is no error. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

/**
 * What a command sees of the process around it: standard streams, terminal, environment and signals. The binary is
 * given those of its process (`processStdio`); a test gives values.
 */
export interface Stdio {
  /**
   * Reads standard input into the start of `buffer`, and waits until there is some.
   *
   * @returns the number of bytes, 0 at the end. @throws FileError
   */
  read(buffer: Uint8Array): number;
  /** Writes all bytes to standard output. @throws ClosedPipe, FileError */
  write(bytes: Uint8Array): void;
  writeError(text: string): void;
  /** Columns of the terminal that is standard output; 0 where the terminal does not know; undefined for no terminal. */
  readonly columns: number | undefined;
  /** Whether standard error is a terminal. */
  readonly errorIsTerminal: boolean;
  readonly env: { readonly [name: string]: string | undefined };
  /** Calls `stop` when the user asks the command to end: SIGINT or SIGTERM. */
  onStop(stop: () => void): void;
}

const STDIN = 'standard input';
const STDOUT = 'standard output';

/** The streams, environment and signals of this process. */
export function processStdio(): Stdio {
  const { stdout, stderr, env } = process;
  // A reader of stderr that has gone is no reason to stop.
  stderr.on('error', () => {});
  return {
    read: (buffer) => readSome(0, STDIN, buffer),
    write: (bytes) => writeAll(1, STDOUT, bytes),
    writeError: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : undefined,
    errorIsTerminal: stderr.isTTY === true,
    env,
    onStop: (stop) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    },
  };
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
      // Standard input may be set not to block, by another program on the same terminal.
      pause(5);
    }
  }
}

/** Writes all bytes. @throws ClosedPipe, FileError */
export function writeAll(fd: number, name: string, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length; ) {
    try {
      start += writeSync(fd, bytes, start);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') throw new ClosedPipe();
      if (code !== 'EAGAIN') throw new FileError(name, error);
      // The pipe does not block and is full, because its reader is slow.
      pause(2);
    }
  }
}

const idle = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps without giving up the thread. */
function pause(timeoutMs: number): void {
  Atomics.wait(idle, 0, 0, timeoutMs);
}
