import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileError } from './file-error.js';

/** A temporary file that keeps what arrives, for readers that come later or are slow. */
export class Spool {
  readonly path: string;
  readonly #folder: string;
  readonly #fd: number;

  /** @throws FileError */
  constructor() {
    try {
      this.#folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-'));
      this.path = join(this.#folder, 'live.pcapng');
      this.#fd = openSync(this.path, 'w', 0o600);
    } catch (error) {
      throw new FileError(tmpdir(), error);
    }
  }

  /** @throws FileError if the disk is full. */
  add(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (error) {
      throw new FileError(this.path, error);
    }
  }

  /** Removes the file. */
  close(): void {
    closeSync(this.#fd);
    rmSync(this.#folder, { recursive: true });
  }
}
