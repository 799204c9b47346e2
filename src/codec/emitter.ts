import { digest } from '../base/digest.js';
import type { AnyType } from '../wire/index.js';

/** Collects the lines of a generated function. Names are numbered, so that nested structs never collide. */
export class Emitter {
  readonly #lines: string[] = [];
  readonly #names: { count: number };

  constructor(outer?: Emitter) {
    this.#names = outer === undefined ? { count: 0 } : outer.#names;
  }

  /** An emitter of its own lines that draws from the same names. */
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

  get source(): string {
    return this.#lines.join('\n');
  }
}

/** A field name as it stands in generated code; declared names are data, so they are always quoted. */
export function quote(name: string): string {
  return JSON.stringify(name);
}

/** For visitors: fields of these kinds are not generated where they stand. */
export function noCode({ kind, label }: AnyType): never {
  throw new TypeError(`no code for ${kind} ${label}`);
}

// DataView's 64-bit integer methods are calls that V8 11.3 (Node 20) does not inline, unlike its double methods and
// the access to arrays of either: over these the same eight bytes cost a third. Only a NaN may change its bits on the
// way through a double.
const wide = new BigUint64Array(1);
const double = new Float64Array(wide.buffer);

/** As `view.getBigUint64(at, true)`. */
function readU64(view: DataView, at: number): bigint {
  const bits = view.getFloat64(at, true);
  if (Number.isNaN(bits)) return view.getBigUint64(at, true);
  double[0] = bits;
  return wide[0] as bigint;
}

/** As `view.setBigUint64(at, value, true)`. */
function writeU64(view: DataView, at: number, value: bigint): void {
  wide[0] = value;
  const bits = double[0] as number;
  if (Number.isNaN(bits)) view.setBigUint64(at, value, true);
  else view.setFloat64(at, bits, true);
}

/** What generated code may call, by name. */
const helpers = { readU64, writeU64 };

/** A generated function that awaits its {@link helpers}, in their order. */
export type GeneratedFunction = (...helpers: readonly unknown[]) => unknown;

/** Functions made when a page was built, by the digest of their text. */
const built = new Map<string, GeneratedFunction>();

/** The whole text of a generated function; what it evaluates to is a {@link GeneratedFunction}. */
export function functionText(parameters: readonly string[], source: string): string {
  return `(${Object.keys(helpers).join(', ')}) => (${parameters.join(', ')}) => {\n${source}\n}`;
}

/**
 * Hands over functions that were generated earlier, by the digest of their text: where code must not be generated they
 * do as well as any. A text that has changed since has another digest, so that a stale one is never taken.
 */
export function provideBuilt(functions: Readonly<Record<string, GeneratedFunction>>): void {
  for (const [key, make] of Object.entries(functions)) built.set(key, make);
}

/**
 * Compiles generated source, which may call the {@link helpers}, unless it was {@link provideBuilt}. Where a page's
 * Content-Security-Policy forbids generated code the fallback, which does the same slowly, is used instead.
 */
export function compile<F>(parameters: readonly string[], source: string, fallback: F): F {
  const text = functionText(parameters, source);
  try {
    const make =
      built.get(digest(text)) ?? (new Function(`"use strict"; return ${text};`)() as GeneratedFunction);
    return make(...Object.values(helpers)) as F;
  } catch (error) {
    if (error instanceof EvalError) return fallback;
    throw error;
  }
}
