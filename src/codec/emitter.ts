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

/**
 * Compiles generated source. Where a page's Content-Security-Policy forbids generated code the fallback, which does
 * the same slowly, is used instead.
 */
export function compile<F>(parameters: readonly string[], source: string, fallback: F): F {
  try {
    return new Function(...parameters, `"use strict";\n${source}`) as F;
  } catch (error) {
    if (error instanceof EvalError) return fallback;
    throw error;
  }
}
