import { GrowingBuffer } from '../packets/index.js';
import { digitOf, hexEnd, readGroup } from './groups.js';
import { beginsHeader } from './messages.js';

/** The two ways in which lines of hex can be read. */
export const LAYOUTS = '--format hex (each line is a message) or --format xxd-p (lines are pieces of one)';

/** What a line of hex says besides its bytes. */
export interface MessageLine {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Pieces between separators. */
  readonly pieces: number;
  /** Bytes of each piece; 0 if they differ. */
  readonly pieceSize: number;
  /** The line ends with a separator that also stands within it, or with a backslash: the next line goes on. */
  readonly goesOn: boolean;
}

const ROUTE = /^\s*(0x[0-9a-f]+|\d+)\s*>\s*(0x[0-9a-f]+|\d+)(?:\s+|$)/i;
const VMID_MAX = 0xffff;

/** Reads `[SRC>DST] HEX`, its bytes into `row`; undefined when it is no such line. */
export function parseMessageLine(line: string, row: GrowingBuffer): MessageLine | undefined {
  row.clear();
  // A line of Intel HEX: a length, an address and a checksum stand around its bytes.
  if (/^\s*:[0-9a-f]{10}/i.test(line)) return undefined;
  const route = ROUTE.exec(line);
  const from = route === null ? undefined : Number(route[1]);
  const to = route === null ? undefined : Number(route[2]);
  if ((from ?? 0) > VMID_MAX || (to ?? 0) > VMID_MAX) return undefined;
  const text = withoutEnd(line);
  const last = text.at(-1);
  const isEscaped = last === '\\';
  const pieces = readBytes(isEscaped ? text.slice(0, -1) : text, route === null ? 0 : route[0].length, row);
  // Separators alone are no message; a route alone is an empty one.
  if (pieces === undefined || (pieces.count === 0 && route === null)) return undefined;
  const goesOn = isEscaped || ((last === ',' || last === ':') && text.indexOf(last) < text.length - 1);
  return { from, to, pieces: pieces.count, pieceSize: pieces.size, goesOn };
}

/** The line without spaces and semicolons at its end. An expression would take the square of their number. */
function withoutEnd(line: string): string {
  let text = line.trimEnd();
  while (text.endsWith(';')) text = text.slice(0, -1).trimEnd();
  return text;
}

/** Whether all words of a line are of one size, and their bytes begin a message: the first is no offset. */
export function isMessageLine(line: string): boolean {
  const row = new GrowingBuffer();
  const parsed = parseMessageLine(line, row);
  return parsed !== undefined && parsed.pieceSize > 0 && beginsHeader(row);
}

/** Whether a line without route begins as bytes do: what cannot be read in it is a mistake, not prose. */
export function looksLikeHex(line: string): boolean {
  return ROUTE.test(line) || HEX_WORDS.test(line);
}

/** One word of the digits and separators of hex, or two if more follows. */
const HEX_WORDS = /^\s*(?=[a-fx:,]*\d)[0-9a-fx:,]+\s*(?:$|\s[0-9a-fx:,]+(?:\s|$))/i;

/** The pieces of a line. */
interface Pieces {
  readonly count: number;
  /** Bytes of each; 0 if they differ. */
  readonly size: number;
}

/** Bytes in a row or apart, all with `0x` or all without; each piece has an even number of digits. */
function readBytes(line: string, start: number, row: GrowingBuffer): Pieces | undefined {
  let count = 0;
  let size = 0;
  let prefixed = 0;
  let digits = 0;
  let isPadded = false;
  let at = skipSeparators(line, start);
  while (at < line.length) {
    const isPrefixed = line[at] === '0' && (line[at + 1] === 'x' || line[at + 1] === 'X');
    if (isPrefixed) {
      prefixed += 1;
      at += 2;
    }
    const end = hexEnd(line, at);
    // What `%x` of C and hex() of Python print of a byte.
    const isDigit = isPrefixed && end - at === 1;
    isPadded ||= isPrefixed && !isDigit && line[at] === '0';
    if (isDigit) {
      digits += 1;
      row.push(digitOf(line.charCodeAt(at)));
    } else if (!readGroup(line, at, end, true, row)) return undefined;
    const bytes = isDigit ? 1 : (end - at) / 2;
    count += 1;
    if (count === 1) size = bytes;
    else if (bytes !== size) size = 0;
    at = skipSeparators(line, end);
    // Only a separator or the end may follow; anything else leaves an empty group to the next turn.
  }
  // A word that is hex by chance, such as db before numbers.
  if (prefixed !== 0 && prefixed !== count) return undefined;
  // A program prints all numbers with zeros in front or none. The last may be cut.
  if (digits > 0 && (isPadded || digits === 1)) return undefined;
  // Dashes stand between single bytes. A UUID has them between others.
  return line.includes('-') && size !== 1 ? undefined : { count, size };
}

function skipSeparators(line: string, start: number): number {
  let at = start;
  while (at < line.length && ' \t:,-'.includes(line[at] as string)) at += 1;
  return at;
}
