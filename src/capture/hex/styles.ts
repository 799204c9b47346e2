import type { GrowingBuffer } from '../packets/index.js';

/**
 * How bytes are written in a text capture: `hex` one message per line, optionally after `SRC>DST`; `xxd-p` plain
 * hex cut into lines; `xxd`, `hexdump` (-C, or the default 16-bit words), `od` (-A x -t x1) and `dmesg` (the
 * kernel's print_hex_dump, with or without what dmesg puts before it) one dump per message.
 */
export type HexStyle = 'hex' | 'xxd' | 'xxd-p' | 'hexdump' | 'od' | 'dmesg';

/** The styles whose lines have an offset (or may have one) and an ASCII column. */
export type DumpStyle = Exclude<HexStyle, 'hex' | 'xxd-p'>;

/** The part of a dump line before its bytes. */
export interface DumpLine {
  /** The text that print_hex_dump was given as prefix, without what dmesg adds; empty in the other styles. */
  readonly name: string;
  /** Offset or address as printed; undefined if the line has none. */
  readonly offset: string | undefined;
  /** `offset` is no number or too wide to be an offset: the kernel was asked for addresses. */
  readonly isAddress: boolean;
  /** Base of the digits of `offset`. */
  readonly radix: 8 | 16;
}

/** What dmesg, /dev/kmsg readers, syslog and journalctl put before the text of a kernel message. */
const STAMP =
  /^(?:<\d+>)?(?:[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ kernel: |\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-][\d:]+) (?:\S+ kernel: )?)?(?:\[[^\]]{0,40}\d[.:]\d[^\]]{0,40}\](?:\s*\[\s*[TC]\d+\])? ?)?/;

/** print_hex_dump: "%s%.8x: " for an offset, "%s%p: " for an address. The name comes without a separator. */
const KERNEL_OFFSET = /(?<![0-9a-f])([0-9a-f]{8}(?:[0-9a-f]{8})?|\(_+ptrval_+\)): /gi;
/** Offset and colon. It has at least 4 digits, so that `21:01:…` does not match. */
const XXD_OFFSET = /^\s*([0-9a-f]{4,16}):(?: +|$)/i;
const PLAIN_OFFSET = /^\s*([0-9a-f]{4,16})(?: +|$)/i;
/** od -t x1 without -A x: octal, 7 digits. hexdump's 7 digits are hexadecimal, and stand before 16-bit words. */
const OCTAL_OFFSET = /^\s*[0-7]{7} [0-9a-f]{2}(?: |$)/i;

const ROUTE = /^\s*(0x[0-9a-f]+|\d+)\s*>\s*(0x[0-9a-f]+|\d+)(?:\s+|$)/i;
const VMID_MAX = 0xffff;

/** Longest text that is searched for a kernel dump line, which has at most 32 bytes and a prefix. */
const KERNEL_LINE_MAX = 4096;

/** Whether a line begins with what dmesg, syslog or journalctl print before a kernel message. */
export function hasKernelStamp(line: string): boolean {
  return (STAMP.exec(line)?.[0].length ?? 0) > 0;
}

/** Reads a dump line: its bytes into `row` (none: the line is an end offset). Undefined when it is no such line. */
export function parseDumpLine(style: DumpStyle, line: string, row: GrowingBuffer): DumpLine | undefined {
  row.clear();
  if (style === 'dmesg') return parseKernelLine(line, row);
  const match = (style === 'xxd' ? XXD_OFFSET : PLAIN_OFFSET).exec(line);
  if (match === null) return undefined;
  if (match[0].length < line.length && !readGroups(style, line, match[0].length, row)) return undefined;
  const radix = style === 'od' && OCTAL_OFFSET.test(line) ? 8 : 16;
  return { name: '', offset: match[1], isAddress: false, radix };
}

