import { GrowingBuffer } from '../packets/index.js';
import { byLine, textForm } from './form.js';
import { parseMessageLine } from './message-line.js';
import { beginsHeader, type LinePlace, type LineReader, type MessageAssembler } from './messages.js';

/** A key of JSON, or of a dictionary of Python, and the text that is its value, or the first of its values. */
const KEY_AND_VALUE = /["'][^"'\\]{1,64}["']\s*:\s*(?:\[\s*)?(?:"([^"\\]*)"|'([^'\\]*)')/g;
/** A text of hex that is no key. The values of a list may stand on lines of their own. */
const VALUE = /"(\s*[\da-f][\da-fx \t:,-]*)"(?!\s*:)|'(\s*[\da-f][\da-fx \t:,-]*)'(?!\s*:)/gi;

/** Reads the texts of a line that begin a message, each into `row`. */
function* messagesOf(line: string, texts: RegExp, row: GrowingBuffer): Generator<undefined> {
  for (const [, double, single] of line.matchAll(texts)) {
    const parsed = parseMessageLine(double ?? single ?? '', row);
    if (parsed !== undefined && parsed.from === undefined && beginsHeader(row)) yield;
  }
}

/** Each value is a message. All else that an object says is left out. */
class JsonReader implements LineReader {
  readonly #assembler: MessageAssembler;
  readonly #row = new GrowingBuffer();

  constructor(assembler: MessageAssembler) {
    this.#assembler = assembler;
  }

  line(text: string, number: number, offset: number): void {
    const place: LinePlace = { text, number, offset };
    for (const _ of messagesOf(text, VALUE, this.#row)) {
      this.#assembler.append(this.#row, place);
      this.#assembler.emit(undefined, undefined);
    }
  }

  end(): void {}
}

export const jsonForm = textForm({
  name: 'json',
  summary: 'objects of JSON that are no lines of decode --json; each text of hex in them is a message',
  example: `{"dir":"tx","data":"21 01 04 00 04 00 00 56 80 00 00 00"}
{"dir":"rx","data":"2102040004000056 00000000"}`,
  recognise: byLine((line) => !messagesOf(line, KEY_AND_VALUE, new GrowingBuffer()).next().done),
  reader: (assembler) => new JsonReader(assembler),
});
