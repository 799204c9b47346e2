import { type Issue, WireError } from '../base/error.js';
import type { ReadStream } from './streams.js';

/** A decoded or to be encoded struct: plain object, wire names as keys. */
export type Values = Record<string, unknown>;

/** What a byte range of a message is. */
export type Mark = 'field' | 'count' | 'reserved' | 'padding' | 'rest';

/** Receives what a lenient decode finds. With a trace, rules that do not stop decoding are noted, not thrown. */
export interface Trace {
  range(mark: Mark, path: string, start: number, end: number, type: string, value: unknown): void;
  issue(issue: Issue): void;
}

/** Thrown instead of an error when a trace has been told what is wrong. */
export const stopped = Symbol('stopped');

/** What one decode or encode call is given from outside the payload. */
export interface Context {
  /** The request that a reply answers, for the layouts that depend on it. */
  readonly request?: Values | undefined;
  readonly trace?: Trace | undefined;
  /** Encode only: stop without error at a choice that cannot be made (the bytes behind it are kept elsewhere). */
  readonly prefix?: boolean | undefined;
}

/**
 * Where decoding or encoding stands: a chain from the innermost struct or list out to the call. Passed as
 * restructure's `parent`; a foreign parent (restructure's own Struct) counts as none. An error reads its path off the chain, so
 * nothing is built while all goes well.
 */
export class Scope {
  key: string | number | undefined = undefined;
  /** Outermost scope only: what had been decoded when decoding stopped. */
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
   * Stops: throws WireError, after hanging what was decoded so far onto the outermost scope. With a trace the issue goes
   * there and {@link stopped} is thrown, since an error's stack costs more than all the rest of explaining a message.
   */
  fail(code: string, offset: number, expected: Issue['expected'], actual: Issue['actual']): never {
    this.#keepPartial();
    const { trace } = this.context;
    if (trace !== undefined) {
      trace.issue({ code, path: this.path(), offset, expected, actual });
      throw stopped;
    }
    throw new WireError({ code, path: this.path(), offset, expected, actual });
  }

  /** A broken rule that leaves the rest readable: noted when there is a trace, else thrown. */
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
    this.context.trace?.range(mark, this.path(), start, end, type, value);
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

/** The scope that a leaf type reports to: the struct around it, or a fresh one when restructure calls it directly. */
export function scopeOf(parent: unknown): Scope {
  return parent instanceof Scope ? parent : new Scope({}, undefined);
}

/** What a value is, for `expected`/`actual` of type errors; short whatever the value. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string')
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value);
  return typeof value;
}