function parseKernelLine(line: string, row: GrowingBuffer): DumpLine | undefined {
  if (line.length > KERNEL_LINE_MAX) return undefined;
  const text = line.slice(STAMP.exec(line)?.[0].length ?? 0);
  for (const match of text.matchAll(KERNEL_OFFSET)) {
    if (!readGroups('dmesg', text, match.index + match[0].length, row)) continue;
    const offset = match[1] as string;
    return { name: text.slice(0, match.index), offset, isAddress: offset.length > 8, radix: 16 };
  }
  // Without an offset the bytes follow the name, which by custom ends with a colon, or nothing at all.
  for (let at = 0; ; ) {
    if (readGroups('dmesg', text, at, row)) {
      return { name: text.slice(0, at), offset: undefined, isAddress: false, radix: 16 };
    }
    const colon = text.indexOf(': ', at);
    if (colon < 0) return undefined;
    at = colon + 2;
  }
}

/**
 * Reads groups of hex digits up to the ASCII column. xxd writes the bytes of a group in memory order; the others
 * write a group as a number, that is with the bytes of the (little-endian) machine reversed.
 */
function readGroups(style: DumpStyle, line: string, start: number, row: GrowingBuffer): boolean {
  row.clear();
  let at = start;
  for (;;) {
    const end = hexEnd(line, at);
    if (!readGroup(line, at, end, style === 'xxd', row)) return false;
    at = skipSpaces(line, end);
    if (at === line.length) return true;
    const spaces = at - end;
    if (spaces === 0) return false;
    if (style === 'hexdump' || style === 'od') {
      // hexdump -C has a wide gap amid the bytes; its ASCII column, and that of od -t x1z, has a mark.
      if (line[at] === '|' || line[at] === '>') return true;
    } else if (spaces > 1) {
      return true;
    }
  }
}

function readGroup(
  line: string,
  start: number,
  end: number,
  inMemoryOrder: boolean,
  row: GrowingBuffer,
): boolean {
  const digits = end - start;
  if (digits === 0 || digits % 2 !== 0) return false;
  if (inMemoryOrder) {
    for (let at = start; at < end; at += 2) row.push(byteAt(line, at));
    return true;
  }
  if (digits !== 2 && digits !== 4 && digits !== 8 && digits !== 16) return false;
  for (let at = end - 2; at >= start; at -= 2) row.push(byteAt(line, at));
  return true;
}

/** A message on a line of its own. */
interface MessageLine {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** Reads `[SRC>DST] HEX`, its bytes into `row`; undefined when it is no such line. */
export function parseMessageLine(line: string, row: GrowingBuffer): MessageLine | undefined {
  row.clear();
  const route = ROUTE.exec(line);
  const from = route === null ? undefined : Number(route[1]);
  const to = route === null ? undefined : Number(route[2]);
  if ((from ?? 0) > VMID_MAX || (to ?? 0) > VMID_MAX) return undefined;
  return readBytes(line, route === null ? 0 : route[0].length, row) ? { from, to } : undefined;
}

/** Bytes in a row or apart, with or without `0x`; each piece has an even number of digits. */
function readBytes(line: string, start: number, row: GrowingBuffer): boolean {
  let at = skipSeparators(line, start);
  while (at < line.length) {
    if (line[at] === '0' && (line[at + 1] === 'x' || line[at + 1] === 'X')) at += 2;
    const end = hexEnd(line, at);
    if (!readGroup(line, at, end, true, row)) return false;
    at = skipSeparators(line, end);
    // Only a separator or the end may follow; anything else leaves an empty group to the next turn.
  }
  return true;
}

function hexEnd(line: string, start: number): number {
  let at = start;
  while (at < line.length && digitOf(line.charCodeAt(at)) >= 0) at += 1;
  return at;
}

function skipSpaces(line: string, start: number): number {
  let at = start;
  while (line[at] === ' ') at += 1;
  return at;
}

function skipSeparators(line: string, start: number): number {
  let at = start;
  while (at < line.length && ' \t:,'.includes(line[at] as string)) at += 1;
  return at;
}

function byteAt(line: string, at: number): number {
  return digitOf(line.charCodeAt(at)) * 16 + digitOf(line.charCodeAt(at + 1));
}

/** Value of a hex digit's character code, or -1. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
