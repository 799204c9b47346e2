import { UsageError, WireError } from '../base/error.js';
import type { Infer } from '../schema/infer.js';
import type { AnyType, Values } from '../wire/index.js';
import { type Accessor, compileWraps, type MakeWraps, type Prefix, type Wrap } from './compile-view.js';
import { checkIndex, type ListView } from './list-view.js';
import { decodePlain } from './plain.js';

/**
 * A decoded value `V` as it lies in the bytes: the same keys with the same values, read when they are asked for. Lists are
 * {@link ListView}s, and bytes share the memory of the message.
 */
export type Viewed<V> = V extends number | bigint | Uint8Array | undefined
  ? V
  : V extends readonly (infer E)[]
    ? ListView<Viewed<E>>
    : V extends object
      ? { readonly [K in keyof V]: Viewed<V[K]> }
      : V;

/** Moves a view to a payload; see {@link View.at}. */
type At<P> = (bytes: Uint8Array, start?: number, end?: number, request?: unknown) => P;

/**
 * Reads single fields of many messages of one layout, without making a value of each: one object is moved from message to
 * message. Views take and refuse what decoding takes and refuses, and each field is what decoding gives.
 */
export class View<T extends AnyType> {
  /**
   * Checks the payload at [start, end) of the bytes, which is all of them unless it is given, and moves the view there. Fields
   * are read from the bytes when they are asked for, until the next call: each returns the same object. `request` is
   * the value of the request that a reply answers, for the layouts that depend on it. Throws WireError as decoding does,
   * offset from `start`, and UsageError for a range outside of the bytes.
   */
  readonly at: At<Viewed<Infer<T>>>;
  /** As `at`, but returns undefined when the bytes do not decode. The view stays where it was then. */
  readonly tryAt: At<Viewed<Infer<T>> | undefined>;

  constructor(readonly type: T) {
    const [at, tryAt] = wrapsOf(type);
    this.at = at as View<T>['at'];
    this.tryAt = tryAt as View<T>['tryAt'];
  }
}

/**
 * The fields of one payload in the bytes, checked as decoding does. Throws WireError. For many payloads make one
 * {@link View} instead.
 */
export function view<T extends AnyType>(type: T, bytes: Uint8Array, request?: unknown): Viewed<Infer<T>> {
  return new View(type).at(bytes, 0, bytes.length, request);
}

const NO_PREFIX: Prefix = { size: 0, bytes: new Map() };
const compiled = new WeakMap<AnyType, MakeWraps>();

/** What moves a new view to payloads of a type: throws, or returns undefined, when they do not decode. */
function wrapsOf(type: AnyType): readonly [Wrap, Wrap] {
  const make = compiled.get(type) ?? compileWraps(type, NO_PREFIX);
  if (make !== undefined) compiled.set(type, make);
  return (make ?? plainWraps(NO_PREFIX))(...slowWraps(type));
}

/** What moves a view to the payloads that have a prefix. It throws when they do not decode. */
export function prefixedWrap(type: AnyType, prefix: Prefix): Wrap {
  return (compileWraps(type, prefix) ?? plainWraps(prefix))(...slowWraps(type))[0];
}

/** Without generated functions: decodes every payload. */
function plainWraps({ size, bytes: expected }: Prefix): MakeWraps {
  const skipping = (slow: Wrap): Wrap => {
    return (bytes, start = 0, end = bytes.length, request = undefined) => {
      const differs = [...expected].some(([offset, value]) => bytes[start + offset] !== value);
      return end - start < size || differs ? undefined : slow(bytes, start + size, end, request);
    };
  };
  return (slow, other) => [skipping(slow), skipping(other)];
}

function slowWraps(type: AnyType): readonly [Wrap, Wrap] {
  const slow: Wrap = (bytes, start = 0, end = bytes.length, request = undefined) => {
    if (!(start >= 0 && start <= end && end <= bytes.length)) refuseRange(bytes, start, end);
    const payload = bytes.subarray(start, end);
    return ofValue(decodePlain(type, payload, { request: request as Values | undefined })) as Accessor;
  };
  const other: Wrap = (...payload) => {
    try {
      return slow(...payload);
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  };
  return [slow, other];
}

function refuseRange(bytes: Uint8Array, start: number, end: number): never {
  throw new UsageError({
    code: 'range',
    path: '',
    expected: `a range of 0..${bytes.length}`,
    actual: `${start}..${end}`,
  });
}

/** A decoded value in the form of a view, where functions cannot be generated. */
function ofValue(value: unknown): unknown {
  if (Array.isArray(value)) return new DecodedList(value.map(ofValue));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ofValue(inner)]));
}

class DecodedList implements ListView<unknown> {
  readonly #items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.#items = items;
  }

  get length(): number {
    return this.#items.length;
  }

  item(index: number): unknown {
    checkIndex(index, this.length);
    return this.#items[index];
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.#items[Symbol.iterator]();
  }
}
