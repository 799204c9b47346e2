import { fail } from './tokens.js';

/** Largest program of a regular expression. A text of n characters takes at most n times as many steps. */
const statesMax = 500;
const repetitionsMax = 5000;

/** A character class: whether it takes a character code. */
type Takes = (code: number) => boolean;

/** A state of the automaton: it takes a character, is a fork, an anchor, or the end. */
type State =
  | { kind: 'takes'; takes: Takes; next: number }
  | { kind: 'fork'; next: number; other: number }
  | { kind: 'start' | 'finish'; next: number }
  | { kind: 'match' };

/**
 * Compiles a regular expression to a test whether a text contains a match, in a time that is linear in the text: all
 * states of the automaton are followed at once (Thompson's construction), so no expression can make a filter hang. It
 * knows characters, `.`, `[a-z]`, `[^a-z]`, `\d \w \s` and their opposites, `^`, `$`, groups, `|`, `*`, `+`, `?` and
 * `{m,n}`; no back references and no look-around.
 *
 * @throws UsageError at `column` for an expression that it does not know, or of more than 500 states.
 */
export function compileRegex(
  source: string,
  ignoresCase: boolean,
  column: number,
): (text: string) => boolean {
  const states = new RegexParser(source, ignoresCase, column).parse();
  return (text) => run(states, ignoresCase ? text.toLowerCase() : text);
}

function run(states: readonly State[], text: string): boolean {
  // The last place, from 1, at which a state was reached: each is followed once per place.
  const reached = new Uint32Array(states.length);
  let current: number[] = [];
  for (let at = 0; ; at++) {
    // A match may begin at every character.
    if (follow(states, 0, at, text.length, current, reached)) return true;
    if (at === text.length) return false;
    const code = text.charCodeAt(at);
    const before = current;
    current = [];
    for (const index of before) {
      const state = states[index] as State;
      if (state.kind !== 'takes' || !state.takes(code)) continue;
      if (follow(states, state.next, at + 1, text.length, current, reached)) return true;
    }
  }
}

/** Adds the states that are reached without a character. @returns whether the end is among them. */
function follow(
  states: readonly State[],
  from: number,
  at: number,
  end: number,
  list: number[],
  reached: Uint32Array,
): boolean {
  const open = [from];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    if (reached[index] === at + 1) continue;
    reached[index] = at + 1;
    const state = states[index] as State;
    if (state.kind === 'match') return true;
    if (state.kind === 'takes') list.push(index);
    else if (state.kind === 'fork') open.push(state.next, state.other);
    else if (state.kind === 'start' ? at === 0 : at === end) open.push(state.next);
  }
  return false;
}

/** Appends the states of a piece, which go on at the state behind it. */
type Piece = () => void;

const classes: Readonly<Record<string, Takes>> = {
  d: (code) => code >= 0x30 && code <= 0x39,
  w: (code) => /\w/.test(String.fromCharCode(code)),
  s: (code) => /\s/.test(String.fromCharCode(code)),
};

class RegexParser {
  readonly #states: State[] = [];
  readonly #source: string;
  readonly #column: number;
  #at = 0;
  #depth = 0;
  #repetitions = 0;

  constructor(source: string, ignoresCase: boolean, column: number) {
    // Escapes of classes have a meaning in upper case.
    this.#source = ignoresCase
      ? source.replace(/\\.|[A-Z]/g, (part) => (part.length > 1 ? part : part.toLowerCase()))
      : source;
    this.#column = column;
  }

