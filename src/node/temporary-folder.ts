import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt } from './file-error.js';
import { readPieces } from './input.js';
import type { Stdio } from './stdio.js';

/** A folder for files that a command makes on its way. It is made when a path in it is first asked for. */
export class TemporaryFolder {
  #folder: string | undefined;

  /** Path of a file or folder in it. @throws FileError */
  path(name: string): string {
    this.#folder ??= attempt(tmpdir(), () => mkdtempSync(join(tmpdir(), 'gunyah-rm-')));
    return join(this.#folder, name);
  }

  /** The pieces of a file. @throws FileError */
  pieces(stdio: Stdio, path: string): Iterable<Uint8Array> {
    return readPieces(stdio, path);
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}
