import type { GrowingBuffer } from '../packets/index.js';
import { hexEnd, readGroup } from './groups.js';

/** What a line of hex says besides its bytes. */
export interface MessageLine {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Pieces between separators. */
  readonly pieces: number;
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
  const text = line.trimEnd();
  const last = text.at(-1);
  const isEscaped = last === '\\';
  const pieces = readBytes(isEscaped ? text.slice(0, -1) : text, route === null ? 0 : route[0].length, row);
  if (pieces === undefined) return undefined;
  const goesOn = isEscaped || ((last === ',' || last === ':') && text.indexOf(last) < text.length - 1);
  return { from, to, pieces, goesOn };
}

/** Whether a line without route begins as bytes do: what cannot be read in it is a mistake, not prose. */
export function looksLikeHex(line: string): boolean {
  return ROUTE.test(line) || HEX_WORDS.test(line);
}

/** One word of the digits and separators of hex, or two if more follows. */
const HEX_WORDS = /^\s*(?=[a-fx:,]*\d)[0-9a-fx:,]+\s*(?:$|\s[0-9a-fx:,]+(?:\s|$))/i;

/** Bytes in a row or apart, with or without `0x`; each piece has an even number of digits. Returns their number. */
function readBytes(line: string, start: number, row: GrowingBuffer): number | undefined {
  let pieces = 0;
  let at = skipSeparators(line, start);
  while (at < line.length) {
    if (line[at] === '0' && (line[at + 1] === 'x' || line[at + 1] === 'X')) at += 2;
    const end = hexEnd(line, at);
    if (!readGroup(line, at, end, true, row)) return undefined;
    pieces += 1;
    at = skipSeparators(line, end);
    // Only a separator or the end may follow; anything else leaves an empty group to the next turn.
  }
  return pieces;
}

function skipSeparators(line: string, start: number): number {
  let at = start;
  while (at < line.length && ' \t:,'.includes(line[at] as string)) at += 1;
  return at;
}
