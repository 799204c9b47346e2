import { Buffer } from 'buffer/index.js';
import { GrowingBuffer } from '../packets/index.js';
import { type Recogniser, textForm } from './form.js';
import { withoutPrefixes } from './line-prefixes.js';
import {
  ambiguousLine,
  badLine,
  beginsHeader,
  isBlank,
  type LinePlace,
  type LineReader,
  type MessageAssembler,
} from './messages.js';

/** A word of digits with at most two marks of padding. 11 digits are 8 bytes, a header. */
const WORD = /[A-Za-z0-9+/_-]{11,}={0,2}/g;
const WHOLE_LINE = /^\s*[A-Za-z0-9+/_-]+={0,2}\s*$/;
/** Digits of a line of base64 (coreutils), of PEM, of MIME, and of mails. */
const ROWS: ReadonlySet<number> = new Set([64, 72, 76]);

/** Reads a word. False if it is no base64: a last digit with bits left over, or wrong padding. */
function readWord(word: string, row: GrowingBuffer): boolean {
  row.clear();
  const size = word.indexOf('=') < 0 ? word.length : word.indexOf('=');
  const rest = size % 4;
  if (rest === 1 || (size < word.length && word.length % 4 !== 0)) return false;
  const bytes = Buffer.from(word, 'base64');
  row.append(bytes, 0, bytes.length);
  const digits = word.slice(0, size).replaceAll('-', '+').replaceAll('_', '/');
  return bytes.toString('base64').slice(0, size) === digits;
}

/** The messages of a line's words. */
function* messagesOf(line: string, row: GrowingBuffer): Generator<string> {
  for (const [word] of line.matchAll(WORD)) {
    if (readWord(word, row) && beginsHeader(row)) yield word;
  }
}

function recognise(): Recogniser {
  const row = new GrowingBuffer();
  let found = false;
  return {
    line: (text) => {
      found ||= !messagesOf(text, row).next().done;
      return found ? 'yes' : 'later';
    },
    end: () => found,
  };
}

/** Each word is a message. A line of 64, 72 or 76 digits goes on in the next. */
class Base64Reader implements LineReader {
  readonly #assembler: MessageAssembler;
  readonly #isGiven: boolean;
  readonly #row = new GrowingBuffer();
  /** Digits of the lines of the message in progress. */
  #rowSize = 0;
  /** A blank line has come since. */
  #isApart = false;

  constructor(assembler: MessageAssembler, isGiven: boolean) {
    this.#assembler = assembler;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    const place = { text, number, offset };
    const row = this.#row;
    const word = withoutPrefixes(text).trim();
    if (WHOLE_LINE.test(word)) {
      this.#whole(place, word);
      return;
    }
    if (isBlank(text) && this.#rowSize > 0) {
      this.#isApart = true;
      return;
    }
    this.end();
    if (this.#isGiven && !isBlank(text)) throw badLine(place, 'base64');
    for (const found of messagesOf(text, row)) {
      // `base64 -w0` prints no line end: the prompt stands behind its last digit.
      if (text.includes(`${found}@`))
        throw ambiguousLine(place, 'a line end behind the base64, where a prompt stands');
      this.#assembler.append(row, place);
      this.end(true);
    }
  }

  end(isMessageDone = this.#assembler.bytes.length > 0): void {
    this.#rowSize = 0;
    if (isMessageDone) this.#assembler.emit(undefined, undefined);
  }

  #whole(place: LinePlace, word: string): void {
    const row = this.#row;
    const isRead = readWord(word, row);
    if (this.#isApart && beginsHeader(row)) this.end();
    this.#isApart = false;
    if (this.#rowSize > 0) {
      if (isRead && beginsHeader(row) && !this.#isGiven)
        throw ambiguousLine(
          place,
          'a blank line before each message, or --format base64 for one on each line',
        );
      if (this.#isGiven && isRead && beginsHeader(row)) this.end();
      else if (!isRead || word.length > this.#rowSize) throw badLine(place, 'base64');
    } else if (!isRead || (!this.#isGiven && !beginsHeader(row))) {
      // A word of prose on a line of its own.
      if (this.#isGiven) throw badLine(place, 'base64');
      return;
    }
    const rowSize = ROWS.has(word.length) && !word.endsWith('=') ? word.length : 0;
    this.#assembler.append(row, place);
    if (rowSize === 0 || (this.#rowSize !== 0 && rowSize !== this.#rowSize)) this.end();
    else this.#rowSize = rowSize;
  }
}

export const base64Form = textForm({
  name: 'base64',
  summary:
    'base64 and base64url, with or without padding; each word is a message, lines of 64, 72 or 76 digits go on',
  example: `IQEEAAQAAFaAAAAA
IQIEAAQAAFYAAAAA`,
  recognise,
  reader: (assembler, isGiven) => new Base64Reader(assembler, isGiven),
});
