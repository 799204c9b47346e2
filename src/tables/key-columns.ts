import { jsonText } from '../base/json.js';
import { type RecordKey, recordKeyRows } from '../capture/keys/index.js';
import type { JsonSchema } from '../capture/payload/index.js';
import type { CaptureRecord, Frame } from '../capture/records/index.js';
import type { Protocol } from '../schema/index.js';
import type { TextCells } from './cells/index.js';
import { type Column, type ColumnType, codeColumn, plainCells, type Value, valueColumn } from './column.js';
import { timeColumn, timeOfFrame, timeOfRecord } from './times.js';

/** The column of a key of NDJSON lines. */
export interface KeyColumn<Item> extends Column<Item> {
  readonly onlyOf: RecordKey['onlyOf'];
}

/** The keys of lines of messages. */
export function recordColumns(protocol: Protocol): KeyColumn<CaptureRecord>[] {
  return recordKeyRows.flatMap(([name, key]) => {
    const { record, onlyOf, writeRecord } = key;
    if (record === undefined) return [];
    const column =
      name === 'time'
        ? timeColumn(protocol, timeOfRecord)
        : keyColumn<CaptureRecord>(name, key, protocol, record, writeRecord);
    return [{ ...column, onlyOf }];
  });
}

/** The keys of lines of `decode --frames`. */
export function frameColumns(protocol: Protocol): Column<Frame>[] {
  return recordKeyRows.flatMap(([name, key]) => {
    const { frame } = key;
    if (frame === undefined) return [];
    if (name === 'time') return [timeColumn(protocol, timeOfFrame)];
    return [name === 'raw' ? packetBytes : keyColumn<Frame>(name, key, protocol, frame)];
  });
}

/** The bytes of a packet where they are: making an array of them takes as long as writing them. */
const packetBytes: Column<Frame> = {
  name: 'raw',
  type: 'text',
  cells: (memory) => plainCells('text', memory),
  put({ packet: { data, start, end } }, row, cells: TextCells) {
    cells.open().hex(data, start, end);
    cells.close(row);
  },
};

function keyColumn<Item>(
  name: string,
  { kind }: RecordKey,
  protocol: Protocol,
  value: Value<Item>,
  write?: (item: Item, writer: TextCells['writer']) => boolean,
): Column<Item> {
  const type = columnType(kind.schema(protocol));
  const textOf = (own: unknown) => keyText(kind.toJson(own, protocol));
  if (type === 'text' && kind.repeats)
    return codeColumn<Item, never>(protocol, name, textOf, value as Value<Item, never>);
  const cells: Column<Item>['cells'] = (memory) => plainCells(type, memory);
  if (type === 's64' || type === 'boolean') return valueColumn(protocol, name, type, cells, value);
  const putValue = (own: unknown, row: number, into: TextCells) => {
    const writer = into.open();
    if (type === 'text' && own instanceof Uint8Array) writer.hex(own, 0, own.length);
    else if (type === 'text') writer.text(textOf(own));
    else if (kind.write !== undefined) kind.write(own, writer, protocol);
    else writer.text(kind.toText?.(own, protocol) ?? jsonText(kind.toJson(own, protocol)));
    into.close(row);
  };
  const column = valueColumn(protocol, name, type, cells, value, putValue as Column<Item>['putValue']);
  if (write === undefined) return column;
  return {
    name,
    type,
    cells,
    put(item, row, into: TextCells) {
      if (write(item, into.open())) into.close(row);
      else {
        into.cancel();
        column.put(item, row, into);
      }
    },
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
