import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { TableDatabase } from '../../src/node/duckdb.js';
import { Output } from '../../src/node/output.js';
import { ParquetFile } from '../../src/node/parquet-file.js';
import {
  CellMemory,
  type Cells,
  CodeCells,
  type ColumnType,
  plainCells,
  type Table,
  tablesOf,
} from '../../src/tables/index.js';
import { Random } from '../random.js';
import { withSeed } from '../seeded.js';
import { allRows } from './all-rows.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-encodings-'));
let database: TableDatabase;

beforeAll(async () => {
  mkdirSync(join(folder, 'messages'));
  database = await TableDatabase.open([folder], tablesOf(protocol));
});

afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

type Row = Readonly<Record<string, bigint | number | string | boolean | undefined>>;
type Put = { put(row: number, value: unknown): void; bigint(row: number, value: bigint): void };

const types: Readonly<Record<string, ColumnType>> = {
  steady: 's64',
  wild: 's64',
  small: 's64',
  unsigned: 'u64',
  word: 'u32',
  code: 'text',
  one: 'text',
  text: 'text',
  flag: 'boolean',
  nothing: 's64',
};

const table: Table<Row> = {
  name: 'values',
  columns: Object.entries(types).map(([name, type]) => ({
    name,
    type,
    cells: (memory: CellMemory) =>
      name === 'code' || name === 'one'
        ? new CodeCells<string>(memory, (text) => text)
        : plainCells(type, memory),
    put(item: Row, row: number, cells: Cells) {
      const value = item[name];
      if (typeof value === 'bigint') (cells as unknown as Put).bigint(row, value);
      else if (value !== undefined) (cells as unknown as Put).put(row, value);
    },
  })),
  putter: () => (item, row, cells) => {
    for (const [at, column] of table.columns.entries()) column.put(item, row, cells[at] as Cells);
  },
};

/** Rows whose columns have a value always, mostly, seldom or never, at first or to the end. */
function rowsWith(random: Random, count: number): Row[] {
  const odds = Object.keys(types).map(() => random.pick([1, 1, 2, 2, 9, count]));
  const [from, to] = [random.pick([0, random.below(count)]), random.pick([count, random.below(count)])];
  const step = random.pick([1, 30, 2 ** 20, 2 ** 34]);
  let steady = BigInt(random.below(2 ** 30)) << BigInt(random.below(20));
  return Array.from({ length: count }, (_, index) => {
    steady += BigInt(Math.floor((random.below(2 ** 16) / 2 ** 16) * step)) - BigInt(random.below(3));
    const wild = random.pick([
      0n,
      -1n,
      1n,
      (1n << 63n) - 1n,
      -(1n << 63n),
      BigInt(random.below(2 ** 32)) << 20n,
    ]);
    const all: Row = {
      steady,
      wild,
      small: random.pick([0, 1, 2 ** 31 - 1, random.below(2 ** 31)]),
      unsigned: BigInt.asUintN(64, wild),
      word: random.pick([0, 1, 0xffffffff, random.below(2 ** 32)]),
      code: `VM_${random.below(random.pick([1, 2, 300]))}`,
      one: 'one',
      text: random.pick(['', 'a', 'é\u{1f600}', 'x'.repeat(random.below(100))]),
      flag: random.once(2),
    };
    const isIn = (at: number) => index >= from && index <= to && random.once(odds[at] as number);
    return Object.fromEntries(Object.entries(all).filter((_, at) => isIn(at)));
  });
}

it('DuckDB reads the values that were put, in rows and row groups of any number', async () => {
  await withSeed(5, async (seed) => {
    const random = new Random(seed);
    for (const [run, count] of [1, 2, 7, 8, 9, 33, 128, 129, 130, 1000, 5000, 50_000, 60_001].entries()) {
      const path = join(folder, `${run}.parquet`);
      const memory = new CellMemory();
      const file = new ParquetFile(Output.toFile(path), table, memory);
      const rows = rowsWith(random, count);
      for (const row of rows) {
        if (random.once(2000)) file.flush();
        file.row(row);
      }
      file.end();
      expect(memory.bytes).toBe(0);
      const texts = Object.keys(types).map((name) => `"${name}"::VARCHAR`);
      const read = await allRows(database, `SELECT ${texts} FROM read_parquet('${path}')`);
      expect(read.rows).toEqual(
        rows.map((row) =>
          Object.keys(types).map((name) => (row[name] === undefined ? null : String(row[name]))),
        ),
      );
      // Row groups are left out by their least and greatest values.
      const wild = rows.filter((row) => row.wild === (1n << 63n) - 1n).length;
      const most = await allRows(
        database,
        `SELECT count(*) FROM read_parquet('${path}') WHERE wild = 9223372036854775807`,
      );
      expect(most.rows).toEqual([[wild]]);
    }
  });
});
