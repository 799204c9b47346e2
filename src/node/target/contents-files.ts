import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FileError } from '../file-error.js';

/** Files that are kept. More than the steps on their way to a program, which has yet to read theirs. */
const FILES_MAX = 2048;
/** A folder of Linux in memory, where a file is written in a tenth of the time that one on a disk takes. */
const MEMORY_FOLDER = '/dev/shm';

/** Contents of memory as files, through which a program gets them. The same contents are mostly loaded again. */
export class ContentsFiles {
  /** Paths. The one that was not asked for the longest is the first. */
  readonly #paths = new Map<Uint8Array, string>();
  /** Folders in which there may be room. */
  readonly #parents: string[];
  #folder: string | undefined;
  readonly #folders: string[] = [];

  /** @param parents folders for the files, of which the first is used in which they can be written. */
  constructor(parents: readonly string[] = defaultParents()) {
    this.#parents = [...parents];
  }

  /** Path of a file with these bytes. @throws FileError */
  of(bytes: Uint8Array): string {
    const known = this.#paths.get(bytes);
    const path = known ?? this.#write(this.#newName(), bytes);
    if (known !== undefined) this.#paths.delete(bytes);
    this.#paths.set(bytes, path);
    return path;
  }

  /** Removes all files. */
  remove(): void {
    this.#paths.clear();
    this.#folder = undefined;
    for (const folder of this.#folders.splice(0)) removeFolder(folder);
  }

  /** A folder for all programs that the target starts: they come and go, and load the same contents. */
  #newFolder(parent: string): string {
    const folder = mkdtempSync(join(parent, 'gunyah-rm-fuzz-'));
    this.#folders.push(folder);
    if (left.size === 0) process.once('exit', removeLeft);
    left.add(folder);
    return folder;
  }

  #newName(): string {
    const { size } = this.#paths;
    if (size < FILES_MAX) return `contents-${size}`;
    const [oldest, path] = this.#paths.entries().next().value as [Uint8Array, string];
    this.#paths.delete(oldest);
    return basename(path);
  }

  #write(name: string, bytes: Uint8Array): string {
    for (;;) {
      const parent = this.#parents[0] as string;
      try {
        this.#folder ??= this.#newFolder(parent);
        const path = join(this.#folder, name);
        writeFileSync(path, bytes);
        return path;
      } catch (error) {
        // The folder in memory may be full: containers often have 64 MB of it.
        if (this.#parents.length === 1) throw new FileError(parent, error);
        this.#parents.shift();
        this.#folder = undefined;
      }
    }
  }
}

/** A folder that the user has chosen is the only one. */
function defaultParents(): readonly string[] {
  return process.env.TMPDIR === undefined ? [MEMORY_FOLDER, tmpdir()] : [tmpdir()];
}

/** Folders that are removed when the process ends, if nobody has done it before. */
const left = new Set<string>();

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  left.delete(folder);
  if (left.size === 0) process.off('exit', removeLeft);
}

function removeLeft(): void {
  for (const folder of left) removeFolder(folder);
}
