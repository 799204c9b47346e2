import { closeSync, openSync, writeSync } from 'node:fs';
import { attempt } from './file-error.js';
import { TemporaryFolder } from './temporary-folder.js';

/** A temporary file that keeps what arrives, for readers that come later or are slow. @throws FileError */
export class Spool {
  readonly #folder = new TemporaryFolder();
  readonly path = this.#folder.path('live.pcapng');
  readonly #fd = attempt(this.path, () => openSync(this.path, 'w', 0o600));

  /** @throws FileError if the disk is full. */
  add(bytes: Uint8Array): void {
    attempt(this.path, () => {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    });
  }

  /** Removes the file. */
  close(): void {
    closeSync(this.#fd);
    this.#folder.remove();
  }
}
