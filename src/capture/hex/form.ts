import type { LineReader, MessageAssembler } from './messages.js';

/** What a line tells about the form of its text: `yes`, `no` (never), or `later` (lines that follow may). */
export type Recognition = 'yes' | 'no' | 'later';

/** Looks for one form in a text, line by line. Blank lines and comments are left out. */
export interface Recogniser {
  /**
   * Takes the next whole line, its number from 1 and the byte offset at which it begins.
   *
   * @throws WireError `ambiguous` if the lines so far could be read in two ways.
   */
  line(text: string, number: number, offset: number): Recognition;
  /** All lines have been taken, or as many as are looked at. `perhaps`: the text is of the form if it is of no other. */
  end(): boolean | 'perhaps';
}

/** A form in which people have bytes as text. Each is a row of `textForms`. */
export interface TextForm<Name extends string = string> {
  /** Its name for `--format`. */
  readonly name: Name;
  /** What it is, as a phrase. */
  readonly summary: string;
  /** A text of this form, which is recognised without being told. */
  readonly example: string;
  /** A text is of the first form that says yes. It must not do so if another form could give other bytes. */
  readonly recognise: () => Recogniser;
  /**
   * Reads lines of the form.
   *
   * @param isGiven somebody said that the text is of this form: what begins no RPC message is read too.
   */
  readonly reader: (assembler: MessageAssembler, isGiven: boolean) => LineReader;
}

/** Keeps the name as a literal type. */
export function textForm<Name extends string>(form: TextForm<Name>): TextForm<Name> {
  return form;
}

/**
 * Recognises a form by any one of its lines.
 *
 * @param isFirst whether a line, being the first of the text, is of the form. Later lines stand behind other text.
 */
export function byLine(isOf: (text: string, isFirst: boolean) => boolean): () => Recogniser {
  return () => {
    let isFirst = true;
    let found = false;
    return {
      line: (text) => {
        found ||= isOf(text, isFirst);
        isFirst = false;
        return found ? 'yes' : 'later';
      },
      end: () => found,
    };
  };
}
