import type { ByteWriter } from '../../base/byte-writer.js';
import { codecOf } from '../../codec/index.js';
import { sizesOf } from '../../rpc/index.js';
import { type Header, messageTypeNames, type Protocol } from '../../schema/index.js';
import type { CaptureRecord, Frame, RecordPacket, RecordType } from '../records/index.js';
import {
  clock,
  count,
  duration,
  flag,
  hex,
  integer,
  type KeyKind,
  list,
  orNull,
  size,
  text,
  time,
  u16,
  vmid,
} from './kinds.js';
import { comments, error, id, issues, name, payload, type } from './protocol-kinds.js';
import { writeTime } from './time.js';

/** A key of NDJSON lines: where its value comes from, and what follows for all who write, read or show such lines. */
export interface RecordKey<T = unknown, Given = unknown> {
  readonly kind: KeyKind<T, Given>;
  /** One sentence for people, with units. Description in the JSON Schema. */
  readonly doc: string;
  /**
   * The value in lines of messages, or the property that it is; undefined: this line does not have the key. Without it no
   * such line has.
   */
  readonly record?:
    | { [K in keyof CaptureRecord]: CaptureRecord[K] extends T | undefined ? K : never }[keyof CaptureRecord]
    | ((record: CaptureRecord, protocol: Protocol) => T | undefined);
  /** The same in lines of `decode --frames`. */
  frame?(frame: Frame, protocol: Protocol): T | undefined;
  /**
   * Writes the value of a message without making it first. False, with nothing or a part written, where that is not
   * possible: then it is made by `record`, and written by its kind.
   */
  writeRecord?(record: CaptureRecord, writer: ByteWriter): boolean;
  /** Every line of a message has it. */
  readonly required?: true;
  /**
   * Only unusual lines have it: of messages that are not plain (see `CaptureRecord.isPlain`), or whose payload is not sound
   * (`isSound`). The last keys alone may be the latter.
   */
  readonly onlyOf?: 'unusual' | 'unsound';
  /** Its value follows from that of this key, in all lines of a protocol. */
  readonly follows?: 'id';
  /** It tells where or when the message was captured, or names other records. `diff` compares messages without it. */
  readonly ofCapture?: true;
}

function key<T, Given>(kind: KeyKind<T, Given>, row: Omit<RecordKey<T, Given>, 'kind'>): RecordKey<T, Given> {
  return { kind, ...row };
}

/**
 * All keys of NDJSON lines, in the order in which lines have them. Everything that deals with these keys follows from
 * this table: `decode --json` with and without `--frames`, `encode`, the JSON Schema, the names that filters and
 * `diff --ignore` take, what `diff` compares, and the columns of the page of `inspect` and what it filters by. The first key of each sort of
 * line is required.
 */
