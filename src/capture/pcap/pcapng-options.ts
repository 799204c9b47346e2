import { OPTION_COMMENT, OPTION_END } from './pcapng-blocks.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Walks an option list without an object per option. */
export class OptionCursor {
  code = 0;
  /** The option's value is bytes [start, end), without its padding. */
  start = 0;
  end = 0;
  /** The list overran its block; the options before that were good. */
  broken = false;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #limit: number;
  #at: number;

  /** `at` .. `limit`: the rest of the block's body. */
  constructor(view: DataView, little: boolean, at: number, limit: number) {
    this.#view = view;
    this.#little = little;
    this.#at = at;
    this.#limit = limit;
  }

  /** Goes to the next option; false at the end-of-options mark, at the end of the block, or when broken. */
  next(): boolean {
    // The body is a multiple of 4 long: without the (optional) end mark the list ends exactly at the limit.
    if (this.#at === this.#limit) return false;
    this.code = this.#view.getUint16(this.#at, this.#little);
    const size = this.#view.getUint16(this.#at + 2, this.#little);
    if (this.code === OPTION_END) return false;
    this.start = this.#at + 4;
    this.end = this.start + size;
    if (this.end > this.#limit) {
      this.broken = true;
      return false;
    }
    this.#at = this.start + ((size + 3) & ~3);
    return true;
  }
}

/** The text of a UTF-8 option; bytes that are not UTF-8 become U+FFFD. */
export function optionText(data: Uint8Array, start: number, end: number): string {
  return utf8.decode(data.subarray(start, end));
}

/**
 * All comments of the list, joined with "\n"; undefined when there is none. Walks the cursor to its end.
 *
 * @param other gets each other option: its code, and where its value begins and how long it is.
 */
export function readComments(
  data: Uint8Array,
  options: OptionCursor,
  other: (code: number, start: number, size: number) => void = () => {},
): string | undefined {
  let comment: string | undefined;
  while (options.next()) {
    if (options.code !== OPTION_COMMENT) {
      other(options.code, options.start, options.end - options.start);
      continue;
    }
    const text = optionText(data, options.start, options.end);
    comment = comment === undefined ? text : `${comment}\n${text}`;
  }
  return comment;
}
