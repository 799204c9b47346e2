import { mkdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatTime } from '../base/time.js';
import type { Table } from '../tables/index.js';
import { FileError } from './file-error.js';
import type { Files } from './files.js';
import type { Output } from './output.js';
import { ParquetFile } from './parquet-file.js';

/** Files that are open at once, and rows that wait in all of them. */
const filesMax = 256;
const rowsMax = 400_000;

/**
 * A folder of tables in the layout that query engines know: `TABLE/capture=NAME/day=2023-11-14/part-0.parquet`. Rows
 * without time are of the day `unknown`.
 */
export class ParquetFolder {
  readonly #files: Files;
  readonly #folder: string;
  #capture = '';
  readonly #open = new Map<string, ParquetFile<never>>();
  readonly #parts = new Map<string, number>();
  #waiting = 0;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Rows come from this capture now: the last part of its path names the partition. */
  begin(capture: string): void {
    // Layouts of this kind escape what paths give a meaning.
    this.#capture = encodeURIComponent(basename(capture));
  }

  /** @param time nanoseconds since 1970 UTC. @throws FileError */
  row<Item>({ name, columns }: Table<Item>, item: Item, time: bigint | undefined): void {
    const place = join(name, `capture=${this.#capture}`, `day=${dayOf(time)}`);
    let file = this.#open.get(place) as ParquetFile<Item> | undefined;
    if (file === undefined) {
      if (this.#open.size >= filesMax) this.#end(this.#open.keys().next().value as string);
      const part = this.#parts.get(place) ?? 0;
      this.#parts.set(place, part + 1);
      file = new ParquetFile(this.#output(join(this.#folder, place, `part-${part}.parquet`)), columns);
      this.#open.set(place, file as ParquetFile<never>);
    }
    const before = file.waiting;
    file.row(item);
    this.#waiting += file.waiting - before;
    if (this.#waiting > rowsMax) this.#flush();
  }

  /** @throws FileError */
  end(): void {
    for (const place of [...this.#open.keys()]) this.#end(place);
  }

  #flush(): void {
    for (const file of this.#open.values()) file.flush();
    this.#waiting = 0;
  }

  #end(place: string): void {
    const file = this.#open.get(place);
    this.#waiting -= file?.waiting ?? 0;
    file?.end();
    this.#open.delete(place);
  }

  #output(path: string): Output {
    try {
      mkdirSync(dirname(path), { recursive: true });
    } catch (error) {
      throw new FileError(path, error);
    }
    return this.#files.output(path, '--output');
  }
}

const NS_PER_DAY = 86_400_000_000_000n;
let knownDay: bigint | undefined;
let knownText = '';

function dayOf(time: bigint | undefined): string {
  if (time === undefined) return 'unknown';
  const day = time / NS_PER_DAY - (time < 0n && time % NS_PER_DAY !== 0n ? 1n : 0n);
  if (day !== knownDay) {
    knownDay = day;
    knownText = formatTime(day * NS_PER_DAY).replace(/T.*/, '');
  }
  return knownText;
}
