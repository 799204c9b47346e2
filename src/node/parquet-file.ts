import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import {
  type CellMemory,
  type Cells,
  type ColumnType,
  type RowPutter,
  rowsMax,
  type Table,
} from '../tables/index.js';
import type { Output } from './output.js';
import { writeChunk } from './parquet-chunk.js';

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
  readonly #table: Table<Item>;
  readonly #putRow: RowPutter<Item>;
  readonly #bytes = new ByteWriter(1 << 10);
  readonly #writer: ParquetWriter;
  readonly #cells: readonly Cells[];
  #rows = 0;

  constructor(output: Output, table: Table<Item>, memory: CellMemory) {
    this.#output = output;
    this.#table = table;
    this.#putRow = table.putter();
    this.#cells = table.columns.map((column) => column.cells(memory));
    const fields = table.columns.map(({ name, type }) => ({
      name,
      repetition_type: 'OPTIONAL' as const,
      ...elementOf[type],
    }));
    const schema: SchemaElement[] = [{ name: 'root', num_children: fields.length }, ...fields];
    this.#writer = new ParquetWriter({ writer: this.#bytes, schema, createdBy: 'gunyah-rm' });
  }

  /** Bytes that the rows take that wait for their row group to be whole. */
  get size(): number {
    return this.#cells.reduce((sum, cells) => sum + cells.size, 0);
  }

  /** @throws FileError */
  row(item: Item): void {
    this.#putRow(item, this.#rows, this.#cells);
    this.#rows++;
    if (this.#rows < rowsMax) return;
    this.#write();
    for (const cells of this.#cells) cells.clear();
  }

  /** Writes the rows that wait as a row group, and frees their memory. @throws FileError */
  flush(): void {
    this.#write();
    for (const cells of this.#cells) cells.release();
  }

  /** @throws FileError */
  end(): void {
    this.#write();
    for (const cells of this.#cells) cells.drop();
    this.#writer.finish();
    this.#put();
    this.#output.end();
  }

  #write(): void {
    const rows = this.#rows;
    if (rows === 0) return;
    this.#rows = 0;
    const start = this.#bytes.offset;
    const columns = this.#table.columns.map(({ name, type }, at) =>
      writeChunk(this.#bytes, name, this.#cells[at] as Cells, rows, type === 'u64'),
    );
    this.#writer.num_rows += BigInt(rows);
    this.#writer.row_groups.push({
      columns,
      num_rows: BigInt(rows),
      total_byte_size: columns.reduce(
        (sum, chunk) => sum + (chunk.meta_data?.total_uncompressed_size ?? 0n),
        0n,
      ),
      total_compressed_size: BigInt(this.#bytes.offset - start),
    });
    this.#put();
  }

  #put(): void {
    this.#output.bytes(this.#bytes.getBytes());
    this.#bytes.index = 0;
  }
}
