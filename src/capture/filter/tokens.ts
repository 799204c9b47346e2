import { type Choice, UsageError } from '../../base/error.js';

export interface Token {
  readonly kind: 'word' | 'value' | 'text' | 'regex' | 'operator' | 'end';
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

const words = /([A-Za-z_][\w.]*)|(==|!=|<=|>=|&&|\|\||[<>()!])/y;

/**
 * A value without quotes: a VM (`VM 128`); a number or time with its unit and with what is printed behind it (`0x1000
 * (4 KiB)`, `3 (HLOS)`); a word.
 */
const values =
  /(vm\s+\d+|-?\d[\w.:-]*(?:\s*(?:[num\u00b5]?s|bytes?|[KMGT]iB)(?!\w))?)(?:\s*\((?:[A-Za-z]+|\d+ [KMGT]iB)\))?|([A-Za-z_][\w.]*)/iy;

const quoted = /"((?:[^"\\]|\\.)*)"|'([^']*)'/y;
const regex = /\/((?:[^/\\]|\\.)*)\//y;

/** Reads the tokens of a filter. Whether a number or a name comes next is known to the parser only. */
export class Tokens {
  #at = 0;

  constructor(readonly text: string) {}

  /** The next token where a key, an operator or the end must come. */
  peek(): Token {
    const at = this.#at;
    const token = this.next();
    this.#at = at;
    return token;
  }

  next(): Token {
    const column = this.#skip();
    const [, word, operator] = this.#match(words) ?? [];
    if (word !== undefined) return { kind: 'word', text: word, column };
    if (operator !== undefined) return { kind: 'operator', text: operator, column };
    if (this.#at < this.text.length) {
      const rest = this.text.slice(this.#at, this.#at + 10);
      fail(column, rest.startsWith('=') ? '== for equal' : 'a name or operator', rest);
    }
    return { kind: 'end', text: 'the end', column };
  }

  /** The next token where a value must come. */
  value(): Token {
    const column = this.#skip();
    const [text, double, single] = this.#match(quoted) ?? [];
    if (text !== undefined)
      return { kind: 'text', text: single ?? (double as string).replace(/\\(.)/g, '$1'), column };
    const [, number, word] = this.#match(values) ?? [];
    if (number !== undefined || word !== undefined)
      return { kind: 'value', text: (number ?? word) as string, column };
    return fail(column, 'a value', this.rest);
  }

  /** The next token where a regular expression must come, between slashes or in quotes. */
  pattern(): Token {
    const column = this.#skip();
    const [, text] = this.#match(regex) ?? [];
    return text === undefined ? this.value() : { kind: 'regex', text: text.replaceAll('\\/', '/'), column };
  }

  /** Whether a character comes next, which is then taken. */
  takes(character: string): boolean {
    this.#skip();
    if (this.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  /** The column of what comes next. */
  get column(): number {
    return this.#skip();
  }

  /** What comes next, for errors. */
  get rest(): string {
    return this.text.slice(this.#at, this.#at + 10) || 'the end';
  }

  #skip(): number {
    while (/\s/.test(this.text[this.#at] ?? '')) this.#at++;
    return this.#at + 1;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.text) ?? undefined;
    if (match !== undefined) this.#at = pattern.lastIndex;
    return match;
  }
}

export function fail(column: number, expected: string, actual: string, choice?: Choice): never {
  throw new UsageError({
    code: 'filter',
    path: `column ${column}`,
    expected,
    actual,
    ...(choice && { choice }),
  });
}
