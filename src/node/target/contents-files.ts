import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files that are kept. More than the steps that are put at once. */
const FILES_MAX = 2048;

/** Contents of memory as files, through which a program gets them. The same contents are mostly loaded again. */
export class ContentsFiles {
  readonly #names = new Map<Uint8Array, string>();
  readonly #owners: Uint8Array[] = [];
  #folder: string | undefined;
  #next = 0;

  of(bytes: Uint8Array): string {
    const known = this.#names.get(bytes);
    if (known !== undefined) return known;
    this.#folder ??= newFolder();
    const name = join(this.#folder, `contents-${this.#next}`);
    const before = this.#owners[this.#next];
    if (before !== undefined) this.#names.delete(before);
    this.#owners[this.#next] = bytes;
    this.#next = (this.#next + 1) % FILES_MAX;
    writeFileSync(name, bytes);
    this.#names.set(bytes, name);
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
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-fuzz-'));
  folders.push(folder);
  return folder;
}
