import { ByteWriter } from '../base/byte-writer.js';
import { type Destination, destinationOf } from './destination.js';
import { GzipDestination } from './gzip-destination.js';
import type { Stdio } from './stdio.js';

/** Text is collected up to this many bytes before it is written. */
const flushSize = 128 * 1024;

/** Writes text and bytes to a file or to standard output. Text is written in large pieces. */
export class Output {
  /** Messages call a file so. Undefined for standard output. */
  readonly file: string | undefined;
  readonly #destination: Destination;
  /** Undefined until text is written, and after the end: a folder of tables has thousands of files. */
  #writer: ByteWriter | undefined;
  #closed = false;
  #isEmpty = true;

  private constructor(destination: Destination, file?: string) {
    this.#destination = destination;
    this.file = file;
  }

  static toStandard(stdio: Stdio): Output {
    const nothing = () => {};
    const write = (bytes: Uint8Array) => stdio.write(bytes);
    return new Output({ open: nothing, write, publish: nothing, complete: nothing, discard: nothing });
  }

  /**
   * A file that takes its place when it is complete. Before, an older file stays there. Pipes and devices are written as
   * they are. A name that ends with .gz is compressed.
   *
   * @param isDurable it is on the disk before the old one goes. @throws FileError if there can be no such file.
   */
  static toFile(path: string, isDurable = false): Output {
    const file = destinationOf(path, isDurable);
    return new Output(path.endsWith('.gz') ? new GzipDestination(file) : file, path);
  }

  /** Bytes put here are part of the output after the next call of `written`. */
  get writer(): ByteWriter {
    this.#writer ??= new ByteWriter(2 * flushSize);
    return this.#writer;
  }

  /** Whether the reader of the output has gone (`| head`). What is written after that is dropped. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Whether nothing was written yet. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** @throws FileError, now or at a later call. */
  write(text: string): void {
    if (text.length > flushSize) this.bytes(Buffer.from(text, 'utf8'));
    else {
      this.writer.text(text);
      this.written();
    }
  }

  /** To be called after something was put into `writer`. @throws FileError */
  written(): void {
    if (this.writer.at > 0) this.#isEmpty = false;
    if (this.writer.at >= flushSize) this.flush();
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.#put(bytes);
  }

  flush(): void {
    const writer = this.#writer;
    if (writer === undefined || writer.at === 0) return;
    const { bytes, at } = writer;
    writer.at = 0;
    this.#put(bytes.subarray(0, at));
  }

  /** Puts the file in its place now, for readers that follow it while it grows. @throws FileError */
  publish(): void {
    this.#destination.publish();
  }

  /** Completes the file. @throws FileError */
  end(): void {
    this.flush();
    this.#writer = undefined;
    this.#destination.complete();
  }

  /** Gives the file up, unless it has been ended. An older one stays as it is. */
  discard(): void {
    this.#writer = undefined;
    this.#destination.discard();
  }

  #put(bytes: Uint8Array): void {
    this.#isEmpty &&= bytes.length === 0;
    this.#closed ||= !this.#destination.write(bytes);
  }
}
