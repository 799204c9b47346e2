import { code, hexDigits, isAt, type Line, Names, wordChars } from './line.js';
import type { Direction } from './message.js';
import { isLineEnd } from './printed-bytes.js';
import { StampReader } from './stamp.js';

/**
 * Sixteen bytes or fewer of a dump that print_hex_dump_debug of a Gunyah driver printed. Valid until the next line is
 * read, and so is the memory that its stamp is read from.
 */
export interface DumpLine {
  readonly prefix: DumpPrefix;
  /** The thread or processor that printed, where the kernel tells it; else ''. */
  readonly caller: string;
  readonly offset: number;
  /** The first `size` bytes of `row`. */
  readonly row: Uint8Array;
  readonly size: number;
  readonly stamp: Pick<StampReader, 'time'>;
}

/** What the prefix of a dump tells. */
export interface DumpPrefix {
  /** The lines of one dump have the same, and the same caller. */
  readonly name: string;
  readonly direction: Direction;
  /**
   * `queue`: a message of some queue. `repeat`: RM's driver prints what the queue's driver has printed before.
   * `payload`: RM's driver prints the payload without its header.
   */
  readonly source: 'queue' | 'repeat' | 'payload';
}

const QUEUE_FUNCTION = /^(?:gh|gunyah)_msgq_\w*?(send|recv|tx|rx)\w*$/;
const RM_FUNCTION = /^(?:gh_rm_recv|gh_rm_call (TX|RX))$/;

/** A stamp, a prefix, an offset and sixteen bytes with their characters take less. */
const DUMP_LINE_MAX = 1024;
const G = 0x67;
const H = 0x68;
const U = 0x75;
/** Digits of an offset. */
const OFFSET_DIGITS = 8;
/** Bytes of the longest line of a dump. */
const ROW_MAX = 32;

/** The one line object of a reader. */
class CurrentLine implements DumpLine {
  prefix: DumpPrefix = { name: '', direction: 'tx', source: 'queue' };
  caller = '';
  offset = 0;
  readonly row = new Uint8Array(ROW_MAX);
  size = 0;
  readonly stamp: StampReader;

  constructor(stamp: StampReader) {
    this.stamp = stamp;
  }
}

/**
 * Reads lines like `gh_msgq_send: 00000000: 21 01 …`. The prefix of receives is the function's name without a colon. The
 * ASCII column that other callers ask for stands behind two spaces.
 */
export class DumpLines {
  readonly #prefixes = new Names(prefixOf);
  readonly #stamp = new StampReader();
  readonly #line = new CurrentLine(this.#stamp);

  /** Undefined when the line is no dump of a Gunyah driver. */
  parse(line: Line): DumpLine | undefined {
    const { data, start, end } = line;
    if (end - start > DUMP_LINE_MAX) return undefined;
    for (let at = start; at < end - OFFSET_DIGITS; at++) {
      if (!isDriverName(data, at) || !this.#dump(data, at, end)) continue;
      this.#stamp.read(data, start, at);
      this.#stamp.pass();
      this.#line.caller = this.#stamp.caller;
      return this.#line;
    }
    return undefined;
  }

  /** As `parse`, for a line that begins as one before did: it need not be searched. Undefined for all others. */
  parseNext({ data, start, end }: Line): DumpLine | undefined {
    if (end - start > DUMP_LINE_MAX) return undefined;
    const at = this.#stamp.readKnown(data, start, end, isDriverName);
    if (at < 0 || !this.#dump(data, at, end)) return undefined;
    this.#stamp.pass();
    this.#line.caller = this.#stamp.caller;
    return this.#line;
  }

  /** A line of the log that is no dump: its time counts for those behind it. */
  pass({ data, start, end }: Line): void {
    this.#stamp.passLine(data, start, end);
  }

  /** Reads what begins at `prefixStart` into `#line`. @returns false when it is no dump. */
  #dump(data: Uint8Array, prefixStart: number, end: number): boolean {
    let prefixEnd = prefixStart;
    while (prefixEnd < end && wordChars[data[prefixEnd] as number] === 1) prefixEnd++;
    if (data[prefixEnd] === code.space && isAt(data, prefixEnd + 2, 'X')) prefixEnd += 3;
    let at = prefixEnd;
    if (data[at] === code.colon) at++;
    if (data[at] === code.space) at++;
    let bytesStart = offsetEnd(data, at, end);
    // `gh_msgq_recv00000000: `: the name and the offset without anything between.
    if (bytesStart < 0) {
      at = prefixEnd - OFFSET_DIGITS;
      prefixEnd = at;
      bytesStart = at <= prefixStart ? -1 : offsetEnd(data, at, end);
    }
    if (bytesStart < 0) return false;
    const prefix = this.#prefixes.get(data, prefixStart, prefixEnd);
    if (prefix === undefined || !this.#hex(data, bytesStart, end)) return false;
    this.#line.prefix = prefix;
    this.#line.offset = hexNumber(data, at, at + OFFSET_DIGITS);
    return true;
  }

  /** `21 01 00` up to the end of the line, one space, or two and anything. */
  #hex(data: Uint8Array, start: number, end: number): boolean {
    const { row } = this.#line;
    let size = 0;
    for (let at = start; size < ROW_MAX; at += 3) {
      const high = at < end ? (hexDigits[data[at] as number] as number) : -1;
      const low = at + 1 < end ? (hexDigits[data[at + 1] as number] as number) : -1;
      if (high < 0 || low < 0) return false;
      row[size++] = high * 16 + low;
      this.#line.size = size;
      if (at + 2 >= end) return true;
      if (data[at + 2] !== code.space) return isLineEnd(data, at + 2, end);
      if (at + 3 >= end || data[at + 3] === code.space) return true;
    }
    return false;
  }
}

/** Whether the name of a driver's function begins here, for all that its first letters tell. */
export function isDriverName(data: Uint8Array, at: number): boolean {
  if (data[at] !== G) return false;
  const next = data[at + 1];
  return next === H ? data[at + 2] === code.underscore : next === U && isAt(data, at, 'gunyah_msgq');
}

/** The index behind eight hex digits, a colon and a space at `at`; -1 when something else stands there. */
function offsetEnd(data: Uint8Array, at: number, end: number): number {
  if (at + OFFSET_DIGITS + 2 > end) return -1;
  for (let index = at; index < at + OFFSET_DIGITS; index++)
    if ((hexDigits[data[index] as number] as number) < 0) return -1;
  return isAt(data, at + OFFSET_DIGITS, ': ') ? at + OFFSET_DIGITS + 2 : -1;
}

function hexNumber(data: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 16 + (hexDigits[data[at] as number] as number);
  return value;
}

function prefixOf(name: string): DumpPrefix | undefined {
  const word = QUEUE_FUNCTION.exec(name)?.[1];
  if (word !== undefined)
    return { name, direction: word === 'send' || word === 'tx' ? 'tx' : 'rx', source: 'queue' };
  const match = RM_FUNCTION.exec(name);
  if (match === null) return undefined;
  return match[1] === undefined
    ? { name, direction: 'rx', source: 'repeat' }
    : { name, direction: match[1] === 'TX' ? 'tx' : 'rx', source: 'payload' };
}