export const recordKeys = {
  no: key(count, {
    doc: 'Number of the record, counted from 1.',
    record: 'no',
    required: true,
    ofCapture: true,
  }),
  frame: key(count, {
    doc: 'Number of the first packet in the capture.',
    record: ({ packets }) => firstOf(packets).frame,
    frame: ({ packet }) => packet.frame,
    required: true,
    ofCapture: true,
  }),
  frames: key(list(count), {
    doc: 'Numbers of all packets, when they are not consecutive.',
    onlyOf: 'unusual',
    record: ({ packets }) => (packets.length === 1 ? undefined : apart(packets)),
    ofCapture: true,
  }),
  sizes: key(list(size), {
    doc: 'Payload bytes of each packet, when the message is not cut as usual.',
    onlyOf: 'unusual',
    record: unusualSizes,
  }),
  headers: key(list(hex), {
    doc: 'RPC header of each packet, when they do not follow from the first.',
    onlyOf: 'unusual',
    record: unusualHeaders,
  }),
  time: key(time, {
    doc: 'Time of the first packet in UTC, with nanoseconds.',
    record: ({ packets }) => firstOf(packets).time,
    writeRecord: ({ packets }, writer) => writeTime(firstOf(packets).clockTime, writer),
    frame: ({ packet }) => packet.time,
    ofCapture: true,
  }),
  clock: key(clock, {
    doc: 'Clock of the times when they are not UTC: boot, mono, local, wall, no-year or relative.',
    onlyOf: 'unusual',
    record: ({ packets }) => firstOf(packets).clock,
    frame: ({ packet }) => packet.clock,
    ofCapture: true,
  }),
  times: key(list(orNull(time)), {
    doc: 'Times of all packets, when they differ. Null: a packet without time.',
    onlyOf: 'unusual',
    record: ({ packets }) => (packets.length === 1 ? undefined : timesOf(packets)),
    ofCapture: true,
  }),
  comment: key(comments, {
    doc: 'Comment of the first packet, or a list with the comment or null of each packet.',
    onlyOf: 'unusual',
    record: ({ packets }) =>
      packets.length === 1 && firstOf(packets).comment === undefined ? undefined : commentsOf(packets),
    frame: ({ packet }) => (packet.comment === undefined ? undefined : [packet.comment]),
  }),
  from: key(vmid, {
    doc: 'VMID of the sender.',
    record: 'from',
    frame: ({ from }) => from,
    required: true,
  }),
  to: key(vmid, {
    doc: 'VMID of the receiver.',
    record: 'to',
    frame: ({ to }) => to,
    required: true,
  }),
  queue: key(text, {
    doc: "The queue, by capability ID or direction, of a message that is of another queue than RM's.",
    onlyOf: 'unusual',
    record: 'queue',
    frame: ({ packet }) => packet.queue,
  }),
  type: key(type, {
    doc: 'Kind of message. Continuations and malformed queue messages are records when no message takes them.',
    record: 'type',
    frame: frameType,
    required: true,
  }),
  seq: key(u16, {
    doc: 'Sequence number, which a reply shares with its request.',
    record: 'seq',
    frame: ({ header }) => header?.seq,
  }),
  id: key(id, {
    doc: 'Message id.',
    record: 'id',
    frame: ({ header }) => header?.msg_id,
  }),
  name: key(name, {
    doc: 'Name of the message, when the id is known.',
    follows: 'id',
    record: ({ message }) => message?.name,
    frame: ({ header }, protocol) => header && protocol.byId.get(header.msg_id)?.name,
  }),
  fragments: key(integer(1, 'max_continuations'), {
    doc: 'Continuations that came after the first packet.',
    onlyOf: 'unusual',
    record: ({ packets }) => (packets.length > 1 ? packets.length - 1 : undefined),
    frame: ({ header }) => header?.fragments,
  }),
  incomplete: key(flag, {
    doc: 'Not all continuations came.',
    onlyOf: 'unusual',
    record: ({ incomplete }) => incomplete || undefined,
  }),
  announced: key(integer(0, 'max_continuations'), {
    doc: 'Continuations that the header of an incomplete message announces.',
    onlyOf: 'unusual',
    record: ({ incomplete, announced }) => (incomplete ? announced : undefined),
  }),
  error: key(error, {
    doc: 'Error word of a reply: its name, or the number when it has none.',
    record: 'error',
  }),
  request: key(count, {
    doc: 'Number of the record that this reply answers.',
    record: 'request',
    ofCapture: true,
  }),
  duplicate_of: key(count, {
    doc: 'Number of the unanswered request that this one repeats.',
    record: 'duplicateOf',
    ofCapture: true,
  }),
  latency_ns: key(duration, {
    doc: 'Nanoseconds between the request and this reply.',
    record: 'latencyNs',
    ofCapture: true,
  }),
  payload: key(payload, {
    doc: 'Fields of the payload, in the order of their bytes.',
    record: (record) => (record.layout === undefined ? undefined : record),
    writeRecord: (record, writer) => record.writePayload?.(writer) ?? false,
  }),
  rest: key(hex, {
    doc: 'Bytes that no field describes.',
    onlyOf: 'unsound',
    record: 'rest',
  }),
  index: key(size, {
    doc: 'Place of the packet in its message, 0 for the first.',
    frame: ({ index }) => index,
  }),
  size: key(size, {
    doc: 'Bytes of the queue message.',
    frame: ({ packet }) => packet.end - packet.start,
  }),
  issues: key(issues, {
    doc: 'What is wrong with the message.',
    onlyOf: 'unsound',
    record: (record) => (record.issues.length > 0 ? record.issues : undefined),
    frame: (frame) => (frame.issues.length > 0 ? frame.issues : undefined),
  }),
  raw: key(hex, {
    doc: 'All bytes of the payload, when the fields do not express them, or of the queue message.',
    onlyOf: 'unsound',
    record: 'raw',
    frame: ({ packet }) => packet.data.subarray(packet.start, packet.end),
  }),
};

export type RecordKeyName = keyof typeof recordKeys;

/** The table as pairs of name and row. */
export const recordKeyRows = Object.entries(recordKeys) as readonly (readonly [RecordKeyName, RecordKey])[];

function firstOf(packets: readonly RecordPacket[]): RecordPacket {
  return packets[0] as RecordPacket;
}

/** The kind of message that a queue message is by itself. */
export function frameType({ header, packet }: Frame): RecordType {
  if (packet.queue !== undefined) return 'other';
  return header === undefined ? 'malformed' : (messageTypeNames[header.type] as RecordType);
}

// Functions of their own, and only for several packets: most messages have one, and a closure per message costs time.
function apart(packets: readonly RecordPacket[]): number[] | undefined {
  const first = firstOf(packets).frame;
  const follow = packets.every(({ frame }, index) => frame === first + index);
  return follow ? undefined : packets.map(({ frame }) => frame);
}

function timesOf(packets: readonly RecordPacket[]): (bigint | undefined)[] | undefined {
  const first = firstOf(packets).time;
  return packets.every(({ time }) => time === first) ? undefined : packets.map(({ time }) => time);
}

function commentsOf(packets: readonly RecordPacket[]): (string | undefined)[] | undefined {
  const has = packets.some(({ comment }) => comment !== undefined);
  return has ? packets.map(({ comment }) => comment) : undefined;
}

function isMessage({ type }: CaptureRecord): boolean {
  return type !== 'continuation' && type !== 'malformed' && type !== 'other';
}

function unusualSizes(record: CaptureRecord, protocol: Protocol): number[] | undefined {
  const { packets } = record;
  if (packets.length === 1 && firstOf(packets).size <= protocol.limits.content) return undefined;
  const usual = sizesOf(protocol, record.size, packets.length);
  return isMessage(record) && packets.some((packet, index) => packet.size !== usual[index])
    ? packets.map((packet) => packet.size)
    : undefined;
}

/**
 * The headers of a message's packets when `encode` would not make them from the first one. The rules of a client also
 * take continuations of other messages, and may complete a message before the announced number has come.
 */
function unusualHeaders(record: CaptureRecord, protocol: Protocol): Uint8Array[] | undefined {
  const { packets, incomplete } = record;
  if (packets.length === 1 || !isMessage(record)) return undefined;
  const { seq, msg_id, fragments } = firstOf(packets).header as Header;
  const follow =
    packets.every(
      ({ header }) => header?.seq === seq && header.msg_id === msg_id && header.fragments === fragments,
    ) &&
    (incomplete || packets.length - 1 === fragments);
  return follow ? undefined : packets.map(({ header }) => codecOf(protocol.header).toBytes(header as Header));
}
