import { GrowingBuffer } from '../packets/index.js';
import { type Recogniser, textForm } from './form.js';
import { digitOf } from './groups.js';
import {
  ambiguousLine,
  badLine,
  beginsHeader,
  type LinePlace,
  type LineReader,
  type MessageAssembler,
  startsRpcMessage,
} from './messages.js';

/** Escapes of one character in C, Python and Rust. */
const ESCAPES: Readonly<Record<string, number>> = {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  a: 0x07,
  b: 0x08,
  f: 0x0c,
  v: 0x0b,
  e: 0x1b,
  '\\': 0x5c,
  "'": 0x27,
  '"': 0x22,
  '?': 0x3f,
};
/** What stands before the quote of a byte string in Python and Rust. */
const PREFIX = /(?:^|[^\w])(?:b|rb|br)$/i;
const RUN = /(?:\\x[0-9a-f]{2})+/iy;
const OCTAL = /[0-7]{1,3}/y;
const HEX_TEXT = /^(?:0x)?[0-9a-f]{2}(?:[ :,]{0,2}(?:0x)?[0-9a-f]{2})*$/i;
/** gdb leaves out characters that are the same, and the last zero of a text. */
const REPEATS = /'\\\d{3}' <repeats \d+ times>/;
/** Bytes of the largest literal, as of dumps. */
const BYTES_MAX = 1024 * 1024;

/** One literal, or several that a language joins. */
interface Literal {
  readonly bytes: GrowingBuffer;
  readonly place: LinePlace;
  /** It is a byte string, or has escapes: surely bytes. */
  isBytes: boolean;
}

/** Takes the bytes of a literal. */
type LiteralSink = (bytes: GrowingBuffer, place: LinePlace, isBytes: boolean) => void;

/**
 * Finds byte strings, strings with escapes and bare runs of `\x21`, in the source text of C, Python, Rust and shells.
 * Literals with nothing but space between them are one, as in C and Python, when they are in brackets or behind `=`.
 */
class LiteralScanner {
  readonly #sink: LiteralSink;
  readonly #isGiven: boolean;
  #open: Literal | undefined;
  /** Something stood between the last literal and here that joins literals of several lines: `(`, `=`, a backslash. */
  #joins = false;
  #isNewLine = true;
  /** The line before ended with a message, and nothing has followed. */
  #endsLine = false;

  constructor(sink: LiteralSink, isGiven: boolean) {
    this.#sink = sink;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    const place = { text, number, offset };
    if (REPEATS.test(text)) throw ambiguousLine(place, 'each byte, as p/x and x/xb of gdb print them');
    this.#isNewLine = true;
    // Quotes without partner: apostrophes. The quotes behind one have none either.
    let unpaired = '';
    for (let at = 0; at < text.length; ) {
      const char = text[at] as string;
      if (char === '\\' && text.slice(at + 1).trim() === '') {
        this.#joins = true;
        return;
      }
      const isQuote = (char === '"' || char === "'") && !unpaired.includes(char);
      const end = isQuote ? quoteEnd(text, at) : runEnd(text, at);
      if (isQuote && end < 0) unpaired += char;
      if (end > at) {
        if (isQuote) this.#quoted(place, at, end);
        else this.#bare(place, at, end);
        this.#isNewLine = false;
        at = end;
      } else {
        this.#between(char, text, at);
        at += 1;
      }
    }
    if (!this.#joins && this.#open !== undefined) {
      this.#endsLine = startsRpcMessage(this.#open.bytes);
      this.end();
    }
  }

