import type { GrowingBuffer } from '../packets/index.js';

/** How a dump writes its bytes and what follows them. */
export interface GroupStyle {
  /**
   * Bytes of a group stand in memory order (xxd). Otherwise a group is a number, with the bytes of the little-endian
   * machine reversed.
   */
  readonly inMemoryOrder: boolean;
  /** Two spaces end the bytes. Otherwise the text column has a mark: `|` of hexdump -C, `>` of od -t x1z. */
  readonly spacesEnd: boolean;
}

/** Reads groups of hex digits from `start` up to the text column, their bytes into `row`. False for anything else. */
export function readGroups(style: GroupStyle, line: string, start: number, row: GrowingBuffer): boolean {
  row.clear();
  let at = start;
  const width = hexEnd(line, start) - start;
  for (;;) {
    const end = hexEnd(line, at);
    // A number of another width is cut.
    if (!style.inMemoryOrder && end - at !== width) return false;
    if (!readGroup(line, at, end, style.inMemoryOrder, row)) return false;
    at = skipSpaces(line, end);
    if (at === line.length) return true;
    const spaces = at - end;
    if (spaces === 0) return false;
    if (!style.spacesEnd) {
      // hexdump -C has a wide gap amid the bytes.
      if (line[at] === '|' || line[at] === '>') return true;
    } else if (spaces > 1) {
      return true;
    }
  }
}

/** Reads the digits [start, end), which are pairs; a number has 2, 4, 8 or 16 digits. */
export function readGroup(
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

/** Index behind the hex digits that begin at `start`. */
export function hexEnd(line: string, start: number): number {
  let at = start;
  while (at < line.length && digitOf(line.charCodeAt(at)) >= 0) at += 1;
  return at;
}

function skipSpaces(line: string, start: number): number {
  let at = start;
  while (line[at] === ' ') at += 1;
  return at;
}

function byteAt(line: string, at: number): number {
  return digitOf(line.charCodeAt(at)) * 16 + digitOf(line.charCodeAt(at + 1));
}

/** Value of a hex digit's character code, or -1. */
export function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
