import { align, alignShared } from './align.js';
import type { Span } from './anchors.js';
import { type Level, Numbering } from './numbering.js';

/** Neither a place in a window nor a level. */
const NONE = -1;

/** The numbers of the messages of both windows, by one of the levels. */
class LevelTokens {
  a = new Int32Array(0);
  b = new Int32Array(0);

  constructor(readonly level: Level) {}
}

/**
 * The way over two windows, step by step: a pair by one of the levels, or a message that only one side has. The arrays
 * are used again and again.
 */
export class Steps {
  readonly #levels: readonly LevelTokens[];
  readonly #numbering = new Numbering();
  #a = new Int32Array(0);
  #b = new Int32Array(0);
  #level = new Int8Array(0);
  length = 0;

  constructor(levels: readonly Level[]) {
    this.#levels = levels.map((level) => new LevelTokens(level));
  }

  /** Place of a step's message in the window, -1 if only the other side has one. */
  a(at: number): number {
    return this.#a[at] as number;
  }

  b(at: number): number {
    return this.#b[at] as number;
  }

  isEqual(at: number): boolean {
    return this.#level[at] === 0;
  }

  /** Pairs the messages of two windows. `isWhole`: nothing follows. */
  pair(a: Int32Array, b: Int32Array, isWhole: boolean): void {
    const most = a.length + b.length;
    if (this.#a.length < most) {
      this.#a = new Int32Array(most);
      this.#b = new Int32Array(most);
      this.#level = new Int8Array(most);
    }
    for (const tokens of this.#levels) {
      if (tokens.a.length < a.length) tokens.a = new Int32Array(a.length);
      if (tokens.b.length < b.length) tokens.b = new Int32Array(b.length);
    }
    this.length = 0;
    this.#compare(a, b, { aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }, 0, isWhole);
  }

  /** Index behind the last run of so many equal messages; 0 if there is none. */
  agreementEnd(size: number): number {
    let run = 0;
    for (let at = this.length - 1; at >= 0; at--) {
      run = this.isEqual(at) ? run + 1 : 0;
      if (run === size) return at + size;
    }
    return 0;
  }

  /** Index of the first step that lies in the last eighth of one of the windows; behind all if there is none before. */
  mostOf(size: number): number {
    let at = 0;
    while (at < this.length && 8 * Math.max(this.a(at), this.b(at)) < 7 * size) at++;
    return at === 0 ? this.length : at;
  }

  #compare(a: Int32Array, b: Int32Array, span: Span, depth: number, isWhole: boolean): void {
    const { aStart, aEnd, bStart, bEnd } = span;
    const tokens = aStart < aEnd && bStart < bEnd ? this.#levels[depth] : undefined;
    if (tokens === undefined) {
      for (let at = aStart; at < aEnd; at++) this.#add(at, NONE, NONE);
      for (let at = bStart; at < bEnd; at++) this.#add(NONE, at, NONE);
      return;
    }
    const { level, a: aTokens, b: bTokens } = tokens;
    const numbering = this.#numbering;
    numbering.begin(aEnd - aStart + bEnd - bStart);
    for (let at = aStart; at < aEnd; at++) aTokens[at] = numbering.number(level, a[at] as number);
    for (let at = bStart; at < bEnd; at++) bTokens[at] = numbering.number(level, b[at] as number);
    let aNext = aStart;
    let bNext = bStart;
    const pairs = isWhole ? align : alignShared;
    pairs(aTokens, bTokens, span, (aAt, bAt) => {
      const between = { aStart: aNext, aEnd: aAt, bStart: bNext, bEnd: bAt };
      if (aNext < aAt || bNext < bAt) this.#compare(a, b, between, depth + 1, isWhole);
      this.#add(aAt, bAt, depth);
      aNext = aAt + 1;
      bNext = bAt + 1;
    });
    this.#compare(a, b, { aStart: aNext, aEnd, bStart: bNext, bEnd }, depth + 1, isWhole);
  }

  #add(a: number, b: number, level: number): void {
    const at = this.length++;
    this.#a[at] = a;
    this.#b[at] = b;
    this.#level[at] = level;
  }
}
