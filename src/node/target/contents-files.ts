import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files that are kept. More than the steps on their way to a program, which has yet to read theirs. */
const FILES_MAX = 2048;
/** A folder of Linux in memory, where a file is written in a tenth of the time that one on a disk takes. */
const MEMORY_FOLDER = '/dev/shm';

/** Contents of memory as files, through which a program gets them. The same contents are mostly loaded again. */
export class ContentsFiles {
  /** The one that was not asked for the longest is the first. */
  readonly #names = new Map<Uint8Array, string>();
  #folder: string | undefined;

  of(bytes: Uint8Array): string {
    const known = this.#names.get(bytes);
    const name = known ?? this.#newName();
    if (known === undefined) writeFileSync(name, bytes);
    else this.#names.delete(bytes);
    this.#names.set(bytes, name);
    return name;
  }

  #newName(): string {
    this.#folder ??= newFolder();
    const { size } = this.#names;
    if (size < FILES_MAX) return join(this.#folder, `contents-${size}`);
    const [oldest, name] = this.#names.entries().next().value as [Uint8Array, string];
    this.#names.delete(oldest);
    return name;
  }
}

const folders: string[] = [];

/** A folder that is there until the process ends: programs come and go, and load the same contents. */
function newFolder(): string {
  if (folders.length === 0)
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });
  const folder = mkdtempSync(join(fastFolder(), 'gunyah-rm-fuzz-'));
  folders.push(folder);
  return folder;
}

function fastFolder(): string {
  try {
    accessSync(MEMORY_FOLDER, constants.W_OK);
    return MEMORY_FOLDER;
  } catch {
    return tmpdir();
  }
}
