import { closeSync, openSync, writeSync } from 'node:fs';
import { FileError, pause } from './input.js';

/** The reader of our output has gone (`| head`): no error, but the end of the work. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

/** Written in pieces of about this, in bytes. */
const bufferSize = 256 * 1024;

/** Text and bytes to a file, or to standard output for `-`; gathered, and written in large pieces. */
export class Output {
  private readonly fd: number;
  private readonly name: string;
  private readonly buffer = Buffer.allocUnsafe(bufferSize);
  private used = 0;

  /** Throws FileError when the file cannot be made. */
  constructor(path: string) {
    this.name = path === '-' ? 'standard output' : path;
    try {
      this.fd = path === '-' ? 1 : openSync(path, 'w');
    } catch (error) {
      throw new FileError(this.name, error);
    }
  }

  /** Throws ClosedPipe or FileError, here or later. */
  write(text: string): void {
    // Three bytes are the most that one UTF-16 unit takes in UTF-8.
    const sizeMax = text.length * 3;
    if (sizeMax > bufferSize - this.used) this.flush();
    if (sizeMax > bufferSize) this.put(Buffer.from(text, 'utf8'));
    else this.used += this.buffer.write(text, this.used, 'utf8');
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  flush(): void {
    const { used } = this;
    this.used = 0;
    if (used > 0) this.put(this.buffer.subarray(0, used));
  }

  /** Flushes and closes. */
  end(): void {
    this.flush();
    if (this.fd !== 1) closeSync(this.fd);
  }

  private put(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      try {
        start += writeSync(this.fd, bytes, start);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EPIPE') throw new ClosedPipe();
        if (code !== 'EAGAIN') throw new FileError(this.name, error);
        // A pipe that does not block and is full: its reader is slow.
        pause(2);
      }
    }
  }
}
