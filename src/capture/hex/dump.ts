import { GrowingBuffer } from '../packets/index.js';
import {
  badLine,
  isBlank,
  isComment,
  type LinePlace,
  type LineReader,
  type MessageAssembler,
  startsRpcMessage,
} from './messages.js';

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
  readonly radix: number;
  readonly width: number | undefined;
  /** The offsets are addresses. Hashed addresses do not tell whether a line continues the dump (see #continues). */
  readonly isAddress: boolean;
  /** Bytes of the first line, and of the last. */
  readonly rowSize: number;
  lastRowSize: number;
  /** Where a `*` line stands in the file: the last line repeats up to the next offset. */
  repeatsAt: number | undefined;
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
      this.#finish();
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

  /** A line of a log that is no dump. */
  otherLine(): void {
    if (this.#dump?.base === undefined) this.#finish();
  }

  end(): void {
    this.#finish();
  }

  /** In a kernel log other messages may come between the lines of a dump. Offsets tell which lines belong together. */
  #otherLine(place: LinePlace): void {
    const { isLog, hasTitles } = this.#grammar;
    if (isLog) {
      this.otherLine();
      return;
    }
    this.#finish();
    if ((this.#isGiven && !hasTitles) || DATA_LIKE.test(place.text)) throw badLine(place);
  }

  #bytes(line: DumpLine, place: LinePlace): void {
    const row = this.#row;
    if (!this.#continues(line, place)) {
      this.#finish();
      // Numbers at the end of a log line look like a dump without offsets, so such a dump must begin with an RPC header.
      if (line.offset === undefined && !startsRpcMessage(row)) return;
      this.#start(line);
    }
    const dump = this.#dump as Dump;
    if (dump.width !== line.width) throw badLine(place, 'numbers as wide as those before');
    dump.lastRowSize = row.length;
    this.#assembler.append(row, place);
  }

  #start(line: DumpLine): void {
    const rowSize = this.#row.length;
    const { name, radix, width } = line;
    const base = line.offset === undefined ? undefined : low32(line.offset, radix);
    const isAddress = line.isAddress || (this.#grammar.isLog === true && base !== undefined && base !== 0);
    this.#dump = { name, base, radix, width, isAddress, rowSize, lastRowSize: rowSize, repeatsAt: undefined };
  }

  /** Whether the line in #row belongs to the dump in progress; fills in what a `*` stands for. */
  #continues(line: DumpLine, place: LinePlace): boolean {
    const dump = this.#dump;
    if (dump === undefined || dump.name !== line.name) return false;
    if (dump.base === undefined || line.offset === undefined) {
      return dump.base === undefined && line.offset === undefined && this.#followsFullRow(dump);
    }
    const offset = low32(line.offset, dump.radix);
    if (offset === 0) return false;
    const size = this.#assembler.bytes.length;
    // 0, which no line in progress can be at, when one of the two is no number.
    const distance = (offset - dump.base) >>> 0;
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
    return dump.lastRowSize === dump.rowSize && dump.rowSize >= 16 && !startsRpcMessage(this.#row);
  }

  /** hexdump and od end with the offset of the end, alone on a line. */
  #endOffset(line: DumpLine, place: LinePlace): void {
    const dump = this.#dump;
    if (dump === undefined || dump.base === undefined || line.offset === undefined) return;
    const bytes = this.#assembler.bytes;
    const distance = (low32(line.offset, dump.radix) - dump.base) >>> 0;
    if (dump.repeatsAt !== undefined && distance > bytes.length) this.#repeatUpTo(distance, dump, place);
    // A dump of words prints the last word whole, even if only a part of it belongs to the data.
    if (distance < bytes.length && bytes.length - distance < 8) bytes.truncate(distance);
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

/** Enough to compare: a dump is not that long, and a 64-bit address is no exact number. NaN for "(ptrval)". */
function low32(digits: string, radix: number): number {
  return Number.parseInt(digits.slice(-8), radix);
}
