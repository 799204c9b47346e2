import { code, hexDigits, isAt, type Line, Names, wordChars } from './line.js';
import type { Direction } from './message.js';
import { StampReader } from './stamp.js';

/**
 * Sixteen bytes or fewer of a dump that print_hex_dump_debug of a Gunyah driver printed. Valid until the next line is
 * read, and so is the memory that its stamp is read from.
 */
export interface DumpLine extends DumpPrefix {
  /** Prefix and, where the kernel tells, thread: lines of one dump have the same. */
  readonly key: string;
  readonly offset: number;
  /** The first `size` bytes of `row`. */
  readonly row: Uint8Array;
  readonly size: number;
  readonly stamp: Pick<StampReader, 'time' | 'caller'>;
}

/** What the prefix of a dump tells. */
interface DumpPrefix {
  readonly direction: Direction;
  /**
   * `queue`: a message of some queue. `repeat`: RM's driver prints what the queue's driver has printed before.
   * `payload`: RM's driver prints the payload without its header.
   */
  readonly source: 'queue' | 'repeat' | 'payload';
}

const QUEUE_FUNCTION = /^(?:gh|gunyah)_msgq_\w*?(send|recv|tx|rx)\w*$/;
const RM_FUNCTION = /^(?:gh_rm_recv|gh_rm_call (TX|RX))$/;
const NAMES_MAX = 64;

/** A stamp, a prefix, an offset and sixteen bytes with their characters take less. */
const DUMP_LINE_MAX = 1024;
const G = 0x67;
/** Digits of an offset. */
const OFFSET_DIGITS = 8;
/** Bytes of the longest line of a dump. */
const ROW_MAX = 32;

/**
 * Reads lines like `gh_msgq_send: 00000000: 21 01 …`. The prefix of receives is the function's name without a colon. The
 * ASCII column that other callers ask for stands behind two spaces.
 */
export class DumpLines {
  readonly #names = new Names();
  readonly #keys = new Map<string, DumpPrefix | undefined>();
  readonly #row = new Uint8Array(ROW_MAX);
  readonly #stamp = new StampReader();
  #count = 0;

  /** Undefined when the line is no dump of a Gunyah driver. */
  parse(line: Line): DumpLine | undefined {
    const { data, start, end } = line;
    if (end - start > DUMP_LINE_MAX) return undefined;
    for (let at = start; at < end - OFFSET_DIGITS; at++) {
      if (data[at] !== G || !(isAt(data, at, 'gh_') || isAt(data, at, 'gunyah_msgq'))) continue;
      const dump = this.#dump(data, start, at, end);
      if (dump !== undefined) return dump;
    }
    return undefined;
  }

  #dump(data: Uint8Array, start: number, prefixStart: number, end: number): DumpLine | undefined {
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
    if (bytesStart < 0 || !this.#hex(data, bytesStart, end)) return undefined;
    const prefix = this.#names.get(data, prefixStart, prefixEnd);
    const known = this.#prefix(prefix);
    if (known === undefined) return undefined;
    const stamp = this.#stamp;
    stamp.read(data, start, prefixStart);
    const { caller } = stamp;
    const key = caller === '' ? prefix : `${prefix} ${caller}`;
    const offset = hexNumber(data, at, at + OFFSET_DIGITS);
    const { direction, source } = known;
    return { direction, source, key, offset, row: this.#row, size: this.#count, stamp };
  }

  #prefix(prefix: string): DumpPrefix | undefined {
    if (!this.#keys.has(prefix)) {
      if (this.#keys.size > NAMES_MAX) this.#keys.clear();
      this.#keys.set(prefix, prefixOf(prefix));
    }
    return this.#keys.get(prefix);
  }

  /** `21 01 00` up to the end of the line, one space, or two and anything. */
  #hex(data: Uint8Array, start: number, end: number): boolean {
    this.#count = 0;
    for (let at = start; this.#count < ROW_MAX; at += 3) {
      const high = at < end ? (hexDigits[data[at] as number] as number) : -1;
      const low = at + 1 < end ? (hexDigits[data[at + 1] as number] as number) : -1;
      if (high < 0 || low < 0) return false;
      this.#row[this.#count++] = high * 16 + low;
      if (at + 2 >= end) return true;
      if (data[at + 2] !== code.space) return false;
      if (at + 3 >= end || data[at + 3] === code.space) return true;
    }
    return false;
  }
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

function prefixOf(prefix: string): DumpPrefix | undefined {
  const word = QUEUE_FUNCTION.exec(prefix)?.[1];
  if (word !== undefined)
    return { direction: word === 'send' || word === 'tx' ? 'tx' : 'rx', source: 'queue' };
  const match = RM_FUNCTION.exec(prefix);
  if (match === null) return undefined;
  return match[1] === undefined
    ? { direction: 'rx', source: 'repeat' }
    : { direction: match[1] === 'TX' ? 'tx' : 'rx', source: 'payload' };
}