  parse(): readonly State[] {
    const whole = this.#either();
    if (this.#at < this.#source.length) this.#fail('a regular expression', this.#source.slice(this.#at));
    whole();
    this.#add({ kind: 'match' });
    return this.#states;
  }

  #fail(expected: string, actual: string): never {
    return fail(this.#column + this.#at, expected, actual || 'the end');
  }

  #add(state: State): number {
    if (this.#states.length >= statesMax) this.#fail('a shorter regular expression', this.#source);
    return this.#states.push(state) - 1;
  }

  #takes(character: string): boolean {
    if (this.#source[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #either(): Piece {
    if (++this.#depth > 50) this.#fail('at most 50 levels of groups', 'more');
    const pieces = [this.#sequence()];
    while (this.#takes('|')) pieces.push(this.#sequence());
    this.#depth--;
    return () => this.#alternatives(pieces);
  }

  #alternatives([first, ...others]: readonly Piece[]): void {
    if (first === undefined) return;
    if (others.length === 0) {
      first();
      return;
    }
    const fork = { kind: 'fork' as const, next: this.#states.length + 1, other: 0 };
    this.#add(fork);
    first();
    const jump = { kind: 'fork' as const, next: 0, other: 0 };
    this.#add(jump);
    fork.other = this.#states.length;
    this.#alternatives(others);
    jump.next = this.#states.length;
    jump.other = jump.next;
  }

  #sequence(): Piece {
    const pieces: Piece[] = [];
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] as string))
      pieces.push(this.#repeated(this.#atom()));
    return () => {
      for (const piece of pieces) piece();
    };
  }

  #repeated(piece: Piece): Piece {
    const [text, min, comma, max] =
      /^\{(\d{1,3})(,?)(\d{0,3})\}/.exec(this.#source.slice(this.#at, this.#at + 10)) ?? [];
    if (text !== undefined) {
      this.#at += text.length;
      const least = Number(min);
      const most = comma === '' ? least : max === '' ? undefined : Number(max);
      return () => this.#times(piece, least, most);
    }
    if (this.#takes('*')) return () => this.#times(piece, 0, undefined);
    if (this.#takes('+')) return () => this.#times(piece, 1, undefined);
    if (this.#takes('?')) return () => this.#times(piece, 0, 1);
    return piece;
  }

  #times(piece: Piece, least: number, most: number | undefined): void {
    for (let count = 0; count < least; count++) this.#again(piece);
    if (most === undefined) {
      const fork = { kind: 'fork' as const, next: this.#states.length + 1, other: 0 };
      const start = this.#add(fork);
      piece();
      this.#add({ kind: 'fork', next: start, other: start });
      fork.other = this.#states.length;
      return;
    }
    const forks = Array.from({ length: Math.max(0, most - least) }, () => {
      const fork = { kind: 'fork' as const, next: this.#states.length + 1, other: 0 };
      this.#add(fork);
      this.#again(piece);
      return fork;
    });
    for (const fork of forks) fork.other = this.#states.length;
  }

  /** Repetitions of nothing have no states, so they are counted too. */
  #again(piece: Piece): void {
    if (++this.#repetitions > repetitionsMax) this.#fail('a shorter regular expression', this.#source);
    piece();
  }

  #atom(): Piece {
    const character = this.#source[this.#at++] as string;
    if (character === '(') {
      if (this.#takes('?') && !this.#takes(':'))
        this.#fail('a group without ?', this.#source.slice(this.#at));
      const inner = this.#either();
      if (!this.#takes(')')) this.#fail(')', this.#source.slice(this.#at));
      return inner;
    }
    if (character === '^' || character === '$')
      return () => this.#anchor(character === '^' ? 'start' : 'finish');
    if (character === '[') return this.#one(this.#set());
    if (character === '.') return this.#one(() => true);
    if (character === '\\') return this.#one(this.#escape());
    if ('*+?'.includes(character)) this.#fail('something to repeat', character);
    return this.#one(equal(character));
  }

  #one(takes: Takes): Piece {
    return () => void this.#add({ kind: 'takes', takes, next: this.#states.length + 1 });
  }

  #anchor(kind: 'start' | 'finish'): void {
    this.#add({ kind, next: this.#states.length + 1 });
  }

  #escape(): Takes {
    const character = this.#source[this.#at++];
    if (character === undefined) return this.#fail('a character behind \\', '');
    const known = classes[character.toLowerCase()];
    if (known !== undefined) return character === character.toLowerCase() ? known : (code) => !known(code);
    if (/[a-z0-9]/i.test(character)) return this.#fail('\\d, \\w, \\s or an escaped sign', `\\${character}`);
    return equal(character);
  }

  #set(): Takes {
    const isOpposite = this.#takes('^');
    const parts: Takes[] = [];
    while (!this.#takes(']') || parts.length === 0) {
      const first = this.#source[this.#at++];
      if (first === undefined) return this.#fail(']', '');
      if (first === '\\') {
        parts.push(this.#escape());
        continue;
      }
      const [, last] = /^-([^\]])/.exec(this.#source.slice(this.#at, this.#at + 2)) ?? [];
      if (last !== undefined) this.#at += 2;
      const [low, high] = [first.charCodeAt(0), (last ?? first).charCodeAt(0)];
      if (high < low) this.#fail('a range from low to high', `${first}-${last}`);
      parts.push((code) => code >= low && code <= high);
    }
    const takes: Takes = (code) => parts.some((part) => part(code));
    return isOpposite ? (code) => !takes(code) : takes;
  }
}

function equal(character: string): Takes {
  const wanted = character.charCodeAt(0);
  return (code) => code === wanted;
}
