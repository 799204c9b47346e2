import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatTime } from '../base/time.js';
import type { PacketTime } from '../capture/packets/index.js';
import { CellMemory, type Table } from '../tables/index.js';
import type { Files } from './files.js';
import { makeFolder } from './folder.js';
import type { Output } from './output.js';
import { ParquetFile } from './parquet-file.js';

/** Files that are open at once, and bytes that the cells of all of them take. */
const filesMax = 256;
const memoryMax = 48 << 20;

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
  readonly #memory = new CellMemory();
  readonly #tables: TableFiles<never>[] = [];

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
    for (const table of this.#tables) table.forget();
  }

  /** Makes the folder of a table, also if no row comes. @throws FileError */
  makeTable({ name }: Table<never>): void {
    makeFolder(join(this.#folder, name));
  }

  /** What writes the rows of a table. */
  table<Item>(table: Table<Item>): TableFiles<Item> {
    const files = new TableFiles<Item>(
      (day) => this.#fileOf(table as Table<never>, day),
      this.#memory,
      () => this.#flushLargest(),
    );
    this.#tables.push(files as TableFiles<never>);
    return files;
  }

  #fileOf(table: Table<never>, day: string): ParquetFile<never> {
    const place = join(table.name, this.#capture, `day=${day}`);
    let file = this.#open.get(place);
    if (file === undefined) {
      if (this.#open.size >= filesMax) this.#end(this.#open.keys().next().value as string);
      const part = this.#parts.get(place) ?? 0;
      this.#parts.set(place, part + 1);
      const output = this.#output(join(this.#folder, place, `part-${part}.parquet`));
      file = new ParquetFile(output, table, this.#memory);
      this.#open.set(place, file);
    }
    return file;
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
    const largest = [...this.#open.values()].reduce((best, file) => (file.size > best.size ? file : best));
    largest.flush();
  }

  #end(place: string): void {
    for (const table of this.#tables) table.forget();
    this.#open.get(place)?.end();
    this.#open.delete(place);
  }

  #output(path: string): Output {
    makeFolder(dirname(path));
    return this.#files.output(path, '--output');
  }
}

/** The files of a table, of which one takes the rows of a day. */
class TableFiles<Item> {
  readonly #fileOf: (day: string) => ParquetFile<Item>;
  readonly #memory: CellMemory;
  readonly #flushLargest: () => void;
  /** The file that took a row last: the next row mostly goes there too. */
  #file: ParquetFile<Item> | undefined;
  #day = '';

  constructor(fileOf: (day: string) => ParquetFile<never>, memory: CellMemory, flushLargest: () => void) {
    this.#fileOf = fileOf as (day: string) => ParquetFile<Item>;
    this.#memory = memory;
    this.#flushLargest = flushLargest;
  }

  /** Adds a row to the file of a day. @throws FileError */
  row(item: Item, day: string): void {
    if (this.#file === undefined || day !== this.#day) {
      this.#file = this.#fileOf(day);
      this.#day = day;
    }
    this.#file.row(item);
    if (this.#memory.bytes > memoryMax) this.#flushLargest();
  }

  /** The file is no more open, or rows come from another capture. */
  forget(): void {
    this.#file = undefined;
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
let knownText = '';
/** All times whose upper half is between these, which is 4.3 s, are of the day that was asked for last. */
let [knownStart, knownEnd] = [0, 0];

/** The day of the partition that rows of a time belong to. */
export function dayOf(time: PacketTime): string {
  if (time.isSplit && time.high > knownStart && time.high < knownEnd) return knownText;
  const { ns } = time;
  if (ns === undefined) return 'unknown';
  const high = Number(ns >> 32n);
  if (high > knownStart && high < knownEnd) return knownText;
  const day = ns / NS_PER_DAY - (ns < 0n && ns % NS_PER_DAY !== 0n ? 1n : 0n);
  knownStart = Number((day * NS_PER_DAY) >> 32n);
  knownEnd = Number(((day + 1n) * NS_PER_DAY) >> 32n);
  knownText = formatTime(day * NS_PER_DAY).replace(/T.*/, '');
  return knownText;
}
