import { formatHex } from '../../base/hex.js';
import { jsonText } from '../../base/json.js';
import { issueText } from '../../base/sentence.js';
import { formatId } from '../../schema/index.js';
import { frameType } from '../keys/index.js';
import { fieldMargin } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import { fieldLines, wrap } from './field-lines.js';
import { headline, route, timeText } from './headline.js';
import type { PrintOptions, PrintStyle } from './options.js';

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
  const lines = [
    ...wrap(headline(record, options), options.width, fieldMargin.length),
    ...payloadLines(record, options),
    ...otherLines(record, options),
  ];
  write(`${lines.join('\n')}\n`);
  if (options.hex && record.bytes !== undefined) writeDump(record.bytes, options.style, write);
}

/** The fields of a record, a line each or more. */
export function payloadLines({ layout, payload }: CaptureRecord, options: PrintOptions): string[] {
  return layout === undefined || payload === undefined ? [] : fieldLines(layout, payload, options);
}

/** What there is to say of a record behind its fields: of most nothing. */
export function otherLines(record: CaptureRecord, options: PrintOptions): string[] {
  const { style } = options;
  const { issues, rest, raw, packets } = record;
  const lines = issues.flatMap((issue) => {
    const line = `${fieldMargin}${style.bad('!')} ${style.bad(issueText(issue))}`;
    return wrap(line, options.width, fieldMargin.length + MARK_SIZE);
  });
  if (rest !== undefined) lines.push(bytesLine('rest', rest, options));
  if (raw !== undefined && !options.hex) lines.push(bytesLine('raw', raw, options));
  for (const { frame, comment } of packets) {
    if (comment !== undefined)
      lines.push(`${fieldMargin}${style.dim(`# packet ${frame}: ${jsonText(comment)}`)}`);
  }
  return lines;
}

/** Writes one queue message on one line (`decode --frames`), or more where the width asks for it, and on demand its bytes. */
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
  const lines = wrap(parts.join('  '), options.width, fieldMargin.length);
  for (const issue of issues) {
    const line = `${fieldMargin}${style.bad(`! ${issueText(issue)}`)}`;
    lines.push(...wrap(line, options.width, fieldMargin.length + MARK_SIZE));
  }
  write(`${lines.join('\n')}\n`);
  if (options.hex) writeDump(packet.data.subarray(packet.start, packet.end), style, write);
}

/** `! ` in front of an issue. */
const MARK_SIZE = 2;

/** Undecoded bytes on one line, cut after 64 bytes. */
function bytesLine(label: string, bytes: Uint8Array, { style }: PrintOptions): string {
  const shown = formatHex(bytes, 0, Math.min(bytes.length, 64));
  const more = bytes.length > 64 ? ` ... (${bytes.length} bytes)` : '';
  return `${fieldMargin}${style.warn(label)}  ${shown}${more}`;
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
    text += `${fieldMargin}${style.dim(offset)}  ${hex.padEnd(3 * ROW_SIZE)} ${style.dim(shown)}\n`;
    if (row % ROWS_AT_ONCE !== 0) continue;
    write(text);
    text = '';
  }
  if (text !== '') write(text);
}
