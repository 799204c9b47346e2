import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { UsageError } from '../base/error.js';
import { FileError, pause } from './input.js';

/** The reader of our output has gone (`| head`): no error, but the end of the work. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

/** Written in pieces of about this, in bytes. */
const bufferSize = 256 * 1024;

/** Text and bytes to a file, or to standard output for `-`; gathered, and written in large pieces. */
export class Output {
  #fd: number | undefined;
  readonly #name: string;
  readonly #buffer = Buffer.allocUnsafe(bufferSize);
  #used = 0;
  readonly #path: string;

  /**
   * The file is made when the first piece is written, so that an input that cannot be read leaves an older output as it
   * was. Throws UsageError when `input` is the same file: it would be empty before it is read.
   */
  constructor(path: string, input = '-') {
    this.#path = path;
    this.#name = path === '-' ? 'standard output' : path;
    if (path === '-') this.#fd = 1;
    else if (input !== '-' && isSameFile(path, input)) {
      throw new UsageError({
        code: 'output',
        path: '--output',
        expected: 'another file than the input',
        actual: path,
      });
    }
  }

  /** Throws ClosedPipe or FileError, here or later. */
  write(text: string): void {
    // Three bytes are the most that one UTF-16 unit takes in UTF-8.
    const sizeMax = text.length * 3;
    if (sizeMax > bufferSize - this.#used) this.flush();
    if (sizeMax > bufferSize) this.#put(Buffer.from(text, 'utf8'));
    else this.#used += this.#buffer.write(text, this.#used, 'utf8');
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#put(bytes);
  }

  flush(): void {
    const used = this.#used;
    this.#used = 0;
    if (used > 0) this.#put(this.#buffer.subarray(0, used));
  }

  /** Flushes and closes. */
  end(): void {
    this.flush();
    const fd = this.open();
    if (fd !== 1) closeSync(fd);
  }

  /** Makes the file now, if it is not there yet. Throws FileError. */
  open(): number {
    try {
      this.#fd ??= openSync(this.#path, 'w');
      return this.#fd;
    } catch (error) {
      throw new FileError(this.#name, error);
    }
  }

  #put(bytes: Uint8Array): void {
    const fd = this.open();
    for (let start = 0; start < bytes.length; ) {
      try {
        start += writeSync(fd, bytes, start);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') throw new ClosedPipe();
        if (code !== 'EAGAIN') throw new FileError(this.#name, error);
        // A pipe that does not block and is full: its reader is slow.
        pause(2);
      }
    }
  }
}

function isSameFile(path: string, other: string): boolean {
  const [a, b] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.isFile() && a.dev === b.dev && a.ino === b.ino;
}
