import { GrowingBuffer } from '../packets/index.js';
import { type Recogniser, textForm } from './form.js';
import { badLine, type LinePlace, type LineReader, type MessageAssembler } from './messages.js';

/** Numbers before a list counts as bytes: a header has as many. */
const BYTES_MIN = 8;
/** Most bytes that a message of this form may have, as in dumps. */
const BYTES_MAX = 1024 * 1024;

/** Prefixed numbers, and their suffixes of type in C and Rust. */
const NUMBER =
  /(-?)(?:0x([0-9a-f]{1,2})|0b([01]{1,8})|([0-9a-f]{1,3}))(?:[_']?u8|[ul]{1,3}|\.toU?Byte\(\))?(?![\w.])/iy;
/** The type of a number, in C and Java. */
const CAST = /\((?:(?:un)?signed )?\w{2,12}\)\s*(?=-?\d)/y;
/** gdb writes a run of equal values so. */
const REPEATS = /<repeats (\d{1,4}) times>/y;
const SPACE = /[\s,]+/y;

/** Bytes of a list, and what a list must be to hold bytes. */
interface List {
  /** Numbers as written, without prefix: those of `Debug` with {:02x} are hex without one. */
  readonly bytes: GrowingBuffer;
  readonly bareHex: GrowingBuffer;
  /** Where the list begins. */
  readonly place: LinePlace;
  /** All numbers could be hex without a prefix; all could be decimal; one had a prefix. */
  isHex: boolean;
  isDecimal: boolean;
  isPrefixed: boolean;
  first: string;
  /** Something else stands in the list. */
  isOther: boolean;
}

/** Takes the bytes of a list, undefined for one that is left out, and what is to be said about it. */
type ListSink = (bytes: GrowingBuffer | undefined, place: LinePlace, warning?: string) => void;

/**
 * Finds lists of numbers in brackets of any kind, in the source text of any language. Lists that begin with the first
 * byte of a message, 0x21, are bytes; with `isGiven` all that can be.
 */
class ListScanner {
  readonly #sink: ListSink;
  readonly #isGiven: boolean;
  #list: List | undefined;
  #inComment = false;
  /** A list has as many numbers as a header, and begins as a message does. */
  hasMessage = false;

  constructor(sink: ListSink, isGiven: boolean) {
    this.#sink = sink;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    const place = { text, number, offset };
    let at = 0;
    while (at < text.length) at = this.#inComment ? this.#comment(text, at) : this.#token(place, at);
  }

  end(): void {
    const list = this.#list;
    this.#list = undefined;
    if (list === undefined) return;
    // The last number may be cut.
    list.bytes.truncate(list.bytes.length - 1);
    list.bareHex.truncate(list.bareHex.length - 1);
    this.#close(list, true);
  }

  #comment(text: string, at: number): number {
    const end = text.indexOf('*/', at);
    this.#inComment = end < 0;
    return end < 0 ? text.length : end + 2;
  }

  /** Reads what stands at `at`. @returns the index behind it. */
  #token(place: LinePlace, at: number): number {
    const { text } = place;
    const char = text[at] as string;
    // Elsewhere it may be part of a path.
    if (text.startsWith('/*', at) && /[\s,;{}()[\]=]/.test(text[at - 1] ?? ' ')) {
      this.#inComment = true;
      return at + 2;
    }
    if (this.#list !== undefined && (text.startsWith('//', at) || char === '#')) return text.length;
    CAST.lastIndex = at;
    if (this.#list !== undefined && CAST.test(text)) return CAST.lastIndex;
    if ('{[('.includes(char)) {
      // Behind a name or another index, an index or the size of an array.
      const isIndex = char === '[' && at > 0 && /[\w\]]/.test(text[at - 1] as string);
      this.#list = isIndex ? undefined : newList(place);
      return at + 1;
    }
    if ('}])'.includes(char)) {
      if (this.#list !== undefined) this.#close(this.#list, false);
      this.#list = undefined;
      return at + 1;
    }
    return this.#list === undefined || this.#list.isOther ? at + 1 : this.#inList(this.#list, place, at);
  }

  #inList(list: List, place: LinePlace, at: number): number {
    const { text } = place;
    SPACE.lastIndex = at;
    if (SPACE.test(text)) return SPACE.lastIndex;
    REPEATS.lastIndex = at;
    const repeats = REPEATS.exec(text);
    if (repeats !== null && list.bytes.length > 0) {
      repeat(list.bytes, Number(repeats[1]) - 1);
      repeat(list.bareHex, Number(repeats[1]) - 1);
      return REPEATS.lastIndex;
    }
    NUMBER.lastIndex = at;
    const match = NUMBER.exec(text);
    if (match !== null && list.bytes.length < BYTES_MAX && add(list, match)) {
      this.hasMessage ||= list.bytes.length >= BYTES_MIN && beginning(list) !== undefined;
      return NUMBER.lastIndex;
    }
    if (list.bytes.length >= BYTES_MIN && beginning(list) !== undefined) {
      throw badLine(place, 'numbers from 0 to 255');
    }
    list.isOther = true;
    return at + 1;
  }

  #close(list: List, isCut: boolean): void {
    const { place } = list;
    const count = list.bytes.length;
    if (list.isOther || count === 0) return;
    const known = beginning(list) ?? (this.#isGiven && list.isDecimal ? list.bytes : undefined);
    const where = `the list that begins in line ${place.number}`;
    if (known !== undefined && (this.#isGiven || count >= BYTES_MIN))
      this.#sink(known, place, isCut ? `${where} has no end` : undefined);
    else if (known !== undefined && count > 1)
      this.#sink(
        undefined,
        place,
        `${where} has fewer bytes than a header: left out (--format array reads it)`,
      );
    else if (count >= BYTES_MIN)
      this.#sink(undefined, place, `${where} does not begin with 0x21: left out (--format array reads it)`);
  }
}

function newList(place: LinePlace): List {
  const bytes = new GrowingBuffer(16);
  const bareHex = new GrowingBuffer(16);
  return {
    bytes,
    bareHex,
    place,
    isHex: true,
    isDecimal: true,
    isPrefixed: false,
    first: '',
    isOther: false,
  };
}

/** The bytes of the list if they begin with 0x21 in one reading, and if all its numbers have that reading. */
function beginning(list: List): GrowingBuffer | undefined {
  if (list.isDecimal && list.bytes.data[0] === 0x21) return list.bytes;
  if (list.isHex && !list.isPrefixed && list.bareHex.data[0] === 0x21) return list.bareHex;
  return undefined;
}

/** Adds a number. False if it is no byte. */
function add(list: List, [, sign, hex, bits, bare]: RegExpExecArray): boolean {
  if (hex !== undefined || bits !== undefined) {
    list.isPrefixed = true;
    if (sign === '-') return false;
    list.bytes.push(Number.parseInt((hex ?? bits) as string, hex === undefined ? 2 : 16));
    return true;
  }
  const text = bare as string;
  const isDecimal = /^(?:0|[1-9]\d*)$/.test(text) && Number(text) <= (sign === '-' ? 128 : 255);
  list.isDecimal &&= isDecimal;
  list.isHex &&= sign === '' && text.length <= 2;
  if (!list.isDecimal && !list.isHex) return false;
  const value = isDecimal ? Number(text) : 0;
  list.bytes.push(sign === '-' ? -value & 0xff : value);
  list.bareHex.push(Number.parseInt(text, 16) & 0xff);
  return true;
}

function repeat(bytes: GrowingBuffer, count: number): void {
  const value = bytes.data[bytes.length - 1] as number;
  for (let left = Math.min(count, BYTES_MAX - bytes.length); left > 0; left -= 1) bytes.push(value);
}

/**
 * The end of a line that `trace-cmd report -R` printed, when the text begins in the middle of it. It may be a list of
 * bytes as well: the next line tells.
 */
const TRACE_END = /^\[[\da-f]{2}(?:, [\da-f]{2})*\]$/;

function recognise(): Recogniser {
  const scanner = new ListScanner(() => {}, false);
  let isFirst = true;
  return {
    line: (text, number, offset) => {
      scanner.line(text, number, offset);
      const mayBeTrace = isFirst && TRACE_END.test(text);
      isFirst = false;
      return scanner.hasMessage && !mayBeTrace ? 'yes' : 'later';
    },
    end: () => scanner.hasMessage,
  };
}

function reader(assembler: MessageAssembler, isGiven: boolean): LineReader {
  return new ListScanner((bytes, place, warning) => {
    if (warning !== undefined) assembler.warn('gap', place.offset, warning);
    if (bytes === undefined) return;
    assembler.append(bytes, place);
    assembler.emit(undefined, undefined);
  }, isGiven);
}

export const arrayForm = textForm({
  name: 'array',
  summary:
    'numbers in brackets: arrays of C, xxd -i, Rust, Python, JSON, what gdb prints; each list is a message',
  example: `static const uint8_t request[] = {
  0x21, 0x01, 0x04, 0x00, 0x04, 0x00, 0x00, 0x56, 0x80, 0x00, 0x00, 0x00
};
[33, 2, 4, 0, 4, 0, 0, 86, 0, 0, 0, 0]`,
  recognise,
  reader,
});
