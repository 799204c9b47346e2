import { closeSync, openSync, writeSync } from 'node:fs';
import { FileError, pause } from './input.js';

/** The reader of our output has gone (`| head`): no error, but the end of the work. */
export class ClosedPipe extends Error {
  override readonly name = 'ClosedPipe';
}

const flushSize = 256 * 1024;

/** Text and bytes to a file, or to standard output for `-`; gathered, and written in large pieces. */
export class Output {
  private readonly fd: number;
  private readonly name: string;
  private text = '';

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
    this.text += text;
    if (this.text.length >= flushSize) this.flush();
  }

  bytes(bytes: Uint8Array): void {
    this.flush();
    this.put(bytes);
  }

  flush(): void {
    if (this.text === '') return;
    const bytes = Buffer.from(this.text, 'utf8');
    this.text = '';
    this.put(bytes);
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
