import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FileError } from './file-error.js';
import { FileUse } from './file-use.js';
import { readPieces, readWholeFile } from './input.js';
import { Output } from './output.js';
import type { Stdio } from './stdio.js';

/** A file of a folder that is written. */
export interface FileOfFolder {
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** The files that a command reads and writes. All go through here, so that no output is an input ({@link FileUse}). */
export class Files {
  readonly #stdio: Stdio;
  readonly #use: FileUse;
  readonly #outputs: Output[] = [];

  constructor(stdio: Stdio) {
    this.#stdio = stdio;
    this.#use = new FileUse(stdio);
  }

  /**
   * The pieces of a file, or of standard input for `-`. The array is reused for the next piece. Reading is synchronous,
   * since a command has nothing else to do while it waits.
   *
   * @throws FileError if the file cannot be read. @throws FileConflict if it is an output.
   */
  *pieces(path: string, size?: number): Generator<Uint8Array> {
    this.#use.reads(path);
    yield* readPieces(this.#stdio, path, size);
  }

  /** Reads a whole file, or standard input for `-`, into memory. @throws FileError, FileConflict as {@link pieces} */
  whole(path: string): Uint8Array {
    this.#use.reads(path);
    if (path !== '-') return readWholeFile(path);
    const pieces: Uint8Array[] = [];
    for (const piece of readPieces(this.#stdio, path)) pieces.push(piece.slice());
    return Buffer.concat(pieces);
  }

  /** The text of each file of a folder whose name `select` takes, sorted by name. @throws FileError, FileConflict */
  folder(path: string, select: (name: string) => boolean): { path: string; content: string }[] {
    let names: string[];
    try {
      names = readdirSync(path);
    } catch (error) {
      throw new FileError(path, error);
    }
    return names
      .filter(select)
      .sort()
      .map((name) => join(path, name))
      .map((file) => ({ path: file, content: Buffer.from(this.whole(file)).toString('utf8') }));
  }

  /**
   * Opens a file, or standard output for `-`. Nothing is written yet.
   *
   * @param option that names it. @throws FileConflict if it is an input or another output.
   */
  output(path: string, option: string): Output {
    this.#use.writes(path, option);
    const output = path === '-' ? Output.toStandard(this.#stdio) : Output.toFile(path);
    this.#outputs.push(output);
    return output;
  }

  /** Writes files into a folder, which is made if needed. @throws FileConflict before any is written, FileError */
  writeFolder(path: string, files: readonly FileOfFolder[]): void {
    for (const { name } of files) this.#use.writes(join(path, name), '--out');
    for (const { name, content } of files) writeFile(join(path, name), content);
  }

  /** Whether the reader of an output has gone, so that the rest of the work is in vain. */
  get isOutputClosed(): boolean {
    return this.#outputs.some((output) => output.isClosed);
  }

  /** Gives up all outputs that have not been ended: older files stay as they are. */
  discard(): void {
    for (const output of this.#outputs) output.discard();
  }
}

/**
 * Replaces a file in one step, and makes its folder if needed.
 *
 * @param isDurable it is on the disk before the old one goes. @throws FileError
 */
export function writeFile(path: string, content: string | Uint8Array, isDurable = false): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new FileError(path, error);
  }
  const output = Output.toFile(path, isDurable);
  try {
    if (typeof content === 'string') output.write(content);
    else output.bytes(content);
    output.end();
  } finally {
    output.discard();
  }
}
