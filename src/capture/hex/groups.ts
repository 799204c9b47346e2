import type { GrowingBuffer } from '../packets/index.js';
import { beginsHeader, beginsMessage, HEADER_SIZE } from './messages.js';

/** How a dump writes its bytes and what follows them. */
export interface GroupStyle {
  /**
   * Bytes of a group stand in memory order (xxd). Otherwise a group is a number, with the bytes of the little-endian
   * machine reversed.
   */
  readonly inMemoryOrder: boolean;
  /** Two spaces end the bytes. Otherwise the text column has a mark, or is the text of the bytes. */
  readonly spacesEnd: boolean;
}

/** What stands before a text column: `|` of hexdump -C, `>` of od -t x1z, the line of hexyl. */
const TEXT_MARKS = '|>│';
/** What stands between groups: spaces, and amid the bytes a dash (WinDbg) or the dotted line of hexyl. */
const GAP = /\s*(?:-(?=[\da-f]{2})|┊\s*)?/iy;

/** Reads groups of hex digits from `start` up to the text column, their bytes into `row`. False for anything else. */
export function readGroups(style: GroupStyle, line: string, start: number, row: GrowingBuffer): boolean {
  row.clear();
  let at = start;
  const width = hexEnd(line, start) - start;
  // Spaces at the end of a line are often lost.
  const textEnd = line.trimEnd().length;
  for (;;) {
    const end = hexEnd(line, at);
    // A number of another width is cut.
    if (!style.inMemoryOrder && end - at !== width) return style.spacesEnd && readRest(line, at, end, row);
    if (!readGroup(line, at, end, style.inMemoryOrder, row)) return false;
    at = gapEnd(line, end);
    if (at === line.length) return true;
    if (at === end) return false;
    const isDigit = digitOf(line.charCodeAt(at)) >= 0;
    if (!isDigit && TEXT_MARKS.includes(line[at] as string)) return true;
    if (textEnd - at <= row.length && isTextOf(row, line, at, textEnd)) return true;
    if (!style.spacesEnd || at - end === 1 || line.slice(end, at).trim() !== '') continue;
    if (!style.inMemoryOrder && readRestNumber(line, end, at, width, row)) return true;
    if (!isAmid(row, line, end, at, width)) return true;
  }
}

/** Bytes of a line of most programs. */
const LINE_SIZE = 16;

/** Reads the last, shorter group of a line of xxd, [start, end): its bytes stand in memory order, before the text. */
function readRest(line: string, start: number, end: number, row: GrowingBuffer): boolean {
  return row.length < LINE_SIZE && line.startsWith('  ', end) && readGroup(line, start, end, true, row);
}

/**
 * Reads the last number of a line of `xxd -e`, which has fewer bytes than the others and ends where they would.
 *
 * @param end where the digits before it end.
 * @param start where it begins.
 * @returns whether there is one. Otherwise the text column begins at `start`.
 */
function readRestNumber(
  line: string,
  end: number,
  start: number,
  width: number,
  row: GrowingBuffer,
): boolean {
  const restEnd = hexEnd(line, start);
  const digits = restEnd - start;
  if (row.length >= LINE_SIZE || digits === 0 || digits % 2 !== 0) return false;
  if (digits >= width || restEnd !== end + 1 + width || !line.startsWith('  ', restEnd)) return false;
  for (let at = restEnd - 2; at >= start; at -= 2) row.push(byteAt(line, at));
  return true;
}

/** Many programs print two spaces after each eight bytes of a line, or each four, and then bytes of the same kind. */
function isAmid(row: GrowingBuffer, line: string, end: number, at: number, width: number): boolean {
  const next = hexEnd(line, at);
  return row.length % 4 === 0 && at - end === 2 && next - at === width && (line[next] ?? ' ') === ' ';
}

/** Whether the rest of a line is the text of its bytes, with anything but hex digits where a byte is no character. */
function isTextOf(row: GrowingBuffer, line: string, start: number, textEnd: number): boolean {
  for (let index = 0; index < row.length; index++) {
    const byte = row.data[index] as number;
    const char = start + index < textEnd ? line.charCodeAt(start + index) : SPACE;
    const isShown = byte > SPACE && byte < DELETE;
    if (isShown ? char !== byte : digitOf(char) >= 0) return false;
  }
  return true;
}

const SPACE = 0x20;
const DELETE = 0x7f;

/** Reads a line of `xxd -e` that holds such a number alone, behind the spaces at `start`. */
export function readLoneRest(line: string, start: number, row: GrowingBuffer): boolean {
  row.clear();
  let at = start;
  while (line[at] === ' ') at += 1;
  const width = hexEnd(line, at) - start;
  return (width === 4 || width === 8 || width === 16) && readRestNumber(line, start - 1, at, width, row);
}

/** Turns the bytes of each group of `size` around. False if a shorter group is left, which stays as it is. */
export function turnGroups(row: GrowingBuffer, size: number): boolean {
  const whole = row.length - (row.length % size);
  for (let at = 0; at < whole; at += size) row.data.subarray(at, at + size).reverse();
  return whole === row.length;
}

/**
 * The size of groups that begin a message only when their bytes are turned around: numbers of a program that prints
 * them in the other order. 0 for all others.
 */
export function turnedSize(row: GrowingBuffer, groupSize: number): number {
  if (beginsMessage(row) || row.length < HEADER_SIZE || row.data[groupSize - 1] !== 0x21) return 0;
  return groupSize;
}

/** Turns groups around if the row then begins a message, and has not before. @returns their size, 0 if it has not. */
export function turnMessage(row: GrowingBuffer, groupSize: number): number {
  const size = groupSize > 1 ? turnedSize(row, groupSize) : 0;
  if (size === 0) return 0;
  turnGroups(row, size);
  if (beginsHeader(row)) return size;
  turnGroups(row, size);
  return 0;
}

/** Whether a row begins a message as it stands, or with groups of `groupSize` turned around. */
export function beginsHeaderTurned(row: GrowingBuffer, groupSize: number): boolean {
  const turned = turnMessage(row, groupSize);
  if (turned > 0) turnGroups(row, turned);
  return turned > 0 || beginsHeader(row);
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

function gapEnd(line: string, start: number): number {
  // A space between two groups, as almost all are: no expression is needed.
  if (line.charCodeAt(start) === SPACE && digitOf(line.charCodeAt(start + 1)) >= 0) return start + 1;
  GAP.lastIndex = start;
  return start + (GAP.exec(line)?.[0].length ?? 0);
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
