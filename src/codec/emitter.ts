/** Collects the lines of a generated function. Names are numbered, so that nested structs never collide. */
export class Emitter {
  private readonly lines: string[] = [];
  private readonly names: { count: number };

  constructor(outer?: Emitter) {
    this.names = outer?.names ?? { count: 0 };
  }

  /** An emitter of its own lines that draws from the same names. */
  fork(): Emitter {
    return new Emitter(this);
  }

  /** A fresh variable name. */
  name(stem: string): string {
    return `${stem}${this.names.count++}`;
  }

  line(text: string): void {
    this.lines.push(text);
  }

  get source(): string {
    return this.lines.join('\n');
  }
}

/** A field name as it stands in generated code; declared names are data, so they are always quoted. */
export function quote(name: string): string {
  return JSON.stringify(name);
}

// DataView's own 64-bit methods are calls that the engine does not inline (V8 11.3): three times the cost of a store into
// an array of one and two 32-bit stores. Arrays have the machine's byte order, so the halves are looked up.
const wide = new BigUint64Array(1);
const halves = new Uint32Array(wide.buffer);
wide[0] = 1n;
const LOW = halves[0] === 1 ? 0 : 1;
const HIGH = 1 - LOW;

/** The u64 at `at`, as `view.getBigUint64(at, true)`. */
function readU64(view: DataView, at: number): bigint {
  halves[LOW] = view.getUint32(at, true);
  halves[HIGH] = view.getUint32(at + 4, true);
  return wide[0] as bigint;
}

/** As `view.setBigUint64(at, value, true)`. */
function writeU64(view: DataView, at: number, value: bigint): void {
  wide[0] = value;
  view.setUint32(at, halves[LOW] as number, true);
  view.setUint32(at + 4, halves[HIGH] as number, true);
}

/** What generated code may call, by name. */
const helpers = { readU64, writeU64 };

/**
 * Compiles generated source, which may call the {@link helpers}. Where a page's Content-Security-Policy forbids
 * generated code the fallback, which does the same slowly, is used instead.
 */
export function compile<F>(parameters: readonly string[], source: string, fallback: F): F {
  const names = Object.keys(helpers);
  try {
    const make = new Function(
      ...names,
      `"use strict";\nreturn (${parameters.join(', ')}) => {\n${source}\n};`,
    );
    return make(...Object.values(helpers)) as F;
  } catch (error) {
    if (error instanceof EvalError) return fallback;
    throw error;
  }
}
