import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** Files that are kept. More than the steps on their way to a program, which has yet to read theirs. */
const FILES_MAX = 2048;
/** A folder of Linux in memory, where a file is written in a tenth of the time that one on a disk takes. */
const MEMORY_FOLDER = '/dev/shm';

/** Contents of memory as files, through which a program gets them. The same contents are mostly loaded again. */
export class ContentsFiles {
  /** The one that was not asked for the longest is the first. */
  readonly #names = new Map<Uint8Array, string>();
  /** Where new files go. */
  #folder: string | undefined;
  /** The folder on a disk, when the one in memory has no room. */
  #diskFolder: string | undefined;

  of(bytes: Uint8Array): string {
    const known = this.#names.get(bytes);
    const name = known ?? this.#write(bytes, this.#newName());
    if (known !== undefined) this.#names.delete(bytes);
    this.#names.set(bytes, name);
    return name;
  }

  /** Removes the files, which no program needs any more. */
  remove(): void {
    this.#names.clear();
    for (const folder of [this.#folder, this.#diskFolder]) if (folder !== undefined) removeFolder(folder);
    this.#folder = undefined;
    this.#diskFolder = undefined;
  }

  #newName(): string {
    this.#folder ??= newFolder(fastFolder());
    const { size } = this.#names;
    if (size < FILES_MAX) return join(this.#folder, `contents-${size}`);
    const [oldest, name] = this.#names.entries().next().value as [Uint8Array, string];
    this.#names.delete(oldest);
    return name;
  }

  /** @returns its name, which is another one where there is no room for it. */
  #write(bytes: Uint8Array, name: string): string {
    try {
      writeFileSync(name, bytes);
      return name;
    } catch (error) {
      if (dirname(name) === this.#diskFolder) throw error;
    }
    // A container has 64 MiB of such memory by default.
    rmSync(name, { force: true });
    this.#diskFolder ??= newFolder(tmpdir());
    return this.#write(bytes, join(this.#diskFolder, basename(name)));
  }
}

const folders = new Set<string>();

/** A folder that goes when the process ends, if not before. */
function newFolder(parent: string): string {
  if (folders.size === 0) process.on('exit', removeAll);
  const folder = mkdtempSync(join(parent, 'gunyah-rm-fuzz-'));
  folders.add(folder);
  return folder;
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
  if (folders.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

function fastFolder(): string {
  try {
    accessSync(MEMORY_FOLDER, constants.W_OK);
    return MEMORY_FOLDER;
  } catch {
    return tmpdir();
  }
}
