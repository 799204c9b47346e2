import { jsonText } from '../base/json.js';
import { type RecordKey, recordKeyRows } from '../capture/keys/index.js';
import type { JsonSchema } from '../capture/payload/index.js';
import type { CaptureRecord, Frame } from '../capture/records/index.js';
import type { Protocol } from '../schema/index.js';
import { type BooleanCells, CodeCells, type LongCells, type TextCells } from './cells/index.js';
import { type Column, type ColumnType, plainCells, timeColumn } from './column.js';

/** The column of a key of NDJSON lines. */
export interface KeyColumn<Item> extends Column<Item> {
  readonly onlyOf: RecordKey['onlyOf'];
}

/** The keys of lines of messages. */
export function recordColumns(protocol: Protocol): KeyColumn<CaptureRecord>[] {
  return recordKeyRows.flatMap(([name, key]) => {
    const { record } = key;
    if (record === undefined) return [];
    if (name === 'time')
      return [
        keyColumn(
          key,
          timeColumn(({ packets }: CaptureRecord) => packets[0]),
        ),
      ];
    const read =
      typeof record === 'function'
        ? (item: CaptureRecord) => record(item, protocol)
        : (item: CaptureRecord) => item[record];
    return [keyColumn(key, valueColumn(name, key, protocol, read, key.writeRecord))];
  });
}

/** The keys of lines of `decode --frames`. */
export function frameColumns(protocol: Protocol): KeyColumn<Frame>[] {
  return recordKeyRows.flatMap(([name, key]) => {
    const { frame } = key;
    if (frame === undefined) return [];
    if (name === 'time')
      return [
        keyColumn(
          key,
          timeColumn(({ packet }: Frame) => packet),
        ),
      ];
    return [
      keyColumn(
        key,
        valueColumn(name, key, protocol, (item: Frame) => frame(item, protocol)),
      ),
    ];
  });
}

function keyColumn<Item>({ onlyOf }: RecordKey, column: Column<Item>): KeyColumn<Item> {
  return { ...column, onlyOf };
}

function valueColumn<Item>(
  name: string,
  key: RecordKey,
  protocol: Protocol,
  read: (item: Item) => unknown,
  write?: (item: Item, writer: TextCells['writer']) => boolean,
): Column<Item> {
  const { kind } = key;
  const type = columnType(kind.schema(protocol));
  if (type === 'text' && kind.repeats) {
    const textOf = (value: unknown) => keyText(kind.toJson(value, protocol));
    return codeColumn(name, textOf, read);
  }
  const cells: Column<Item>['cells'] = (memory) => plainCells(type, memory);
  if (type === 's64') return { name, type, cells, put: putNumber(read) };
  if (type === 'boolean') return { name, type, cells, put: putBoolean(read) };
  if (type === 'text')
    return {
      name,
      type,
      cells,
      put(item, row, into: TextCells) {
        const value = read(item);
        if (value === undefined) return;
        if (value instanceof Uint8Array) {
          into.open().hex(value, 0, value.length);
          into.close(row);
        } else into.put(row, keyText(kind.toJson(value, protocol)));
      },
    };
  return {
    name,
    type,
    cells,
    put(item, row, into: TextCells) {
      if (write !== undefined) {
        if (write(item, into.open())) {
          into.close(row);
          return;
        }
        into.cancel();
      }
      const value = read(item);
      if (value === undefined) return;
      const writer = into.open();
      if (kind.write !== undefined) kind.write(value, writer, protocol);
      else writer.text(kind.toText?.(value, protocol) ?? jsonText(kind.toJson(value, protocol)));
      into.close(row);
    },
  };
}

/** A column of values that repeat. They compare with `===`. */
export function codeColumn<Item, V>(
  name: string,
  textOf: (value: V) => string,
  read: (item: Item) => V | undefined,
): Column<Item> {
  return {
    name,
    type: 'text',
    cells: (memory) => new CodeCells(memory, textOf),
    put(item, row, cells: CodeCells<V>) {
      const value = read(item);
      if (value !== undefined) cells.put(row, value);
    },
  };
}

/** A column of numbers. */
export function numberColumn<Item>(name: string, read: (item: Item) => number | undefined): Column<Item> {
  return { name, type: 's64', cells: (memory) => plainCells('s64', memory), put: putNumber(read) };
}

function putNumber<Item>(read: (item: Item) => unknown) {
  return (item: Item, row: number, cells: LongCells) => {
    const value = read(item);
    if (value !== undefined) cells.put(row, value as number);
  };
}

function putBoolean<Item>(read: (item: Item) => unknown) {
  return (item: Item, row: number, cells: BooleanCells) => {
    const value = read(item);
    if (value !== undefined) cells.put(row, value as boolean);
  };
}

/** The type of a column for the values of a key of NDJSON. */
function columnType(schema: JsonSchema): ColumnType {
  if (schema.type === 'integer') return 's64';
  if (schema.type === 'string' || schema.enum !== undefined || schema.anyOf !== undefined) return 'text';
  return schema.const === true ? 'boolean' : 'json';
}

function keyText(json: unknown): string {
  return typeof json === 'string' ? json : JSON.stringify(json);
}
