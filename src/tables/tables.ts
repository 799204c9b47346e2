import { keysOfFrames, keysOfRecords, recordKeyRows } from '../capture/keys/index.js';
import { enumName, type JsonSchema } from '../capture/payload/index.js';
import type { CaptureRecord, Frame, Outstanding } from '../capture/records/index.js';
import { type Message, MessageType, type Payload, type Protocol, payloadOf } from '../schema/index.js';
import { type Column, type ColumnType, fieldColumns } from './column.js';

/** A table: its name, and the columns of its rows. */
export interface Table<Item> {
  readonly name: string;
  readonly columns: readonly Column<Item>[];
}

/** A request with its reply. */
export interface CallRow {
  readonly request: number;
  readonly reply: number | undefined;
  readonly time: bigint | undefined;
  readonly from: number;
  readonly to: number;
  readonly seq: number;
  readonly name: string | undefined;
  readonly id: number;
  readonly error: number | undefined;
  readonly latencyNs: number | undefined;
}

/** The tables of captures of a protocol. Names and meanings of columns are those of NDJSON. */
export interface Tables {
  readonly messages: Table<CaptureRecord>;
  readonly packets: Table<Frame>;
  readonly calls: Table<CallRow>;
  /** By the name of the message. */
  readonly payloads: ReadonlyMap<string, Table<CaptureRecord>>;
}

export function tablesOf(protocol: Protocol): Tables {
  const known = protocol.messages.filter((message) => layoutsOf(message).length > 0);
  return {
    messages: { name: 'messages', columns: recordColumns(protocol) },
    packets: { name: 'packets', columns: frameColumns(protocol) },
    calls: { name: 'calls', columns: callColumns(protocol) },
    payloads: new Map(known.map((message) => [message.name, payloadTable(protocol, message)])),
  };
}

function recordColumns(protocol: Protocol): Column<CaptureRecord>[] {
  return recordKeyRows.flatMap(([name, { kind, record }]) => {
    if (record === undefined) return [];
    if (name === 'time') return [timeColumn(({ packets }: CaptureRecord) => packets[0]?.time)];
    const type = columnType(kind.schema(protocol));
    return [
      { name, type, read: (item: CaptureRecord) => keyCell(type, keysOfRecords.value(item, protocol, name)) },
    ];
  });
}

function frameColumns(protocol: Protocol): Column<Frame>[] {
  return recordKeyRows.flatMap(([name, { kind, frame }]) => {
    if (frame === undefined) return [];
    if (name === 'time') return [timeColumn(({ packet }: Frame) => packet.time)];
    const type = columnType(kind.schema(protocol));
    return [{ name, type, read: (item: Frame) => keyCell(type, keysOfFrames.value(item, protocol, name)) }];
  });
}

function callColumns(protocol: Protocol): Column<CallRow>[] {
  const number = (name: string, type: ColumnType, read: (row: CallRow) => number | undefined) => ({
    name,
    type,
    read: (row: CallRow) => keyCell(type, read(row)),
  });
  return [
    number('request', 's64', ({ request }) => request),
    number('reply', 's64', ({ reply }) => reply),
    timeColumn(({ time }: CallRow) => time),
    number('from', 's64', ({ from }) => from),
    number('to', 's64', ({ to }) => to),
    number('seq', 's64', ({ seq }) => seq),
    { name: 'id', type: 'text', read: ({ id }) => `0x${id.toString(16).padStart(8, '0')}` },
    { name: 'name', type: 'text', read: ({ name }) => name },
    {
      name: 'error',
      type: 'text',
      read: ({ error }) =>
        error === undefined ? undefined : (enumName(protocol.error, error) ?? String(error)),
    },
    number('latency_ns', 's64', ({ latencyNs }) => latencyNs),
  ];
}

/** Keys of a message that stand beside its fields. A field of the same name has `payload_` in front. */
const besideFields: readonly string[] = ['no', 'time', 'from', 'to', 'type', 'seq', 'error', 'request'];

/** Where the message was, and its fields. The fields of request and reply stand in one table, and `type` tells them apart. */
function payloadTable(protocol: Protocol, message: Message): Table<CaptureRecord> {
  const fields = fieldColumns(layoutsOf(message).flatMap((layout) => layout.layouts));
  const where = recordColumns(protocol).filter(({ name }) => besideFields.includes(name));
  const columns = fields.map(({ name, type, read }) => ({
    name: besideFields.includes(name) ? `payload_${name}` : name,
    type,
    read({ payload = {}, layout }: CaptureRecord) {
      const own = layout?.kind === 'variant' ? layout.layoutOf(payload) : layout;
      return own && read(payload, own);
    },
  }));
  return { name: message.name, columns: [...where, ...columns] };
}

function layoutsOf(message: Message): Payload[] {
  const types = [MessageType.request, MessageType.reply, MessageType.notification];
  const layouts = [
    ...types.map((type) => payloadOf(message, type)),
    payloadOf(message, MessageType.reply, 1),
  ];
  return [...new Set(layouts.filter((layout) => layout !== undefined))];
}

function timeColumn<Item>(read: (item: Item) => bigint | undefined): Column<Item> {
  return { name: 'time', type: 'time', read };
}

/** The type of a column for the values of a key of NDJSON. */
function columnType(schema: JsonSchema): ColumnType {
  if (schema.type === 'integer') return 's64';
  if (schema.type === 'string' || schema.enum !== undefined || schema.anyOf !== undefined) return 'text';
  return schema.const === true ? 'boolean' : 'json';
}

function keyCell(type: ColumnType, value: unknown): ReturnType<Column<never>['read']> {
  if (value === undefined) return undefined;
  if (type === 's64') return BigInt(value as number);
  if (type === 'text') return typeof value === 'string' ? value : JSON.stringify(value);
  return value as boolean;
}

/** The call that a reply ends. @returns undefined for other messages, and for a reply whose request is not known. */
export function callOf(record: CaptureRecord): CallRow | undefined {
  const { type, request, no, from, to, seq = 0, id = 0, message, error, latencyNs, packets } = record;
  if (type !== 'reply' || request === undefined) return undefined;
  const time = packets[0]?.time;
  const sent = time === undefined || latencyNs === undefined ? undefined : time - BigInt(latencyNs);
  return {
    request,
    reply: no,
    time: sent,
    from: to,
    to: from,
    seq,
    name: message?.name,
    id,
    error,
    latencyNs,
  };
}

/** The call of a request that was not answered. */
export function lostCall({ no, time, from, to, seq, id, name }: Outstanding): CallRow {
  const nothing = { reply: undefined, error: undefined, latencyNs: undefined };
  return { request: no, time, from, to, seq, id, name: name === '' ? undefined : name, ...nothing };
}