  end(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open !== undefined) this.#sink(open.bytes, open.place, open.isBytes);
  }

  /** A character outside literals. */
  #between(char: string, text: string, at: number): void {
    if (/\s/.test(char)) return;
    // The prefix of a literal is part of it.
    if (/[br]/i.test(char) && /^[br]?["']/i.test(text.slice(at + 1, at + 3))) return;
    this.#endsLine = false;
    this.end();
    this.#joins = char === '(' || char === '=' || (this.#joins && !';)]'.includes(char));
  }

  #quoted(place: LinePlace, start: number, end: number): void {
    const { text } = place;
    const inner = text.slice(start + 1, end - 1);
    const isByteString = PREFIX.test(text.slice(Math.max(0, start - 3), start));
    if (!isByteString && inner.length >= 16 && HEX_TEXT.test(inner) && /^(?:0x)?21/i.test(inner)) {
      this.end();
      const digits = inner.replace(/0x|[ :,]/gi, '');
      const bytes = new GrowingBuffer();
      for (let at = 0; at < digits.length; at += 2) bytes.push(Number.parseInt(digits.slice(at, at + 2), 16));
      this.#sink(bytes, place, true);
      return;
    }
    const bytes = new GrowingBuffer(64);
    const isRust = isByteString && text[start] === '"';
    const isBytes = readEscapes(inner, bytes, isByteString, isRust);
    if (isBytes === undefined) {
      this.end();
      if (this.#isGiven || startsRpcMessage(bytes))
        throw ambiguousLine(place, 'escapes that end where the next character begins');
      return;
    }
    this.#add(place, bytes, isBytes || isByteString);
  }

  #bare(place: LinePlace, start: number, end: number): void {
    const { text } = place;
    const bytes = new GrowingBuffer(64);
    readEscapes(text.slice(start, end), bytes, true, false);
    if (startsRpcMessage(bytes) && /[\w\\]/.test(text[end] ?? ' ') && text[end + 1] !== undefined)
      throw ambiguousLine(place, 'a string in quotes, or escapes alone');
    this.#add(place, bytes, true);
  }

  #add(place: LinePlace, bytes: GrowingBuffer, isBytes: boolean): void {
    const starts = beginsHeader(bytes);
    const isApart = this.#isNewLine && (this.#open !== undefined || this.#endsLine);
    // On a line of its own a literal may be a message, or the rest of the one before.
    if (isApart && !this.#isGiven && starts === this.#joins)
      throw ambiguousLine(
        place,
        'each message in brackets of its own, or --format literal for one in each literal',
      );
    this.#endsLine = false;
    if (this.#isGiven && isApart) this.end();
    this.#open ??= { bytes: new GrowingBuffer(64), place, isBytes: false };
    if (this.#open.bytes.length + bytes.length > BYTES_MAX)
      throw badLine(place, 'a literal of 1 MiB at most');
    this.#open.bytes.append(bytes.data, 0, bytes.length);
    this.#open.isBytes ||= isBytes;
  }
}

/** Index behind the quote that ends a string, -1 if none does. */
function quoteEnd(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return -1;
}

function runEnd(text: string, at: number): number {
  if (text[at] !== '\\') return -1;
  RUN.lastIndex = at;
  return RUN.test(text) ? RUN.lastIndex : -1;
}

/**
 * Reads the inside of a string.
 *
 * @param isByteString `\x` has two digits; in a string of C it has all that follow.
 * @param isRust `\0` has no further digits; in C and Python it has up to three.
 * @returns whether it has escapes that stand for bytes; undefined if it is no string of bytes, or differs by language.
 */
function readEscapes(
  inner: string,
  bytes: GrowingBuffer,
  isByteString: boolean,
  isRust: boolean,
): boolean | undefined {
  let hasBytes = false;
  for (let at = 0; at < inner.length; ) {
    const code = inner.charCodeAt(at);
    if (inner[at] !== '\\') {
      if (code > 0x7e) return undefined;
      bytes.push(code);
      at += 1;
      continue;
    }
    const kind = inner[at + 1] ?? '';
    OCTAL.lastIndex = at + 1;
    const octal = OCTAL.exec(inner)?.[0];
    if (kind === 'x') {
      const value = digitOf(inner.charCodeAt(at + 2)) * 16 + digitOf(inner.charCodeAt(at + 3));
      if (!/^[0-9a-f]{2}/i.test(inner.slice(at + 2, at + 4))) return undefined;
      if (!isByteString && digitOf(inner.charCodeAt(at + 4)) >= 0) return undefined;
      bytes.push(value);
      hasBytes = true;
      at += 4;
    } else if (octal !== undefined) {
      if (Number.parseInt(octal, 8) > 255 || (isRust && octal.length > 1)) return undefined;
      bytes.push(Number.parseInt(octal, 8));
      hasBytes = true;
      at += 1 + octal.length;
    } else {
      const value = ESCAPES[kind];
      if (value === undefined) return undefined;
      bytes.push(value);
      at += 2;
    }
  }
  return hasBytes;
}

function recognise(): Recogniser {
  let found = false;
  const scanner = new LiteralScanner((bytes, _place, isBytes) => {
    found ||= isBytes && startsRpcMessage(bytes);
  }, false);
  return {
    line: (text, number, offset) => {
      scanner.line(text, number, offset);
      return found ? 'yes' : 'later';
    },
    end: () => {
      scanner.end();
      return found;
    },
  };
}

function reader(assembler: MessageAssembler, isGiven: boolean): LineReader {
  return new LiteralScanner((bytes, place, isBytes) => {
    if (isGiven || (isBytes && startsRpcMessage(bytes))) {
      assembler.append(bytes, place);
      assembler.emit(undefined, undefined);
    } else if (isBytes && bytes.length >= 8) {
      const message = `line ${place.number}: a literal that does not begin with 0x21 is left out (--format literal reads it)`;
      assembler.warn('gap', place.offset, message);
    }
  }, isGiven);
}

export const literalForm = textForm({
  name: 'literal',
  summary:
    'strings: b\'\\x21\' of Python, b"\\x21" of Rust, "\\x21" of C and shells, runs of \\x21, hex in quotes',
  example: `request = b'!\\x01\\x04\\x00\\x04\\x00\\x00V\\x80\\x00\\x00\\x00'
let reply = b"\\x21\\x02\\x04\\x00\\x04\\x00\\x00\\x56\\x00\\x00\\x00\\x00";`,
  recognise,
  reader,
});
