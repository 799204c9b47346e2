import { LineSplitter } from '../packets/index.js';
import type { Recogniser, TextForm } from './form.js';
import { type HexStyle, textForms } from './forms.js';
import { isBlank, isComment } from './messages.js';

/** Size in bytes of the beginning of a file that is used to recognise its form. */
export const DETECT_SIZE = 64 * 1024;

/** Recognises the form of a text from its bytes as they come, as soon as its lines tell. */
export class FormDetector<Name extends string> {
  readonly #candidates: readonly { readonly name: Name; readonly recogniser: Recogniser; isOut: boolean }[];
  readonly #lines: LineSplitter;
  #found: Name | undefined;
  #size = 0;
  #lineCount = 0;
  #isOver = false;

  constructor(forms: readonly Pick<TextForm<Name>, 'name' | 'recognise'>[]) {
    this.#candidates = forms.map(({ name, recognise }) => ({ name, recogniser: recognise(), isOut: false }));
    this.#lines = new LineSplitter((text, number, offset) => this.#line(text, number, offset), DETECT_SIZE);
  }

  /** The form, undefined while it is open or when it is none. */
  get found(): Name | undefined {
    return this.#found;
  }

  /** Nothing that follows can change `found`. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws WireError `ambiguous` if the lines could be read in two ways. */
  push(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const room = DETECT_SIZE - this.#size;
    const piece = chunk.subarray(0, room);
    if (piece.includes(0)) {
      // No text has it.
      this.#isOver = true;
      return;
    }
    this.#size += piece.length;
    this.#lines.push(piece);
    // The last line may be cut. If it is the only one it must do.
    if (chunk.length >= room) this.#end(true);
  }

  /** All bytes have been pushed. @throws WireError as `push` does. */
  end(): void {
    this.#end(false);
  }

  #line(text: string, number: number, offset: number): void {
    this.#lineCount += 1;
    if (this.#isOver || isBlank(text) || isComment(text)) return;
    for (const candidate of this.#candidates) {
      if (candidate.isOut) continue;
      const recognition = candidate.recogniser.line(text, number, offset);
      candidate.isOut = recognition === 'no';
      if (recognition !== 'yes') continue;
      this.#found = candidate.name;
      this.#isOver = true;
      return;
    }
  }

  #end(isCut: boolean): void {
    if (this.#isOver) return;
    if (!isCut || this.#lineCount === 0) this.#lines.end();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#found = this.#candidates.find(({ isOut, recogniser }) => !isOut && recogniser.end())?.name;
  }
}

/** Recognises any of the forms of text. */
export function textDetector(): FormDetector<HexStyle> {
  return new FormDetector<HexStyle>(textForms);
}
