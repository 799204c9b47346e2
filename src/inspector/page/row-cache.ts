import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../data/rows.js';
import type { Client } from './client.js';

/** Rows in a block. A question to the worker asks for one block. */
const blockSize = 64;
/** Largest number of blocks that are kept. */
const blocksMax = 64;

/** What rows depend on: the view, the notes, and the columns of the table. */
interface RowsForm {
  readonly view: number;
  readonly edits: number;
  readonly columns: readonly string[];
}

/** The rows of one form that were shown last. */
class RowCache {
  readonly #blocks = new Map<number, Row[]>();
  readonly #asked = new Map<number, number>();
  readonly #client: Client;
  readonly #columns: readonly string[];
  readonly #changed: () => void;
  /** Rows from before: they are shown until the worker has answered, so that nothing flickers. */
  readonly #before: ReadonlyMap<number, Row[]>;

  constructor(
    client: Client,
    columns: readonly string[],
    before: ReadonlyMap<number, Row[]>,
    changed: () => void,
  ) {
    this.#client = client;
    this.#columns = columns;
    this.#before = before;
    this.#changed = changed;
  }

  /** Rows that the next cache may show at first. */
  get blocks(): ReadonlyMap<number, Row[]> {
    return this.#blocks.size === 0 ? this.#before : this.#blocks;
  }

  row(index: number): Row | undefined {
    const block = Math.floor(index / blockSize);
    return (this.#blocks.get(block) ?? this.#before.get(block))?.[index % blockSize];
  }

  /** Fetches those of rows [first, last) that are missing. The view has `count` rows. */
  fetch(first: number, last: number, count: number): void {
    for (let block = Math.floor(first / blockSize); block * blockSize < last; block++) {
      const start = block * blockSize;
      const wanted = Math.min(blockSize, count - start);
      // The last block of a growing view is fetched again, since it has more rows now.
      if ((this.#asked.get(block) ?? 0) >= wanted) continue;
      this.#asked.set(block, wanted);
      void this.#client.ask('rows', start, start + wanted, this.#columns).then((rows) => {
        this.#keep(block, rows);
        this.#changed();
      });
    }
  }

  #keep(block: number, rows: Row[]): void {
    this.#blocks.delete(block);
    this.#blocks.set(block, rows);
    if (this.#blocks.size <= blocksMax) return;
    const [oldest] = this.#blocks.keys();
    if (oldest === undefined) return;
    this.#blocks.delete(oldest);
    this.#asked.delete(oldest);
  }
}

interface Current {
  readonly client: Client;
  readonly columns: string;
  readonly form: string;
  readonly rows: RowCache;
}

/** Fetches rows [first, last) of a view. The result returns a row, or undefined if the worker has not answered yet. */
export function useRows(
  client: Client,
  { view, edits, columns }: RowsForm,
  count: number,
  first: number,
  last: number,
): (row: number) => Row | undefined {
  const [, redraw] = useState(0);
  const current = useRef<Current | undefined>(undefined);
  const names = columns.join();
  const form = `${view} ${edits} ${names}`;
  const { current: before } = current;
  if (before?.form !== form || before.client !== client) {
    const isSame = before?.client === client && before.columns === names;
    const shown = isSame ? before.rows.blocks : new Map<number, Row[]>();
    const rows = new RowCache(client, columns, shown, () => redraw((n) => n + 1));
    current.current = { client, columns: names, form, rows };
  }
  const { rows } = current.current as Current;
  useLayoutEffect(() => rows.fetch(first, last, count), [rows, first, last, count]);
  return (row) => rows.row(row);
}
