import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatTime } from '../base/time.js';
import type { Table } from '../tables/index.js';
import type { Files } from './files.js';
import { makeFolder } from './folder.js';
import type { Output } from './output.js';
import { ParquetFile } from './parquet-file.js';

/** Files that are open at once, and cells that wait in all of them: about 50 MB. */
const filesMax = 256;
const cellsMax = 600_000;

/**
 * A folder of tables in the layout that query engines know: `TABLE/capture=NAME/day=2023-11-14/part-0.parquet`. Rows
 * without time are of the day `unknown`.
 */
export class ParquetFolder {
  readonly #files: Files;
  readonly #folder: string;
  readonly #captures = new Set<string>();
  #capture = '';
  readonly #open = new Map<string, ParquetFile<never>>();
  readonly #parts = new Map<string, number>();
  #waiting = 0;

  constructor(files: Files, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /**
   * Rows come from this capture now. The last part of its path names the partition; a second capture of that name gets
   * `-2` behind it, the next `-3`.
   */
  begin(capture: string): void {
    const name = basename(capture);
    let unused = name;
    for (let number = 2; this.#captures.has(unused); number++) unused = `${name}-${number}`;
    this.#captures.add(unused);
    this.#capture = partition(unused);
  }

  /** Makes the folder of a table, also if no row comes. @throws FileError */
  makeTable({ name }: Table<never>): void {
    makeFolder(join(this.#folder, name));
  }

  /** @param time nanoseconds since 1970 UTC. @throws FileError */
  row<Item>({ name, columns }: Table<Item>, item: Item, time: bigint | undefined): void {
    const place = join(name, this.#capture, `day=${dayOf(time)}`);
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
    if (this.#waiting > cellsMax) this.#flushLargest();
  }

  /** Ends the files. What earlier conversions of the same captures left in the folder goes. @throws FileError */
  end(): void {
    for (const place of [...this.#open.keys()]) this.#end(place);
    for (const capture of this.#captures) this.#removeOld(partition(capture));
  }

  #removeOld(capture: string): void {
    for (const table of namesIn(this.#folder))
      for (const day of namesIn(join(this.#folder, table, capture))) {
        const place = join(table, capture, day);
        for (const file of namesIn(join(this.#folder, place))) {
          const part = /^part-(\d+)\.parquet$/.exec(file);
          const isOld = part !== null && Number(part[1]) >= (this.#parts.get(place) ?? 0);
          if (isOld) rmSync(join(this.#folder, place, file), { force: true });
        }
      }
  }

  /** Ends the row group that takes most of the memory, so that those of small tables stay large. */
  #flushLargest(): void {
    const largest = [...this.#open.values()].reduce((best, file) =>
      file.waiting > best.waiting ? file : best,
    );
    this.#waiting -= largest.waiting;
    largest.flush();
  }

  #end(place: string): void {
    const file = this.#open.get(place);
    this.#waiting -= file?.waiting ?? 0;
    file?.end();
    this.#open.delete(place);
  }

  #output(path: string): Output {
    makeFolder(dirname(path));
    return this.#files.output(path, '--output');
  }
}

/** Layouts of this kind escape what paths give a meaning. */
function partition(capture: string): string {
  return `capture=${encodeURIComponent(capture)}`;
}

/** What lies in a folder: nothing if it is none. */
function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
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
