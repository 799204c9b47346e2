import { formatTime } from '../../base/time.js';
import { vmidName } from '../../capture/payload/index.js';
import { duration, problemText } from '../../capture/print/index.js';
import { formatId, MessageType } from '../../schema/index.js';
import { errorOf } from './message-fields.js';
import { Flag, type MessageIndex, recordTypes } from './message-index.js';
import type { View } from './view.js';

/** One line of the table. */
export interface Row {
  readonly no: number;
  /** UTC with nine decimals. Empty if the capture has no times. */
  readonly time: string;
  /** Nanoseconds since the first packet and since the row before. Undefined without times. */
  readonly sinceStartNs: number | undefined;
  readonly deltaNs: number | undefined;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  /** Name of the message, or its id if it is unknown. */
  readonly name: string;
  readonly seq: number | undefined;
  /** `no` of the reply to a request or of the request of a reply. */
  readonly partner: number | undefined;
  /** A request that no reply answers. */
  readonly unanswered: boolean;
  readonly error: string;
  readonly latency: string;
  /** Payload size in bytes. */
  readonly size: number;
  /** The problems of the message as text. Empty if it has none. */
  readonly issues: string;
}

/** Rows [start, end) of a view. */
export function rowsOf(index: MessageIndex, view: View, start: number, end: number): Row[] {
  const last = Math.min(end, view.count);
  return Array.from({ length: Math.max(0, last - start) }, (_, offset) => {
    const row = start + offset;
    const before = row === 0 ? undefined : view.messageAt(row - 1);
    return rowOf(index, view.messageAt(row), before);
  });
}

function rowOf(index: MessageIndex, at: number, before: number | undefined): Row {
  const { columns } = index.messages;
  const { time } = index.first(at);
  const type = recordTypes[columns.type[at] as number] as string;
  const latencyNs = columns.latencyNs[at] as number;
  const partner = columns.partner[at] as number;
  return {
    no: at + 1,
    time: time === undefined ? '' : formatTime(time),
    sinceStartNs: known(columns.at[at]),
    deltaNs:
      before === undefined ? undefined : known((columns.at[at] as number) - (columns.at[before] as number)),
    from: vmLabel(index, columns.from[at] as number),
    to: vmLabel(index, columns.to[at] as number),
    type,
    name: nameAt(index, at) ?? '(malformed)',
    seq: index.has(at, Flag.header) ? columns.seq[at] : undefined,
    partner: partner === 0 ? undefined : partner,
    unanswered: isUnanswered(index, at),
    error: String(errorOf(index, at) ?? ''),
    latency: Number.isNaN(latencyNs) ? '' : duration(latencyNs),
    size: columns.size[at] as number,
    issues: isProblemAt(index, at) ? problemText(index.record(at)) : '',
  };
}

/** `HLOS`, `RM`, or the number. */
export function vmLabel({ protocol }: MessageIndex, vmid: number): string {
  return vmidName(protocol, vmid) ?? String(vmid);
}

/** Name of a message, its id if it is unknown, undefined if it has no header. */
export function nameAt(index: MessageIndex, at: number): string | undefined {
  if (!index.has(at, Flag.header)) return undefined;
  return index.messageOf(at)?.name ?? formatId(index.messages.columns.id[at] as number);
}

/** Whether a message is a request, complete and not repeated, that has no reply. */
export function isUnanswered(index: MessageIndex, at: number): boolean {
  const { type, partner } = index.messages.columns;
  const isRequest = type[at] === MessageType.request && partner[at] === 0;
  return isRequest && !index.has(at, Flag.incomplete | Flag.duplicate);
}

/** Whether a message has a problem in the sense of `decode`. */
export function isProblemAt(index: MessageIndex, at: number): boolean {
  const type = recordTypes[index.messages.columns.type[at] as number];
  return index.has(at, Flag.issues | Flag.incomplete) || type === 'malformed' || type === 'continuation';
}

function known(ns: number | undefined): number | undefined {
  return Number.isNaN(ns) ? undefined : ns;
}
