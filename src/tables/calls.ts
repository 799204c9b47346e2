import { PacketTime } from '../capture/packets/index.js';
import { enumName } from '../capture/payload/index.js';
import type { CaptureRecord, Outstanding } from '../capture/records/index.js';
import { formatId, type Protocol } from '../schema/index.js';
import { type Column, codeColumn, numberColumn, type Table } from './column.js';
import { rowPutter } from './row-putter.js';
import { timeColumn, timeOfRecord } from './times.js';

/** A request and its reply. */
export interface Call {
  /** When the request was sent. */
  readonly clockTime: PacketTime;
  /** Numbers of both messages, as `decode` counts. Without a reply, all that tells of one is undefined. */
  readonly request: number;
  readonly reply: number | undefined;
  /** VMIDs of the caller and of whom it asks. */
  readonly from: number;
  readonly to: number;
  /** Sequence number of both messages. */
  readonly seq: number;
  /** Undefined for a message id that the protocol does not have. */
  readonly name: string | undefined;
  readonly id: number;
  /** Error word of the reply. */
  readonly error: number | undefined;
  /** From the request to the reply; undefined also where a time is not known. */
  readonly latencyNs: number | undefined;
}

/** The table `calls`: a row for each call. @param protocol whose ids, names and errors are shown as text. */
export function callTable(protocol: Protocol): Table<Call> {
  const errorText = (error: number) => enumName(protocol.error, error) ?? String(error);
  const columns: Column<Call>[] = [
    numberColumn(protocol, 'request', 'request'),
    numberColumn(protocol, 'reply', 'reply'),
    timeColumn(protocol, 'clockTime'),
    numberColumn(protocol, 'from', 'from'),
    numberColumn(protocol, 'to', 'to'),
    numberColumn(protocol, 'seq', 'seq'),
    codeColumn(protocol, 'id', formatId, 'id'),
    codeColumn(protocol, 'name', (name: string) => name, 'name'),
    codeColumn(protocol, 'error', errorText, 'error'),
    numberColumn(protocol, 'latency_ns', 'latencyNs'),
  ];
  return { name: 'calls', columns, putter: rowPutter(protocol, columns) };
}

const WORD = 0x1_0000_0000;

/** A call that is filled in anew for each reply: an object for each would be garbage. */
class ReusedCall implements Call {
  request = 0;
  reply = 0;
  from = 0;
  to = 0;
  seq = 0;
  name: string | undefined;
  id = 0;
  error: number | undefined;
  latencyNs: number | undefined;
  readonly clockTime = new PacketTime();

  /** When the reply was sent. The request was sent `latencyNs` before; without that, its time is not known. */
  set answered(time: PacketTime) {
    const { latencyNs, clockTime: sent } = this;
    const borrows = time.low - (latencyNs ?? 0);
    const high = time.high + Math.floor(borrows / WORD);
    if (latencyNs === undefined) sent.ns = undefined;
    else if (time.isSplit && high >= 0 && high < WORD) sent.split(high, borrows >>> 0);
    else sent.ns = time.ns === undefined ? undefined : time.ns - BigInt(latencyNs);
  }
}

const latest = new ReusedCall();

/** The call that a reply ends. Valid until the next one. @returns undefined for other messages, and for a reply whose request is not known. */
export function callOf(record: CaptureRecord): Call | undefined {
  if (record.type !== 'reply' || record.request === undefined) return undefined;
  latest.request = record.request;
  latest.reply = record.no;
  latest.from = record.to;
  latest.to = record.from;
  latest.seq = record.seq ?? 0;
  latest.name = record.message?.name;
  latest.id = record.id ?? 0;
  latest.error = record.error;
  latest.latencyNs = record.latencyNs;
  latest.answered = timeOfRecord(record);
  return latest;
}

/** The call of a request that was not answered. */
export function lostCall({ no, clockTime, from, to, seq, id, name }: Outstanding): Call {
  const nothing = { reply: undefined, error: undefined, latencyNs: undefined };
  return {
    request: no,
    clockTime,
    from,
    to,
    seq,
    id,
    name: name === '' ? undefined : name,
    ...nothing,
  };
}
