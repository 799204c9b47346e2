import { formatHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { issueText } from '../../base/sentence.js';
import { formatDuration, formatTime } from '../../base/time.js';
import { annotate } from '../../codec/index.js';
import { formatId, type Payload, type Protocol } from '../../schema/index.js';
import {
  BytesType,
  type Field,
  type ListType,
  StructType,
  type Values,
  type WireType,
} from '../../wire/index.js';
import { frameType } from '../keys/index.js';
import type { Clock } from '../packets/index.js';
import { enumName, formatField, vmidName } from '../payload/index.js';
import type { CaptureRecord, Frame, RecordPacket } from '../records/index.js';

/** Colours, as functions from text to text; `src/node` makes those of a terminal. */
export interface PrintStyle {
  name(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  accent(text: string): string;
}

export interface PrintOptions {
  readonly protocol: Protocol;
  readonly style: PrintStyle;
  /** Columns to wrap at; undefined = never. */
  readonly width: number | undefined;
  /** Whether the bytes follow the fields; the records must then hold them. */
  readonly hex: boolean;
}

const indent = '         ';

/**
 * Writes a record as a block of text: one line that can be scanned (number, time, from and to, type, name, outcome),
 * then the fields, issues, left-over bytes and, on demand, all bytes with their offsets. `write` is called once, and for
 * the bytes as often as they need.
 */
export function writeRecord(
  record: CaptureRecord,
  options: PrintOptions,
  write: (text: string) => void,
): void {
  let lines = wrap(headline(record, options), options.width, indent.length);
  if (record.layout !== undefined && record.payload !== undefined) {
    lines = lines.concat(fieldLines(record.layout, record.payload, options, indent));
  }
  const { style } = options;
  for (const issue of record.issues) lines.push(`${indent}${style.bad('!')} ${style.bad(issueText(issue))}`);
  if (record.rest !== undefined) lines.push(bytesLine('rest', record.rest, options));
  if (record.raw !== undefined && !options.hex) lines.push(bytesLine('raw', record.raw, options));
  for (const { frame, comment } of record.packets) {
    if (comment !== undefined) lines.push(`${indent}${style.dim(`# packet ${frame}: ${jsonText(comment)}`)}`);
  }
  write(`${lines.join('\n')}\n`);
  if (options.hex && record.bytes !== undefined) writeDump(record.bytes, style, write);
}

/** Writes one queue message on one line (`decode --frames`), and on demand its bytes. */
export function writeFrame(frame: Frame, options: PrintOptions, write: (text: string) => void): void {
  const { style, protocol } = options;
  const { packet, header, index, issues } = frame;
  const size = packet.end - packet.start;
  const parts = [
    style.dim(String(packet.frame).padStart(7)),
    style.dim(timeText(packet.time, packet.clock)),
    route(protocol, frame.from, frame.to),
    frameType(frame).padEnd(12),
  ];
  if (header !== undefined) {
    const name = protocol.byId.get(header.msg_id)?.name ?? formatId(header.msg_id);
    const place = header.fragments === 0 ? '' : `  fragment ${index ?? '?'} of 0..${header.fragments}`;
    parts.push(style.name(name), style.dim(`seq ${header.seq}${place}`));
  }
  if (packet.queue !== undefined) parts.push(style.dim(`queue ${packet.queue}`));
  parts.push(style.dim(`${size} bytes`));
  const lines = [parts.join('  ')];
  for (const issue of issues) lines.push(`${indent}${style.bad(`! ${issueText(issue)}`)}`);
  write(`${lines.join('\n')}\n`);
  if (options.hex) writeDump(packet.data.subarray(packet.start, packet.end), style, write);
}

/** Time of day in UTC, or seconds of a clock that counts from the machine's start; both with microseconds. */
export function timeText(time: bigint | undefined, clock: Clock | undefined): string {
  if (time === undefined) return '-'.padEnd(15);
  if (clock === undefined || clock === 'wall' || clock === 'no-year') return formatTime(time).slice(-19, -4);
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

function headline(record: CaptureRecord, { protocol, style }: PrintOptions): string {
  const { packets, type, message, id } = record;
  const first = packets[0] as RecordPacket;
  const broken = type === 'malformed' || type === 'continuation' || record.incomplete;
  const typeText = (typeTexts[type] as string).padEnd(9);
  const parts = [
    style.dim(String(record.no).padStart(7)),
    style.dim(timeText(first.time, first.clock)),
    route(protocol, record.from, record.to),
    broken ? style.bad(typeText) : typeText,
  ];
  if (id !== undefined) parts.push(style.name(message?.name ?? formatId(id)));
  if (record.error !== undefined) parts.push(errorText(record.error, protocol, style));
  if (record.incomplete)
    parts.push(style.bad(`incomplete: ${packets.length - 1} of ${record.announced} continuations`));
  const facts = factsOf(record);
  if (record.queue !== undefined) facts.unshift(`queue ${record.queue}`);
  if (record.duplicateOf !== undefined) facts.push(`repeats #${record.duplicateOf}`);
  if (facts.length > 0) parts.push(style.dim(facts.join(', ')));
  return parts.join('  ').trimEnd();
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

/** A struct's fields, a line each; lists with an indented line per entry. */
function fieldLines(layout: Payload, value: Values, options: PrintOptions, margin: string): string[] {
  const shown = layout.fieldsIn(value);
  const width = Math.max(0, ...shown.map(({ name }) => name.length));
  return shown.flatMap((field) => {
    const item = value[field.name];
    const label = options.style.accent(field.name.padEnd(width));
    if (Array.isArray(item)) return listLines(field, item, value, options, margin, label);
    const text = formatField(options.protocol, field, item, value);
    return [
      ...wrap(`${margin}${label}  ${text}`, options.width, margin.length + width + 2),
      ...inside(field, item, options, margin),
    ];
  });
}

function listLines(
  field: Field,
  items: readonly unknown[],
  owner: Values,
  options: PrintOptions,
  margin: string,
  label: string,
): string[] {
  const entry = (field.type as ListType).entryType(owner);
  const lines = items.map((item, index) => {
    const head = `${margin}  ${options.style.dim(`[${index}]`)} `;
    if (!(entry instanceof StructType)) {
      const named = { ...field, type: entry as WireType };
      return [head + formatField(options.protocol, named, item, owner)];
    }
    const values = item as Values;
    const words = entry
      .fieldsIn(values)
      .map(
        (part) =>
          `${options.style.accent(part.name)} ${formatField(options.protocol, part, values[part.name], values)}`,
      );
    return wrap(head + words.join(', '), options.width, margin.length + 6);
  });
  return [`${margin}${label}  ${items.length} ${items.length === 1 ? 'entry' : 'entries'}`, ...lines.flat()];
}

/** Raw bytes whose inside has a declared layout (VM_EXITED's reason) are shown read as that. */
function inside(field: Field, value: unknown, options: PrintOptions, margin: string): string[] {
  const layout = field.type instanceof BytesType ? field.type.options.inside : undefined;
  if (layout === undefined || !(value instanceof Uint8Array)) return [];
  const { value: values } = annotate(layout, value);
  return fieldLines(layout, values, options, `${margin}  `);
}

/** Cuts a line at spaces so that it fits the width; what follows is indented by `hang`. Colour codes have no width. */
function wrap(line: string, width: number | undefined, hang: number): string[] {
  if (width === undefined) return [line];
  const lines: string[] = [];
  let current = '';
  let size = 0;
  for (const word of line.split(/(?<=\S) /)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colour codes begin with
    const length = word.replace(/\x1b\[[0-9;]*m/g, '').length;
    if (size > 0 && size + 1 + length > width) {
      lines.push(current);
      current = ' '.repeat(hang) + word;
      size = hang + length;
    } else {
      current += size === 0 ? word : ` ${word}`;
      size += length + (size === 0 ? 0 : 1);
    }
  }
  return [...lines, current];
}

/** Undecoded bytes on one line, cut after 64 bytes. */
function bytesLine(label: string, bytes: Uint8Array, { style }: PrintOptions): string {
  const shown = formatHex(bytes, 0, Math.min(bytes.length, 64));
  const more = bytes.length > 64 ? ` ... (${bytes.length} bytes)` : '';
  return `${indent}${style.warn(label)}  ${shown}${more}`;
}

const ROW_SIZE = 16;
/** Rows of a hex dump that are written at once. */
const ROWS_AT_ONCE = 1024;
const BYTES = Array.from({ length: 256 }, (_, byte) => byte);
const DIGITS = BYTES.map((byte) => `${byte.toString(16).padStart(2, '0')} `);
const SHOWN = BYTES.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));

/** A hex dump: offset, 16 bytes, their characters. */
function writeDump(bytes: Uint8Array, style: PrintStyle, write: (text: string) => void): void {
  let text = '';
  for (let start = 0, row = 1; start < bytes.length; start += ROW_SIZE, row++) {
    const end = Math.min(bytes.length, start + ROW_SIZE);
    let hex = '';
    let shown = '';
    for (let at = start; at < end; at++) {
      hex += DIGITS[bytes[at] as number];
      shown += SHOWN[bytes[at] as number];
    }
    const offset = start.toString(16).padStart(4, '0');
    text += `${indent}${style.dim(offset)}  ${hex.padEnd(3 * ROW_SIZE)} ${style.dim(shown)}\n`;
    if (row % ROWS_AT_ONCE !== 0) continue;
    write(text);
    text = '';
  }
  if (text !== '') write(text);
}
