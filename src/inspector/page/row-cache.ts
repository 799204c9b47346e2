import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from '../data/rows.js';
import type { Client } from './client.js';

/** Rows in a block. A question to the worker asks for one block. */
const blockSize = 64;
/** Largest number of blocks that are kept. */
const blocksMax = 64;

/** The rows of one view that were shown last. */
class RowCache {
  readonly #blocks = new Map<number, Row[]>();
  readonly #asked = new Map<number, number>();

  readonly #client: Client;
  readonly #changed: () => void;

  constructor(client: Client, changed: () => void) {
    this.#client = client;
    this.#changed = changed;
  }

  row(index: number): Row | undefined {
    return this.#blocks.get(Math.floor(index / blockSize))?.[index % blockSize];
  }

  /** Fetches those of rows [first, last) that are missing. The view has `count` rows. */
  fetch(first: number, last: number, count: number): void {
    for (let block = Math.floor(first / blockSize); block * blockSize < last; block++) {
      const start = block * blockSize;
      const wanted = Math.min(blockSize, count - start);
      // The last block of a growing view is fetched again, since it has more rows now.
      if ((this.#asked.get(block) ?? 0) >= wanted) continue;
      this.#asked.set(block, wanted);
      void this.#client.ask('rows', start, start + wanted).then((rows) => {
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

/** Fetches rows [first, last) of a view. The result returns a row, or undefined if the worker has not answered yet. */
export function useRows(
  client: Client,
  view: number,
  count: number,
  first: number,
  last: number,
): (row: number) => Row | undefined {
  const [, redraw] = useState(0);
  const cache = useRef<
    { readonly view: number; readonly client: Client; readonly rows: RowCache } | undefined
  >(undefined);
  if (cache.current?.view !== view || cache.current.client !== client) {
    cache.current = { view, client, rows: new RowCache(client, () => redraw((n) => n + 1)) };
  }
  const { rows } = cache.current;
  useLayoutEffect(() => rows.fetch(first, last, count), [rows, first, last, count]);
  return (row) => rows.row(row);
}
