import { GrowingBuffer } from '../packets/index.js';
import { textForm } from './form.js';
import { byLayout } from './line-layout.js';
import { looksLikeHex, parseMessageLine } from './message-line.js';
import {
  ambiguousLine,
  badLine,
  beginsHeader,
  isBlank,
  isComment,
  type LinePlace,
  type LineReader,
  type MessageAssembler,
} from './messages.js';

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

  constructor(assembler: MessageAssembler, isGiven: boolean) {
    this.#assembler = assembler;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    if (isBlank(text) || isComment(text)) {
      this.#finish();
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
    const starts = beginsHeader(row);
    if (this.#open !== undefined && !this.#isGiven && starts)
      throw ambiguousLine(place, 'each message on one line, or --format hex');
    if (line.from !== undefined) this.#finish();
    else if (this.#other !== undefined && this.#open === undefined && !starts)
      throw badLine(place, 'a message that begins with 0x21, since other lines are prose; or --format hex');
    this.#open ??= line;
    this.#assembler.append(row, place);
    if (!line.goesOn) this.#finish();
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
