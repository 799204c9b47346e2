import type { CaptureRecord, Frame } from '../capture/records/index.js';
import { type Message, MessageType, type Payload, type Protocol, payloadOf } from '../schema/index.js';
import { type Call, callTable, tableOf } from './calls.js';
import type { Cells } from './cells/index.js';
import type { Column, Table } from './column.js';
import { type FieldColumn, fieldColumns } from './field-columns.js';
import { type FieldReader, fieldReader } from './field-reader.js';
import { frameColumns, type KeyColumn, recordColumns } from './key-columns.js';

/** The tables of captures of a protocol. Names and meanings of columns are those of NDJSON. */
export interface Tables {
  readonly messages: Table<CaptureRecord>;
  readonly packets: Table<Frame>;
  readonly calls: Table<Call>;
  /** By the name of the message. */
  readonly payloads: ReadonlyMap<string, Table<CaptureRecord>>;
}

export function tablesOf(protocol: Protocol): Tables {
  const known = protocol.messages.filter((message) => layoutsOf(message).length > 0);
  return {
    messages: messageTable(protocol),
    packets: tableOf('packets', frameColumns(protocol)),
    calls: callTable(protocol),
    payloads: new Map(known.map((message) => [message.name, payloadTable(protocol, message)])),
  };
}

/** Rows of plain messages have no value in most columns: these are not asked. */
function messageTable(protocol: Protocol): Table<CaptureRecord> {
  const columns = recordColumns(protocol);
  const of = (onlyOf: KeyColumn<CaptureRecord>['onlyOf']) =>
    [...columns.entries()].filter(([, column]) => column.onlyOf === onlyOf);
  const [all, unusual, unsound] = [of(undefined), of('unusual'), of('unsound')];
  const put = (
    chosen: readonly (readonly [number, Column<CaptureRecord>])[],
    item: CaptureRecord,
    row: number,
    cells: readonly Cells[],
  ) => {
    for (const [at, column] of chosen) column.put(item, row, cells[at] as Cells);
  };
  return {
    name: 'messages',
    columns,
    put(item, row, cells) {
      put(all, item, row, cells);
      if (!item.isPlain) put(unusual, item, row, cells);
      if (!item.isSound) put(unsound, item, row, cells);
    },
  };
}

/** Keys of a message that stand beside its fields. A field of the same name has `payload_` in front. */
const besideFields: readonly string[] = ['no', 'time', 'from', 'to', 'type', 'seq', 'error', 'request'];

/** Where the message was, and its fields. The fields of request and reply stand in one table, and `type` tells them apart. */
function payloadTable(protocol: Protocol, message: Message): Table<CaptureRecord> {
  const where = recordColumns(protocol).filter(({ name }) => besideFields.includes(name));
  const fields = fieldColumns(layoutsOf(message).flatMap((layout) => layout.layouts));
  const places = new Map(fields.map((column, index) => [column.name, { column, at: where.length + index }]));
  const readers = new Map<Payload, FieldReader | undefined>();
  const readerOf = (layout: Payload) => {
    if (!readers.has(layout)) readers.set(layout, fieldReader(layout, places));
    return readers.get(layout);
  };
  const columns = [...where, ...fields.map(columnOfField)];
  return {
    name: message.name,
    columns,
    put(item, row, cells) {
      const { place } = item;
      const read = place && readerOf(item.layout as Payload);
      const one = read === undefined ? columns.length : where.length;
      for (let at = 0; at < one; at++)
        (columns[at] as Column<CaptureRecord>).put(item, row, cells[at] as Cells);
      if (place !== undefined) read?.(place.view, place.start, place.end, place.request, row, cells);
    },
  };
}

/** The column of a field of decoded payloads. */
function columnOfField(column: FieldColumn): Column<CaptureRecord> {
  const { name, type } = column;
  return {
    name: besideFields.includes(name) ? `payload_${name}` : name,
    type,
    cells: (memory) => column.cells(memory),
    put({ payload = {}, layout }, row, cells) {
      const own = layout?.kind === 'variant' ? layout.layoutOf(payload) : layout;
      if (own !== undefined) column.put(payload, own, row, cells);
    },
  };
}

function layoutsOf(message: Message): Payload[] {
  const types = [MessageType.request, MessageType.reply, MessageType.notification];
  const layouts = [
    ...types.map((type) => payloadOf(message, type)),
    payloadOf(message, MessageType.reply, 1),
  ];
  return [...new Set(layouts.filter((layout) => layout !== undefined))];
}
