import { closeSync, openSync, statSync } from 'node:fs';
import { UsageError } from '../base/error.js';
import { FileError } from './file-error.js';
import { type Stdio, writeAll } from './stdio.js';

/** Text is collected up to this many bytes before it is written. */
const bufferSize = 256 * 1024;

/** Where an `Output` puts its pieces. All may throw FileError. */
interface Destination {
  /** Makes the file, if it is not there yet. */
  open(): void;
  /** @returns false if nobody reads it any more. */
  write(bytes: Uint8Array): boolean;
  close(): void;
}

/** Writes text and bytes to a file or to standard output. Text is written in large pieces. */
export class Output {
  readonly #destination: Destination;
  readonly #buffer = Buffer.allocUnsafe(bufferSize);
  #used = 0;
  #closed = false;

  private constructor(destination: Destination) {
    this.#destination = destination;
  }

  /**
   * Opens a file, or standard output for `-`. The file is made when the first piece is written. So an input that cannot
   * be read leaves an older output unchanged.
   *
   * @throws UsageError if `input` is the same file: writing would empty it before it is read.
   */
  static to(stdio: Stdio, path: string, input = '-'): Output {
    if (path === '-')
      return new Output({ open: () => {}, write: (bytes) => stdio.write(bytes), close: () => {} });
    if (input !== '-' && isSameFile(path, input)) {
      throw new UsageError({
        code: 'output',
        path: '--output',
        expected: 'another file than the input',
        actual: path,
      });
    }
    return Output.toFile(path);
  }

  static toFile(path: string): Output {
    return new Output(new FileDestination(path));
  }

  /** Whether the reader of the output has gone (`| head`). What is written after that is dropped. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** @throws FileError, now or at a later call. */
  write(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8.
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

  #put(bytes: Uint8Array): void {
    this.#closed ||= !this.#destination.write(bytes);
  }

  end(): void {
    this.flush();
    this.open();
    this.#destination.close();
  }

  /** Makes the file, unless that has been done. @throws FileError */
  open(): void {
    this.#destination.open();
  }
}

class FileDestination implements Destination {
  #fd: number | undefined;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  open(): void {
    this.#open();
  }

  write(bytes: Uint8Array): boolean {
    return writeAll(this.#open(), this.#path, bytes);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #open(): number {
    try {
      this.#fd ??= openSync(this.#path, 'w');
      return this.#fd;
    } catch (error) {
      throw new FileError(this.#path, error);
    }
  }
}

function isSameFile(path: string, other: string): boolean {
  const [a, b] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.isFile() && a.dev === b.dev && a.ino === b.ino;
}
