import { GrowingBuffer } from '../packets/index.js';
import { beginsHeaderTurned, turnedSize, turnGroups } from './groups.js';
import {
  badLine,
  beginsHeader,
  beginsMessage,
  HEADER_SIZE,
  isBlank,
  isComment,
  type LinePlace,
  type LineReader,
  type MessageAssembler,
  startsRpcMessage,
} from './messages.js';

/** Base of the digits of an offset. */
export type Radix = 8 | 10 | 16;

/** The part of a dump line before its bytes. */
export interface DumpLine {
  /** The text that print_hex_dump was given as prefix, without what dmesg adds; empty in the other styles. */
  readonly name: string;
  /** Offset or address as printed; undefined if the line has none. */
  readonly offset: string | undefined;
  /** `offset` is no number or too wide to be an offset: the kernel was asked for addresses. */
  readonly isAddress: boolean;
  /** Bases that the digits of `offset` may have, the usual one first. */
  readonly radixes: readonly Radix[];
  /** Bytes of a group. More than one may be a number, whose bytes the grammar has turned around or has not. */
  readonly groupSize: number;
  /** It has a part of a number only, which is the end of a dump. */
  readonly isRest?: boolean;
  /** Digits of each number, where that is the same on all lines of a dump. */
  readonly width?: number;
}

/** How a program writes dumps. */
export interface DumpGrammar {
  /** Reads a line: its bytes into `row` (none: the line is an end offset). Undefined when it is no such line. */
  readonly parse: (line: string, row: GrowingBuffer) => DumpLine | undefined;
  /** A kernel's log: lines of others may stand amid a dump, and offsets may be addresses. */
  readonly isLog?: true;
  /** The dumps are packets of captures, with what their link type puts before the message. */
  readonly isPacket?: true;
  /** Titles and prompts of the program stand between the dumps. */
  readonly hasTitles?: true;
}

/** The beginning of a dump line, so that one that cannot be read has a mistake. */
const DATA_LIKE = /^\s*(?:[a-z]{1,8}:)?(?:0x)?(?:(?=[a-f]*\d)[0-9a-f]{4,16}(?:[:|\s]|$)|[0-9a-f]{8,16}:)/i;

/** The dump in progress. */
interface Dump {
  readonly name: string;
  /** Low 32 bits of the first line's offset, NaN when that is no number; undefined when its lines have none. */
  readonly base: number | undefined;
  radixes: readonly Radix[];
  readonly width: number | undefined;
  /** Bytes of the groups that are to be turned around; 0 when they stand as the grammar reads them. */
  readonly turned: number;
  /** The offsets are addresses. Hashed addresses do not tell whether a line continues the dump (see #continues). */
  readonly isAddress: boolean;
  /** Bytes of the first line, and of the last. */
  readonly rowSize: number;
  lastRowSize: number;
  /** Where a `*` line stands in the file: the last line repeats up to the next offset. */
  repeatsAt: number | undefined;
  /** Another line has come since its last. */
  isInterrupted: boolean;
}

/** Assembles the lines of dumps with offsets. Each dump is one message. */
export class DumpReader implements LineReader {
  readonly #grammar: DumpGrammar;
  readonly #assembler: MessageAssembler;
  readonly #isGiven: boolean;
  readonly #row = new GrowingBuffer();
  #dump: Dump | undefined;
  /** An address has continued the one before it, so the addresses of this log are not hashed. */
  #addressesAreReal = false;

