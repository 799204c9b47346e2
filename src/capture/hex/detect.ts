import { LineSplitter } from '../packets/index.js';
import type { Recogniser, TextForm } from './form.js';
import { type HexStyle, textForms } from './forms.js';
import { shownLines, withoutPrefixes } from './line-prefixes.js';
import { isBlank, isComment } from './messages.js';

/** Size in bytes of the beginning of a file that is used to recognise its form. */
export const DETECT_SIZE = 64 * 1024;

/** A line of no form. Forms are more careful behind it. */
const PROSE = '-';

/** Recognises the form of a text from its bytes as they come, as soon as its lines tell. */
export class FormDetector<Name extends string> {
  readonly #hasPrefixes: boolean;
  readonly #candidates: readonly { readonly name: Name; readonly recogniser: Recogniser; isOut: boolean }[];
  readonly #lines: LineSplitter;
  #found: Name | undefined;
  #isSure = false;
  #size = 0;
  #lineCount = 0;
  #isOver = false;

  /** @param hasPrefixes what programs and people put before lines is left out. */
  constructor(forms: readonly Pick<TextForm<Name>, 'name' | 'recognise'>[], hasPrefixes = false) {
    this.#hasPrefixes = hasPrefixes;
    this.#candidates = forms.map(({ name, recognise }) => ({ name, recogniser: recognise(), isOut: false }));
    // Logs hold much hex that is no message: in lines with something before them only what begins one tells the form.
    if (hasPrefixes) for (const { recogniser } of this.#candidates) recogniser.line(PROSE, 0, 0);
    this.#lines = new LineSplitter((text, number, offset) => this.#lineOf(text, number, offset), DETECT_SIZE);
  }

  /** The form, undefined while it is open or when it is none. */
  get found(): Name | undefined {
    return this.#found;
  }

  /** The text has shown the form: `found` is not only what it may be since it is nothing else. */
  get isSure(): boolean {
    return this.#isSure;
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

  #lineOf(text: string, number: number, offset: number): void {
    this.#lineCount += 1;
    for (const line of shownLines(text))
      this.#line(this.#hasPrefixes ? withoutPrefixes(line) : line, number, offset);
  }

  #line(text: string, number: number, offset: number): void {
    if (this.#isOver || isBlank(text) || isComment(text)) return;
    for (const candidate of this.#candidates) {
      if (candidate.isOut) continue;
      const recognition = candidate.recogniser.line(text, number, offset);
      candidate.isOut = recognition === 'no';
      if (recognition !== 'yes') continue;
      this.#found = candidate.name;
      this.#isSure = true;
      this.#isOver = true;
      return;
    }
  }

  #end(isCut: boolean): void {
    if (this.#isOver) return;
    if (!isCut || this.#lineCount === 0) this.#lines.end();
    if (this.#isOver) return;
    this.#isOver = true;
    const ends = this.#candidates.map(({ name, isOut, recogniser }) => ({
      name,
      end: !isOut && recogniser.end(),
    }));
    const sure = ends.find(({ end }) => end === true);
    this.#isSure = sure !== undefined;
    this.#found = (sure ?? ends.find(({ end }) => end === 'perhaps'))?.name;
  }
}

/** Recognises any of the forms of text. */
export function textDetector(): FormDetector<HexStyle> {
  return new FormDetector<HexStyle>(textForms);
}

/**
 * The form of the lines of a text behind what programs and people put before them, from its first DETECT_SIZE bytes.
 * Undefined when it is none, or open.
 */
export function formBehindPrefixes(start: Uint8Array): HexStyle | undefined {
  const detector = new FormDetector<HexStyle>(textForms, true);
  detector.push(start);
  detector.end();
  return detector.isSure ? detector.found : undefined;
}
