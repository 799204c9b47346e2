import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import type { Packet } from '../../src/capture/packets/index.js';
import { Assembler, type CaptureRecord } from '../../src/capture/records/index.js';
import { rulesOf } from '../../src/rpc/index.js';
import {
  BooleanCells,
  CellMemory,
  type Cells,
  CodeCells,
  LongCells,
  type Table,
  type TextCells,
  tablesOf,
  WordCells,
} from '../../src/tables/index.js';
import { play } from '../capture/mutated-packets.js';
import { budget } from '../part.js';
import { withSeed } from '../seeded.js';

const memory = new CellMemory();
const tables = tablesOf(protocol);

/** The value that cells hold of their only row. */
function onlyValue(cells: Cells): unknown {
  if (cells.count === 0) return undefined;
  if (cells instanceof CodeCells) return cells.texts[cells.codes[0] as number];
  if (cells instanceof BooleanCells) return cells.values[0];
  if (cells instanceof WordCells) return cells.words[0];
  if (cells instanceof LongCells) return cells.at(0);
  const { writer } = cells as TextCells;
  return new TextDecoder().decode(writer.bytes.subarray(4, writer.at));
}

/** The cells of a table, for one row at a time. */
class OneRow<Item> {
  readonly #table: Table<Item>;
  readonly #cells: readonly Cells[];

  constructor(table: Table<Item>) {
    this.#table = table;
    this.#cells = table.columns.map((column) => column.cells(memory));
  }

  /** @param way at once, or each column by itself, which is what a row is by definition. */
  values(item: Item, way: 'row' | 'columns'): unknown {
    for (const cells of this.#cells) cells.clear();
    const { columns } = this.#table;
    if (way === 'row') this.#table.putter()(item, 0, this.#cells);
    else for (const [at, column] of columns.entries()) column.put(item, 0, this.#cells[at] as Cells);
    return Object.fromEntries(columns.map(({ name }, at) => [name, onlyValue(this.#cells[at] as Cells)]));
  }
}

const messages = new OneRow(tables.messages);
const payloads = new Map(Array.from(tables.payloads, ([name, table]) => [name, new OneRow(table)]));

function rowsOf(record: CaptureRecord, way: 'row' | 'columns'): unknown[] {
  const payload = record.layout && payloads.get(record.message?.name ?? '');
  return [messages.values(record, way), payload?.values(record, way)];
}

describe.each(['rm', 'a14', 'q515'])('rows from bytes, by the rules %s', (name) => {
  it('are those of decoded messages, whatever the queue messages are', () => {
    withSeed(31, (seed) => {
      const expected: unknown[] = [];
      let compared = 0;
      const rules = rulesOf(name);
      const plain = new Assembler({
        protocol,
        rules,
        record: (record) => expected.push(rowsOf(record, 'columns')),
      });
      const lazy = new Assembler({
        protocol,
        rules,
        reuses: true,
        record(record) {
          const [row, wanted] = [rowsOf(record, 'row'), expected.shift()];
          // Much cheaper than `toEqual`, which tells the difference.
          if (!isDeepStrictEqual(row, wanted)) expect(row).toEqual(wanted);
          compared++;
        },
      });
      const both = (packet: Packet) => {
        plain.packet(packet);
        lazy.packet(packet);
      };
      play(both, seed, budget(20_000));
      plain.end();
      lazy.end();
      expect(expected).toEqual([]);
      expect(compared).toBeGreaterThan(budget(6000));
    });
  });
});
