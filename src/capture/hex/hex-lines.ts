import { GrowingBuffer } from '../packets/index.js';
import { textForm } from './form.js';
import { turnMessage } from './groups.js';
import { byLayout } from './line-layout.js';
import { LAYOUTS, looksLikeHex, type MessageLine, parseMessageLine } from './message-line.js';
import {
  ambiguousLine,
  badLine,
  beginsHeader,
  beginsMessage,
  isBlank,
  isComment,
  type LinePlace,
  type LineReader,
  type MessageAssembler,
} from './messages.js';

/** Bytes of a line that programs have cut. */
const LONG_LINE = 20;

/** Each line is a message. A line that ends with a separator goes on in the next. */
class MessageLineReader implements LineReader {
  readonly #assembler: MessageAssembler;
  readonly #isGiven: boolean;
  readonly #row = new GrowingBuffer();
  /** The route of a message whose line goes on. */
  #open: { readonly from: number | undefined; readonly to: number | undefined } | undefined;
  /** The first line that is no hex. */
  #other: LinePlace | undefined;
  #count = 0;
  /** A blank line has come since. */
  #isApart = false;
  /** Bytes of the line before, if it begins a message, or is a single one; without its VMs. */
  #lineSize = 0;

  constructor(assembler: MessageAssembler, isGiven: boolean) {
    this.#assembler = assembler;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    if (isBlank(text) || isComment(text)) {
      this.#isApart = true;
      return;
    }
    const place = { text, number, offset };
    const row = this.#row;
    const line = parseMessageLine(text, row);
    if (line === undefined) {
      this.#finish();
      if (this.#isGiven || looksLikeHex(text)) throw badLine(place);
      this.#other ??= place;
      return;
    }
    if (!this.#isGiven) turnMessage(row, line.pieceSize);
    const starts = beginsHeader(row);
    if (this.#mayBePiece(line, starts)) throw ambiguousLine(place, LAYOUTS);
    if (this.#isApart && starts) this.#finish();
    this.#isApart = false;
    if (this.#open !== undefined && !this.#isGiven && starts)
      throw ambiguousLine(place, 'each message on one line, or --format hex');
    if (line.from !== undefined) this.#finish();
    else if (this.#other !== undefined && this.#open === undefined && !starts)
      throw badLine(place, 'a message that begins with 0x21, since other lines are prose; or --format hex');
    this.#open ??= line;
    this.#assembler.append(row, place);
    if (!line.goesOn) this.#finish();
  }

  /** A line without a message's beginning, as long as the one before or shorter, which is longer than people type. */
  #mayBePiece({ from }: MessageLine, starts: boolean): boolean {
    const row = this.#row;
    const before = this.#lineSize;
    this.#lineSize = from === undefined && (starts || row.length === 1) ? row.length : 0;
    if (this.#isGiven || from !== undefined || starts || this.#open !== undefined) return false;
    return row.length <= before && (before >= LONG_LINE ? !beginsMessage(row) : before === 1);
  }

  end(): void {
    this.#finish();
    if (this.#count === 0 && this.#other !== undefined) throw badLine(this.#other);
  }

  #finish(): void {
    if (this.#open === undefined) return;
    const { from, to } = this.#open;
    this.#open = undefined;
    this.#count += 1;
    this.#assembler.emit(from, to);
  }
}

export const hexForm = textForm({
  name: 'hex',
  summary:
    'a message on each line, with or without its VMs; digits together or apart, with 0x, colons or commas',
  example: `3>255 210104000400005680000000
255>3 0x21 0x02 0x04 0x00 0x04 0x00 0x00 0x56 0x00 0x00 0x00 0x00`,
  recognise: byLayout('hex'),
  reader: (assembler, isGiven) => new MessageLineReader(assembler, isGiven),
});