  constructor(grammar: DumpGrammar, assembler: MessageAssembler, isGiven: boolean) {
    this.#grammar = grammar;
    this.#assembler = assembler;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    if (isComment(text)) return;
    if (isBlank(text)) {
      this.otherLine();
      return;
    }
    if (text.trim() === '*' && this.#dump !== undefined) {
      this.#dump.repeatsAt = offset;
      return;
    }
    const place = { text, number, offset };
    const line = this.#grammar.parse(text, this.#row);
    if (line === undefined) this.#otherLine(place);
    else if (this.#row.length === 0) this.#endOffset(line, place);
    else this.#bytes(line, place);
  }

  /** A line that is no dump. Offsets tell which lines belong together. */
  otherLine(): void {
    const dump = this.#dump;
    if (dump === undefined) return;
    const mayGoOn = dump.base !== undefined && dump.lastRowSize === dump.rowSize;
    if (this.#grammar.isLog ? dump.base === undefined : !mayGoOn) this.#finish();
    else dump.isInterrupted ||= !this.#grammar.isLog;
  }

  end(): void {
    this.#finish();
  }

  #otherLine(place: LinePlace): void {
    const { isLog, hasTitles } = this.#grammar;
    this.otherLine();
    if (isLog) return;
    if ((!this.#isGiven || hasTitles) && !DATA_LIKE.test(place.text)) return;
    this.#finish();
    throw badLine(place);
  }

  #bytes(line: DumpLine, place: LinePlace): void {
    const row = this.#row;
    if (!this.#continues(line, place)) {
      this.#finish();
      const turned = line.offset === undefined ? 0 : turnedSize(row, line.groupSize);
      // Numbers at the end of a log line look like a dump without offsets, so such a dump must begin with an RPC header.
      if (line.isRest || (line.offset === undefined && !startsRpcMessage(row))) return;
      this.#start(line, turned);
    }
    const dump = this.#dump as Dump;
    if (dump.width !== line.width) throw badLine(place, 'numbers as wide as those before');
    if (dump.turned > 0) turnGroups(row, dump.turned);
    dump.lastRowSize = row.length;
    this.#assembler.append(row, place);
  }

  #start(line: DumpLine, turned: number): void {
    const rowSize = this.#row.length;
    const { name, radixes, width } = line;
    const base = line.offset === undefined ? undefined : low32(line.offset, radixes[0] as Radix);
    const isAddress = line.isAddress || (this.#grammar.isLog === true && base !== undefined && base !== 0);
    const rest = {
      width,
      turned,
      isAddress,
      rowSize,
      lastRowSize: rowSize,
      repeatsAt: undefined,
      isInterrupted: false,
    };
    this.#dump = { name, base, radixes, ...rest };
  }

  /** Whether the line in #row belongs to the dump in progress; fills in what a `*` stands for. */
  #continues(line: DumpLine, place: LinePlace): boolean {
    const dump = this.#dump;
    if (dump === undefined || dump.name !== line.name) return false;
    if (dump.base === undefined || line.offset === undefined) {
      return dump.base === undefined && line.offset === undefined && this.#followsFullRow(dump);
    }
    if (low32(line.offset, 16) === 0) return false;
    const size = this.#assembler.bytes.length;
    const distance = distanceOf(line.offset, dump, size);
    const begins = beginsHeaderTurned(this.#row, dump.turned);
    // Another message, or the same again, from the same address.
    if (begins && (dump.isInterrupted || (distance === 0 && !Number.isNaN(dump.base)))) return false;
    dump.isInterrupted = false;
    if (distance === size) {
      if (dump.isAddress) this.#addressesAreReal = true;
      dump.repeatsAt = undefined;
      return true;
    }
    if (dump.repeatsAt !== undefined && distance > size) {
      this.#repeatUpTo(distance, dump, place);
      return true;
    }
    // The kernel hashes every address it prints: then the lines of one dump have unrelated addresses.
    if (dump.isAddress) return !this.#addressesAreReal && this.#followsFullRow(dump);
    const expected = `0x${(dump.base + size).toString(16)}`;
    const message = `line ${place.number} has the offset ${line.offset}, ${expected} would follow: taken as a new message`;
    this.#assembler.warn('gap', place.offset, message);
    return false;
  }

  /** For lines without offsets: all lines of the dump so far are full, and the new one starts no RPC message. */
  #followsFullRow(dump: Dump): boolean {
    return dump.lastRowSize === dump.rowSize && dump.rowSize >= 16 && !beginsHeader(this.#row);
  }

  /** hexdump and od end with the offset of the end, alone on a line. */
  #endOffset(line: DumpLine, place: LinePlace): void {
    const dump = this.#dump;
    if (dump?.base === undefined || line.offset === undefined || dump.isInterrupted) return;
    const bytes = this.#assembler.bytes;
    // A dump of words prints the last word whole, even if only a part of it belongs to the data.
    const distance = distanceOf(line.offset, dump, bytes.length, NUMBER_MAX - 1);
    if (dump.repeatsAt !== undefined && distance > bytes.length) this.#repeatUpTo(distance, dump, place);
    if (distance < bytes.length && bytes.length - distance < NUMBER_MAX) bytes.truncate(distance);
    if (distance !== bytes.length) {
      const message = `line ${place.number} ends the dump at ${line.offset} after ${bytes.length} bytes`;
      this.#assembler.warn('gap', place.offset, message);
    }
    dump.repeatsAt = undefined;
    this.#finish();
  }

  #repeatUpTo(size: number, dump: Dump, place: LinePlace): void {
    this.#assembler.checkSize(size, place);
    const bytes = this.#assembler.bytes;
    while (bytes.length < size) bytes.push(bytes.data[bytes.length - dump.lastRowSize] as number);
    dump.repeatsAt = undefined;
  }

  /** Delivers the dump in progress, if any. */
  #finish(): void {
    const dump = this.#dump;
    if (dump === undefined) return;
    if (dump.repeatsAt !== undefined) {
      this.#assembler.warn('gap', dump.repeatsAt, 'the dump ends with "*" and no offset says how often');
    }
    this.#dump = undefined;
    if (this.#grammar.isPacket) this.#assembler.emitPacket();
    else this.#assembler.emit(undefined, undefined);
  }
}

/** Bytes of the largest number that dumps print. */
const NUMBER_MAX = 8;

/**
 * How far an offset is from the beginning of a dump of `size` bytes, in the first base in which it follows them; then
 * the dump's offsets have that base. 0, which no line in progress can be at, when one of the two is no number.
 *
 * @param padding so many bytes at the end may not belong to the data, if no base fits exactly.
 */
function distanceOf(offset: string, dump: Dump, size: number, padding = 0): number {
  const fits = (far: number) =>
    dump.repeatsAt === undefined ? far === size : far >= size && (far - size) % dump.rowSize === 0;
  const isPadded = (far: number) => far < size && size - far <= padding;
  const distances = dump.radixes.map((radix) => (low32(offset, radix) - (dump.base as number)) >>> 0);
  const exact = distances.findIndex(fits);
  const found = exact < 0 ? distances.findIndex(isPadded) : exact;
  if (found < 0) return distances[0] as number;
  dump.radixes = [dump.radixes[found] as Radix];
  return distances[found] as number;
}

/** Whether a line of a dump begins a message, in the order of bytes of its grammar or in the other. */
export function beginsDump({ groupSize }: DumpLine, row: GrowingBuffer): boolean {
  return row.length < HEADER_SIZE ? beginsMessage(row) : beginsHeaderTurned(row, groupSize);
}

/** Enough to compare: a dump is not that long, and a 64-bit address is no exact number. NaN for "(ptrval)". */
function low32(digits: string, radix: number): number {
  return radix < 16 && !(radix === 8 ? /^[0-7]+$/ : /^\d+$/).test(digits)
    ? Number.NaN
    : Number.parseInt(digits.slice(-8), radix);
}
