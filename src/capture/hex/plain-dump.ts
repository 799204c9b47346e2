import { GrowingBuffer } from '../packets/index.js';
import { textForm } from './form.js';
import { turnGroups, turnMessage } from './groups.js';
import { byLayout } from './line-layout.js';
import { looksLikeHex, parseMessageLine } from './message-line.js';
import {
  ambiguousLine,
  badLine,
  beginsHeader,
  isBlank,
  isComment,
  type LineReader,
  type MessageAssembler,
} from './messages.js';

/** Bytes of a line of xxd -p. */
const XXD_ROW = 30;
/** Bytes of the largest queue message (protocol/rpc.md). */
const QUEUE_MESSAGE_MAX = 240;

/** Lines of one length make a message, up to a shorter or blank one. */
class PlainDumpReader implements LineReader {
  readonly #assembler: MessageAssembler;
  readonly #isGiven: boolean;
  readonly #row = new GrowingBuffer();
  /** Bytes of the first line of the dump in progress. */
  #rowSize = 0;
  /** Bytes of the numbers that are to be turned around; 0 for none. */
  #turned = 0;

  constructor(assembler: MessageAssembler, isGiven: boolean) {
    this.#assembler = assembler;
    this.#isGiven = isGiven;
  }

  line(text: string, number: number, offset: number): void {
    if (isComment(text)) return;
    if (isBlank(text)) {
      this.end();
      return;
    }
    const row = this.#row;
    const place = { text, number, offset };
    const message = parseMessageLine(text, row);
    if (text.trim() === '*' && this.#assembler.bytes.length > 0)
      throw badLine(place, 'all lines of the dump (-v of od and hexdump), since * leaves lines out');
    if (message === undefined || message.from !== undefined) {
      this.end();
      if (this.#isGiven || looksLikeHex(text)) throw badLine(place);
      return;
    }
    if (this.#assembler.bytes.length === QUEUE_MESSAGE_MAX && beginsHeader(row)) this.end();
    const isFirst = this.#assembler.bytes.length === 0;
    if (isFirst) {
      this.#rowSize = row.length;
      this.#turned = this.#isGiven ? 0 : turnMessage(row, message.pieceSize);
    } else if (this.#turned > 0 && !turnGroups(row, this.#turned)) throw badLine(place, 'whole numbers');
    if (!this.#isGiven && (this.#rowSize !== XXD_ROW || row.length > XXD_ROW)) {
      const fits = beginsHeader(row) === isFirst && row.length <= this.#rowSize;
      if (!fits) throw ambiguousLine(place, 'a blank line before each message, or --format xxd-p');
    }
    this.#assembler.append(row, place);
    if (row.length < this.#rowSize) this.end();
  }

  end(): void {
    if (this.#assembler.bytes.length > 0) this.#assembler.emit(undefined, undefined);
  }
}

export const plainDumpForm = textForm({
  name: 'xxd-p',
  summary:
    'what xxd -p prints, and other hex cut into lines of one length; a shorter or blank line ends a message',
  example: `21 01 07 00 09 00 00 56 80 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 00`,
  recognise: byLayout('xxd-p'),
  reader: (assembler, isGiven) => new PlainDumpReader(assembler, isGiven),
});
