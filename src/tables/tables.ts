import type { CaptureRecord, Frame } from '../capture/records/index.js';
import { type Message, MessageType, type Payload, type Protocol, payloadOf } from '../schema/index.js';
import { type Call, callTable } from './calls.js';
import type { Cells } from './cells/index.js';
import type { Column, RowPutter, Table } from './column.js';
import { type FieldColumn, fieldColumns } from './field-columns.js';
import { type FieldReader, fieldReader } from './field-reader.js';
import { frameColumns, type KeyColumn, recordColumns } from './key-columns.js';
import { rowPutter } from './row-putter.js';

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
  const records = recordColumns(protocol);
  const where = records.filter(({ name }) => besideFields.includes(name));
  const wherePutter = rowPutter(protocol, where);
  return {
    messages: messageTable(protocol, records),
    packets: packetTable(protocol),
    calls: callTable(protocol),
    payloads: new Map(known.map((message) => [message.name, payloadTable(message, where, wherePutter)])),
  };
}

/** What holds of records that may have a key. */
const holds: Readonly<Record<NonNullable<KeyColumn<unknown>['onlyOf']>, string>> = {
  unusual: '!item.isPlain',
  unsound: '!item.isSound',
};

/** Rows of plain messages have no value in most columns: these are not asked. */
function messageTable(
  protocol: Protocol,
  columns: readonly KeyColumn<CaptureRecord>[],
): Table<CaptureRecord> {
  const conditions = columns.flatMap((column) =>
    column.onlyOf === undefined ? [] : [[column as Column<CaptureRecord>, holds[column.onlyOf]] as const],
  );
  return { name: 'messages', columns, putter: rowPutter(protocol, columns, new Map(conditions)) };
}

function packetTable(protocol: Protocol): Table<Frame> {
  const columns = frameColumns(protocol);
  return { name: 'packets', columns, putter: rowPutter(protocol, columns) };
}

/** Keys of a message that stand beside its fields. A field of the same name has `payload_` in front. */
const besideFields: readonly string[] = ['no', 'time', 'from', 'to', 'type', 'seq', 'error', 'request'];

/** Where the message was, and its fields. The fields of request and reply stand in one table, and `type` tells them apart. */
function payloadTable(
  message: Message,
  where: readonly Column<CaptureRecord>[],
  wherePutter: () => RowPutter<CaptureRecord>,
): Table<CaptureRecord> {
  const fields = fieldColumns(layoutsOf(message).flatMap((layout) => layout.layouts));
  const places = new Map(fields.map((column, index) => [column.name, { column, at: where.length + index }]));
  // A message has few layouts. To look in a map takes longer.
  const readers: { readonly layout: Payload; readonly read: FieldReader | undefined }[] = [];
  const readerOf = (layout: Payload) => {
    for (const known of readers) if (known.layout === layout) return known.read;
    const read = fieldReader(layout, places);
    readers.push({ layout, read });
    return read;
  };
  const own = fields.map(columnOfField);
  const columns = [...where, ...own];
  const put: RowPutter<CaptureRecord> = (item, row, cells) => {
    wherePutter()(item, row, cells);
    const { place } = item;
    const read = place && readerOf(item.layout as Payload);
    if (place !== undefined && read !== undefined)
      read(place.view, place.start, place.end, place.request, row, cells);
    else for (const [at, column] of own.entries()) column.put(item, row, cells[where.length + at] as Cells);
  };
  return { name: message.name, columns, putter: () => put };
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
