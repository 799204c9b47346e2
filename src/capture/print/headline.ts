import {
  type ByteWriter,
  preparedText,
  putDecimal,
  putNineDigits,
  putPadded7,
  putPrepared,
} from '../../base/byte-writer.js';
import { CACHED_SIZE_MAX, TextCache } from '../../base/text-cache.js';
import { formatDuration, formatTime, putDuration, SecondTexts } from '../../base/time.js';
import { formatId, type Protocol } from '../../schema/index.js';
import type { Clock } from '../packets/index.js';
import { enumName, vmidName } from '../payload/index.js';
import type { CaptureRecord, RecordPacket } from '../records/index.js';
import type { PrintOptions, PrintStyle } from './options.js';

/** Whether times of a clock have a time of day. */
function hasTimeOfDay(clock: Clock | undefined): boolean {
  return clock === undefined || clock === 'wall' || clock === 'no-year';
}

/** Time of day in UTC, or seconds of a clock that counts from the machine's start; both with microseconds. */
export function timeText(time: bigint | undefined, clock: Clock | undefined): string {
  if (time === undefined) return '-'.padEnd(15);
  if (hasTimeOfDay(clock)) return formatTime(time).slice(-19, -4);
  const us = time / 1000n;
  return `${us / 1_000_000n}.${String(us % 1_000_000n).padStart(6, '0')}`.padStart(15);
}

export function route(protocol: Protocol, from: number, to: number): string {
  const name = (vmid: number) => vmidName(protocol, vmid) ?? `VM ${vmid}`;
  return `${name(from).padStart(6)} -> ${name(to).padEnd(6)}`;
}

/** Types of records, in few characters. */
export const typeTexts: Readonly<Record<string, string>> = {
  request: 'request',
  reply: 'reply',
  notification: 'notify',
  continuation: 'stray',
  malformed: 'malformed',
  other: 'other',
};

/** The line of a record that can be scanned: number, time, from and to, type, name, outcome, place in the traffic. */
export function headline(record: CaptureRecord, options: PrintOptions): string {
  const { style } = options;
  const { packets } = record;
  const first = packets[0] as RecordPacket;
  const parts = [
    style.dim(String(record.no).padStart(7)),
    style.dim(timeText(first.time, first.clock)),
    ...subject(record, options),
  ];
  if (record.incomplete)
    parts.push(style.bad(`incomplete: ${packets.length - 1} of ${record.announced} continuations`));
  const facts = factsOf(record);
  if (record.queue !== undefined) facts.unshift(`queue ${record.queue}`);
  if (record.duplicateOf !== undefined) facts.push(`repeats #${record.duplicateOf}`);
  if (facts.length > 0) parts.push(style.dim(facts.join(', ')));
  return parts.join('  ').trimEnd();
}

/** Which message goes from where to where, and what a reply says of the outcome. */
function subject(record: CaptureRecord, { protocol, style }: PrintOptions): string[] {
  const { type, message, id, error } = record;
  const broken = type === 'malformed' || type === 'continuation' || record.incomplete;
  const typeText = (typeTexts[type] as string).padEnd(9);
  const parts = [route(protocol, record.from, record.to), broken ? style.bad(typeText) : typeText];
  if (id !== undefined) parts.push(style.name(message?.name ?? formatId(id)));
  if (error !== undefined) parts.push(errorText(error, protocol, style));
  return parts;
}

/** What tells a record's place in the traffic: its number, its packets, what it answers and how fast. */
export function factsOf({ seq, packets, request, latencyNs }: CaptureRecord): string[] {
  const facts: string[] = [];
  if (seq !== undefined) facts.push(`seq ${seq}`);
  if (packets.length > 1) facts.push(`${packets.length} packets`);
  if (request !== undefined) facts.push(`to #${request}`);
  if (latencyNs !== undefined) facts.push(formatDuration(latencyNs));
  return facts;
}

function errorText(error: number, protocol: Protocol, style: PrintStyle): string {
  const name = enumName(protocol.error, error) ?? `error 0x${error.toString(16)}`;
  return error === 0 ? style.good(name) : style.bad(name);
}

const TO = preparedText(', to #');
const REPEATS = preparedText(', repeats #');
const PACKETS = preparedText(' packets');
/** Two characters as they lie in memory. */
const COMMA = 0x202c;
const SPACES = 0x2020;
const LINE_FEED = 0x0a;
/** Most bytes that a headline takes but for its subject. */
const ROOM = 160;

/** Writes the headlines of whole messages to a buffer, without colours. */
export class HeadlineWriter {
  readonly #options: PrintOptions;
  readonly #seconds = new SecondTexts((text) => text.slice(-'22:13:20.'.length));
  /** What headlines say between the time and the sequence number. */
  readonly #subjects = new TextCache();

  constructor(options: PrintOptions) {
    this.#options = options;
  }

  /** Writes {@link headline} of a message that is complete, and a line feed. */
  write(record: CaptureRecord, writer: ByteWriter): void {
    const { packets, seq, request, latencyNs, duplicateOf } = record;
    const subject = this.#subjectOf(record);
    writer.room(ROOM + CACHED_SIZE_MAX);
    writer.at = putPadded7(writer.view, writer.at, record.no);
    this.#time(packets[0] as RecordPacket, writer);
    const { view } = writer;
    let at = putDecimal(view, this.#subjects.put(view, writer.at, subject), seq as number);
    if (packets.length > 1) {
      view.setInt16(at, COMMA, true);
      at = putPrepared(view, putDecimal(view, at + 2, packets.length), PACKETS);
    }
    if (request !== undefined) at = putDecimal(view, putPrepared(view, at, TO), request);
    if (latencyNs !== undefined) {
      view.setInt16(at, COMMA, true);
      at = putDuration(view, at + 2, latencyNs);
    }
    if (duplicateOf !== undefined) at = putDecimal(view, putPrepared(view, at, REPEATS), duplicateOf);
    view.setUint8(at, LINE_FEED);
    writer.at = at + 1;
  }

  /** Writes the time of a packet, with what separates it from the number. */
  #time(packet: RecordPacket, writer: ByteWriter): void {
    const { clockTime, clock } = packet;
    const { view, at } = writer;
    view.setInt16(at, SPACES, true);
    writer.at = at + 2;
    if (clockTime?.isSplit !== true || !hasTimeOfDay(clock)) writer.text(timeText(packet.time, clock));
    else {
      this.#seconds.take(clockTime.high, clockTime.low);
      const { text, rest } = this.#seconds;
      // Microseconds: the last three digits are overwritten.
      writer.at = putNineDigits(view, putPrepared(view, at + 2, text), rest) - 3;
    }
  }

  /** The place of the text of what {@link subject} says. */
  #subjectOf(record: CaptureRecord): number {
    const { from, to, type, id = -1, error = -1 } = record;
    const route = 1 + from * 0x1_0000 + to;
    // A whole message has one of three types.
    const kind = type === 'request' ? 0 : type === 'reply' ? 1 : 2;
    const known = this.#subjects.find(route, kind, id, error);
    if (known >= 0) return known;
    const text = ['', ...subject(record, this.#options), 'seq '].join('  ');
    return this.#subjects.keep(route, kind, id, error, text);
  }
}
