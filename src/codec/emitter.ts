import { preparedText } from '../base/byte-writer.js';
import { digest } from '../base/digest.js';
import type { AnyType } from '../wire/index.js';

/** Collects the lines of a generated function. Variable names are numbered, so nested structs do not clash. */
export class Emitter {
  readonly #lines: string[] = [];
  readonly #names: { count: number };

  constructor(outer?: Emitter) {
    this.#names = outer === undefined ? { count: 0 } : outer.#names;
  }

  /** An emitter with its own lines and the same counter of names. */
  fork(): Emitter {
    return new Emitter(this);
  }

  /** A fresh variable name. */
  name(stem: string): string {
    return `${stem}${this.#names.count++}`;
  }

  line(text: string): void {
    this.#lines.push(text);
  }

  /** An empty line. @returns what fills it in, which may be called again. */
  gap(): (text: string) => void {
    const index = this.#lines.push('') - 1;
    return (text) => {
      this.#lines[index] = text;
    };
  }

  get source(): string {
    return this.#lines.join('\n');
  }
}

/** A field name as a string literal. Generated code never uses a name as an identifier. */
export function quote(name: string): string {
  return JSON.stringify(name);
}

/**
 * Statements that write a text of ASCII at `a` of the DataView `d`, where `ByteWriter.room` has been made for it, and move
 * `a` behind it.
 */
export function stores(text: string): string {
  const statements: string[] = [];
  const { words, size } = preparedText(text);
  for (const [index, word] of words.entries()) {
    const left = size - 8 * index;
    const at = `a + ${8 * index}`;
    statements.push(
      left > 4 ? `d.setFloat64(${at}, ${word}, true);` : `d.setInt32(${at}, ${lastWord(text)}, true);`,
    );
  }
  return `${statements.join(' ')} a += ${size};`;
}

/** The bytes of a text behind the last multiple of eight, as one word: at most four. */
function lastWord(text: string): number {
  const last = text.slice(text.length & ~7);
  return Array.from(last).reduce((word, char, index) => word | (char.charCodeAt(0) << (8 * index)), 0);
}

/** Case of a visitor for types that cannot occur at this place. */
export function noCode({ kind, label }: AnyType): never {
  throw new TypeError(`no code for ${kind} ${label}`);
}

/**
 * Functions that generated code may call, by name. They are made in a function because bundlers make a `var` of a module's
 * `const`, and V8 takes only a `const` for a constant: with a `var` decoding takes 6 % longer, encoding 9 %.
 */
const helpers = (() => {
  // V8 11.3 (Node 20) does not inline DataView's methods for 64-bit integers. It does inline those for doubles and the
  // access to typed arrays, so going through a double takes a third of the time. Only a NaN may lose bits as a double.
  const wide = new BigUint64Array(1);
  const double = new Float64Array(wide.buffer);
  const words = new Uint32Array(wide.buffer);
  /** Index of the word that holds the low half of `wide` on this machine. */
  const low = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

  return {
    /** As `view.getBigUint64(at, true)`. */
    readU64(view: DataView, at: number): bigint {
      const bits = view.getFloat64(at, true);
      if (Number.isNaN(bits)) return view.getBigUint64(at, true);
      double[0] = bits;
      return wide[0] as bigint;
    },
    /** As `view.setBigUint64(at, value, true)`. */
    writeU64(view: DataView, at: number, value: bigint): void {
      wide[0] = value;
      const bits = double[0] as number;
      if (Number.isNaN(bits)) view.setBigUint64(at, value, true);
      else view.setFloat64(at, bits, true);
    },
    /** The integer of 64 bits that two unsigned words are. */
    joinU64(lowWord: number, highWord: number): bigint {
      words[low] = lowWord;
      words[1 - low] = highWord;
      return wide[0] as bigint;
    },
  };
})();

/** Takes the {@link helpers}, in their order, and returns the generated function. */
export type GeneratedFunction = (...helpers: readonly unknown[]) => unknown;

/** Functions made when a page was built, by the digest of their text. */
const built = new Map<string, GeneratedFunction>();

/** The whole text of a generated function; what it evaluates to is a {@link GeneratedFunction}. */
export function functionText(parameters: readonly string[], source: string): string {
  return `(${Object.keys(helpers).join(', ')}) => (${parameters.join(', ')}) => {\n${source}\n}`;
}

/**
 * Provides functions that were generated when the page was built, by the digest of their text, for pages that must not
 * generate code. A changed text has another digest, so an outdated function is never used.
 */
export function provideBuilt(functions: Readonly<Record<string, GeneratedFunction>>): void {
  for (const [key, make] of Object.entries(functions)) built.set(key, make);
}

/** Outside of pages there is none, and to digest a text takes half as long as to compile it. */
function builtFor(text: string): GeneratedFunction | undefined {
  return built.size === 0 ? undefined : built.get(digest(text));
}

/**
 * Compiles generated source, which may call the {@link helpers}, unless {@link provideBuilt} has provided it. If a page's
 * Content-Security-Policy forbids generated code, it returns the fallback, which does the same slowly.
 */
export function compile<F>(parameters: readonly string[], source: string, fallback: F): F {
  const text = functionText(parameters, source);
  try {
    const make = builtFor(text) ?? (new Function(`"use strict"; return ${text};`)() as GeneratedFunction);
    return make(...Object.values(helpers)) as F;
  } catch (error) {
    if (error instanceof EvalError) return fallback;
    throw error;
  }
}
