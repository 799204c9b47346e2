import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { Cell, Column, ColumnType } from '../tables/index.js';
import type { Output } from './output.js';

/** Rows of a row group: engines skip whole groups, and one is held in memory. */
const groupRows = 50_000;

const elementOf: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  boolean: { type: 'BOOLEAN' },
  u32: { type: 'INT32', converted_type: 'UINT_32' },
  s64: { type: 'INT64' },
  u64: { type: 'INT64', converted_type: 'UINT_64' },
  // Not adjusted to UTC, which engines take for their type with nanoseconds. Times are UTC all the same.
  time: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'JSON' },
};

/** A Parquet file that grows by row groups. In memory is one row group. */
export class ParquetFile<Item> {
  readonly #output: Output;
  readonly #columns: readonly Column<Item>[];
  readonly #bytes = new ByteWriter(1 << 16);
  readonly #writer: ParquetWriter;
  #cells: (Cell | null)[][];
  #rows = 0;

  constructor(output: Output, columns: readonly Column<Item>[]) {
    this.#output = output;
    this.#columns = columns;
    this.#cells = columns.map(() => []);
    const fields = columns.map(({ name, type }) => ({
      name,
      repetition_type: 'OPTIONAL' as const,
      ...elementOf[type],
    }));
    const schema: SchemaElement[] = [{ name: 'root', num_children: fields.length }, ...fields];
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, createdBy: 'gunyah-rm' });
  }

  /** Cells that wait for their row group to be whole. */
  get waiting(): number {
    return this.#rows * this.#columns.length;
  }

  /** @throws FileError */
  row(item: Item): void {
    this.#columns.forEach((column, index) => {
      this.#cells[index]?.push(column.read(item) ?? null);
    });
    this.#rows++;
    if (this.#rows === groupRows) this.flush();
  }

  /** Writes the rows that wait as a row group. @throws FileError */
  flush(): void {
    if (this.#rows === 0) return;
    const columnData = this.#columns.map(({ name }, index) => ({
      name,
      data: this.#cells[index] as unknown[],
    }));
    this.#writer.write({ columnData, rowGroupSize: groupRows });
    this.#cells = this.#columns.map(() => []);
    this.#rows = 0;
    this.#put();
  }

  /** @throws FileError */
  end(): void {
    this.flush();
    this.#writer.finish();
    this.#put();
    this.#output.end();
  }

  #put(): void {
    this.#output.bytes(this.#bytes.getBytes().slice());
    this.#bytes.index = 0;
  }
}
