import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { concatenated } from '../base/bytes.js';
import { decodeUtf8 } from '../base/text.js';
import { attempt } from './file-error.js';
import { FileUse, statsOf } from './file-use.js';
import { makeFolder } from './folder.js';
import { followFile } from './follow.js';
import { arrivingPieces, readPieces, readWholeFile } from './input.js';
import { Output } from './output.js';
import { isPacked, unpacked, unpackedWhole } from './packed.js';
import type { Stdio } from './stdio.js';

/** Bytes of a piece of a scenario. A piece takes long to play, and what it prints is shown after it. */
const scenarioPiece = 64 * 1024;

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
   * The contents of a file, or of standard input for `-`, unpacked if they are compressed with gzip or zstd, up to
   * `stop`. An array may be reused for the next.
   *
   * @param read is told the size of each piece as it was in the file. @throws FileError, FileConflict if it is an output.
   * @throws WireError if the compressed data is damaged.
   */
  async *contents(path: string, stop: AbortSignal, read: (size: number) => void): AsyncGenerator<Uint8Array> {
    this.#use.reads(path);
    yield* unpacked(counted(arrivingPieces(this.#stdio, path, stop), read));
  }

  /** As {@link contents}, in pieces for what takes long to play. */
  async *scenario(path: string, stop: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#use.reads(path);
    yield* unpacked(arrivingPieces(this.#stdio, path, stop, scenarioPiece));
  }

  /** Bytes of a file that is there as a whole, as it is also if it is compressed; undefined: standard input, a pipe, a device. */
  sizeOf(path: string): number | undefined {
    const stats = path === '-' ? undefined : statsOf(path);
    return stats?.isFile() ? Number(stats.size) : undefined;
  }

  /**
   * A file that grows, up to `stop`: see {@link followFile}. Parts without contents are left out.
   *
   * @throws FileError, FileConflict if it is an output.
   */
  async *follow(path: string, stop: AbortSignal): AsyncGenerator<AsyncIterable<Uint8Array>> {
    this.#use.reads(path);
    for await (const part of followFile(path, stop)) {
      const pieces = unpacked(part);
      const first = await pieces.next();
      if (!first.done) yield chain(first.value, pieces);
    }
  }

  /**
   * As {@link contents}, synchronously: a compressed input is unpacked at once.
   *
   * @throws WireError also for more than 1 GiB.
   */
  *pieces(path: string): Generator<Uint8Array> {
    this.#use.reads(path);
    const source = readPieces(this.#stdio, path, scenarioPiece);
    const first = source.next();
    if (first.done) return;
    if (!isPacked(first.value)) {
      yield first.value;
      yield* source;
      return;
    }
    const pieces = [first.value.slice()];
    for (const piece of source) pieces.push(piece.slice());
    yield unpackedWhole(concatenated(pieces));
  }

  /** The pieces of a file as it is, also if it is compressed. An array is reused for the next. @throws FileError, FileConflict */
  *plainPieces(path: string): Generator<Uint8Array> {
    this.#use.reads(path);
    yield* readPieces(this.#stdio, path);
  }

  /** Reads a whole file, or standard input for `-`, into memory. @throws FileError, FileConflict as {@link contents} */
  whole(path: string): Uint8Array {
    this.#use.reads(path);
    if (path !== '-') return readWholeFile(path);
    const pieces: Uint8Array[] = [];
    for (const piece of readPieces(this.#stdio, path)) pieces.push(piece.slice());
    return concatenated(pieces);
  }

  /** The text of each file, unpacked, of a folder whose name `select` takes, sorted by name. @throws FileError, FileConflict */
  folder(path: string, select: (name: string) => boolean): { path: string; content: string }[] {
    return attempt(path, () => readdirSync(path))
      .filter(select)
      .sort()
      .map((name) => join(path, name))
      .map((file) => ({ path: file, content: decodeUtf8(unpackedWhole(this.whole(file))) }));
  }

  /** Notes that another reader takes files from a folder and those in it. @throws FileError, FileConflict */
  readsFolder(path: string): void {
    const names = attempt(path, () => readdirSync(path, { recursive: true }));
    for (const name of names) this.#use.reads(join(path, String(name)));
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

  /** Notes that another writer replaces files. @throws FileConflict if one is an input */
  replaces(paths: readonly string[], option: string): void {
    for (const path of paths) this.#use.writes(path, option);
  }

  /** Notes that another reader takes files. @throws FileConflict if one is an output */
  reads(paths: readonly string[]): void {
    for (const path of paths) this.#use.reads(path);
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

async function* chain(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function* counted(
  pieces: AsyncIterable<Uint8Array>,
  read: (size: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    read(piece.length);
  }
}

/**
 * Replaces a file in one step, and makes its folder if needed.
 *
 * @param isDurable it is on the disk before the old one goes. @throws FileError
 */
export function writeFile(path: string, content: string | Uint8Array, isDurable = false): void {
  makeFolder(dirname(path));
  const output = Output.toFile(path, isDurable);
  try {
    if (typeof content === 'string') output.write(content);
    else output.bytes(content);
    output.end();
  } finally {
    output.discard();
  }
}
