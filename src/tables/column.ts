import type { Protocol } from '../schema/index.js';
import {
  BooleanCells,
  type CellMemory,
  type Cells,
  CodeCells,
  LongCells,
  TextCells,
  WordCells,
} from './cells/index.js';

/**
 * Types of columns. `u64` is an unsigned integer of 64 bits, `time` nanoseconds since 1970 UTC, `json` a JSON value:
 * lists, flags and structs.
 */
export type ColumnType = 'boolean' | 'u32' | 's64' | 'u64' | 'time' | 'text' | 'json';

/** A column of a table of items. */
export interface Column<Item> {
  readonly name: string;
  readonly type: ColumnType;
  /** Makes what holds its values. */
  cells(memory: CellMemory): Cells;
  /** Puts the value of a row into cells that it has made; nothing where the row has none. */
  put(item: Item, row: number, cells: Cells): void;
  /**
   * What reads the value first, or the property that it is; undefined: there is none. A reader is handed the protocol, so
   * that it can be one of many functions and not one function with many closures, which engines do not inline.
   */
  readonly read?: ((item: Item, protocol: Protocol) => unknown) | undefined;
  readonly property?: (keyof Item & string) | undefined;
  /** Puts the value that has been read. Without it, it is put as it is. */
  putValue?(value: unknown, row: number, cells: Cells): void;
}

/** Puts the values of a row into the cells of its columns. */
export type RowPutter<Item> = (item: Item, row: number, cells: readonly Cells[]) => void;

/** A table: its name, and the columns of its rows. */
export interface Table<Item> {
  readonly name: string;
  readonly columns: readonly Column<Item>[];
  /** What puts the values of a row into the cells of all columns: the same at each call. */
  putter(): RowPutter<Item>;
}

const makers: Readonly<Record<ColumnType, new (memory: CellMemory) => Cells>> = {
  boolean: BooleanCells,
  u32: WordCells,
  s64: LongCells,
  u64: LongCells,
  time: LongCells,
  text: TextCells,
  json: TextCells,
};

/** The cells of columns whose values do not repeat. */
export function plainCells(type: ColumnType, memory: CellMemory): Cells {
  return new makers[type](memory);
}

type Putting = Cells & { put(row: number, value: unknown): void };
export type Value<Item, V = unknown> =
  | ((item: Item, protocol: Protocol) => V | undefined)
  | (keyof Item & string);

/** A column of values that are read first. @param value what reads them, or the property that they are. */
export function valueColumn<Item>(
  protocol: Protocol,
  name: string,
  type: ColumnType,
  cells: Column<Item>['cells'],
  value: Value<Item>,
  putValue?: (value: unknown, row: number, cells: Cells) => void,
): Column<Item> {
  const read = typeof value === 'function' ? value : (item: Item) => item[value];
  return {
    name,
    type,
    cells,
    read,
    property: typeof value === 'function' ? undefined : value,
    ...(putValue && { putValue }),
    put(item, row, into: Putting) {
      const own = read(item, protocol);
      if (own === undefined) return;
      if (putValue === undefined) into.put(row, own);
      else putValue(own, row, into);
    },
  };
}

/** A column of numbers. */
export function numberColumn<Item>(
  protocol: Protocol,
  name: string,
  value: Value<Item, number>,
): Column<Item> {
  return valueColumn(protocol, name, 's64', (memory) => plainCells('s64', memory), value);
}

/** A column of values that repeat. They compare with `===`. */
export function codeColumn<Item, V extends number | string>(
  protocol: Protocol,
  name: string,
  textOf: (value: V) => string,
  value: Value<Item, V>,
): Column<Item> {
  return valueColumn(protocol, name, 'text', (memory) => new CodeCells(memory, textOf), value);
}
