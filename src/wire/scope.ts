import { type Issue, WireError } from '../base/error.js';
import { jsonText } from '../base/json.js';
import type { ReadStream } from './streams.js';

/** The value of a struct: a plain object with the names of the fields as keys. */
export type Values = Record<string, unknown>;

/** Meaning of a byte range of a message. */
export type Mark = 'field' | 'count' | 'reserved' | 'padding' | 'rest';

/** Receives the findings of a lenient decode. With a trace, a broken rule throws nothing unless decoding cannot go on. */
export interface Trace {
  /** `at` tells the path, which takes time to make. */
  range(mark: Mark, at: Scope, start: number, end: number, type: string, value: unknown): void;
  issue(issue: Issue): void;
}

/** Thrown instead of an error after the trace has received the issue. */
export const stopped = Symbol('stopped');

/** Input of a decode or encode call besides the payload. */
export interface Context {
  /** The request that a reply answers, for the layouts that depend on it. */
  readonly request?: Values | undefined;
  readonly trace?: Trace | undefined;
  /** Encode only: end without error at a list whose entry type is unknown. The caller keeps the bytes behind it. */
  readonly prefix?: boolean | undefined;
}

/**
 * Position of decoding or encoding: a chain from the innermost struct or list to the call. It is passed as restructure's
 * `parent`; any other parent (restructure's own Struct) counts as none. Paths are made from the chain when an error needs
 * one, so they cost nothing otherwise.
 */
export class Scope {
  key: string | number | undefined = undefined;
  /** Outermost scope only: the value as far as it was decoded when decoding failed. */
  partial: unknown = undefined;
  /** Encode only: the bits of a shared byte that were written so far. */
  bits = 0;
  readonly context: Context;
  readonly #parent: Scope | undefined;

  constructor(
    readonly value: Values | unknown[],
    parent: unknown,
    context: Context = {},
  ) {
    this.#parent = parent instanceof Scope ? parent : undefined;
    this.context = this.#parent?.context ?? context;
  }

  path(): string {
    const outer = this.#parent?.path() ?? '';
    if (this.key === undefined) return outer;
    if (typeof this.key === 'number') return `${outer}[${this.key}]`;
    return outer === '' ? this.key : `${outer}.${this.key}`;
  }

  /** The value of an earlier field of the same struct. */
  sibling(name: string): unknown {
    return (this.value as Values)[name];
  }

  /**
   * Throws WireError, after it has saved the value decoded so far in the outermost scope. With a trace it reports the
   * issue there and throws {@link stopped}: collecting an error's stack takes longer than annotating a message.
   */
  fail(code: string, offset: number, expected: Issue['expected'], actual: Issue['actual']): never {
    // V8 counts how often a function returns. One that always throws is never compiled, so it does nothing else.
    throw this.#failure(code, offset, expected, actual);
  }

  #failure(code: string, offset: number, expected: Issue['expected'], actual: Issue['actual']): unknown {
    this.#keepPartial();
    const { trace } = this.context;
    const issue = { code, path: this.path(), offset, expected, actual };
    if (trace === undefined) return new WireError(issue);
    trace.issue(issue);
    return stopped;
  }

  /** Reports a broken rule after which decoding can go on: to the trace if there is one, else as WireError. */
  fault(code: string, offset: number, expected: Issue['expected'], actual: Issue['actual']): void {
    const { trace } = this.context;
    if (trace === undefined) this.fail(code, offset, expected, actual);
    trace.issue({ code, path: this.path(), offset, expected, actual });
  }

  /** Fails with `truncated` unless `size` more bytes are there. */
  need(stream: ReadStream, size: number): void {
    const left = stream.length - stream.pos;
    if (left < size) this.fail('truncated', stream.pos, size, left);
  }

  mark(mark: Mark, start: number, end: number, type: string, value: unknown): void {
    this.context.trace?.range(mark, this, start, end, type, value);
  }

  #keepPartial(): void {
    const { value } = this;
    const parent = this.#parent;
    if (parent === undefined) return;
    if (parent.key === undefined) parent.partial = value;
    else if (Array.isArray(value) || Object.keys(value).length > 0) {
      (parent.value as Record<string | number, unknown>)[parent.key] = value;
    }
    parent.#keepPartial();
  }
}

/** The scope given as parent; a new one if restructure called the type directly. */
export function scopeOf(parent: unknown): Scope {
  return parent instanceof Scope ? parent : new Scope({}, undefined);
}

/** Description of a value for `actual` of type errors. It is short for every value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return jsonText(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  return typeof value;
}
