import type { IntegerType } from './integer.js';
import { kindOf, Scope, scopeOf, type Values } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { StructType } from './struct.js';
import type { AnyType, Field, WireType } from './type.js';

/** The entry type depends on the value of an earlier field of the same payload. */
export interface Selector<E extends WireType = WireType> {
  readonly field: string;
  readonly cases: ReadonlyMap<number, E>;
}

export interface ListOptions {
  readonly count: IntegerType;
  /** Name of the count word in public headers, if it has one. */
  readonly countName?: string | undefined;
  /** The words between count and entries. Each has a key of its own beside the list's. */
  readonly headerWords: readonly Field[];
  /** RM's limit on the number of entries; it answers NORESOURCE above it. The codec accepts more. */
  readonly max?: number | undefined;
}

/** A count, possibly other header words, and that many entries. Values are arrays; the count is never part of the value. */
export class ListType<V = unknown, I = V, S = unknown> implements WireType<V[], readonly I[]> {
  readonly kind = 'list';
  readonly label: string;
  readonly fixedSize = undefined;
  readonly sizeMin: number;
  declare readonly types?: { readonly value: V[]; readonly input: readonly I[] };
  /** Type-level only: the values of the header words. */
  declare readonly headerWordTypes?: S;

  constructor(
    readonly entry: WireType<V, I> | Selector<StructType>,
    readonly options: ListOptions,
  ) {
    let size = options.count.fixedSize as number;
    for (const { type } of options.headerWords) size += type.sizeMin;
    this.sizeMin = size;
    this.label = `list of ${this.entryTypes.map(({ label }) => label).join(' or ')}`;
  }

  get headerWords(): readonly Field[] {
    return this.options.headerWords;
  }

  /** Which field selects the entry type; undefined when there is one entry type only. */
  get selector(): Selector<StructType> | undefined {
    return 'cases' in this.entry ? this.entry : undefined;
  }

  /** The values that select an entry type, for people. */
  get choice(): string {
    return [...(this.selector?.cases.keys() ?? [])].join(' or ');
  }

  /** The types that entries can have. */
  get entryTypes(): readonly AnyType[] {
    return 'cases' in this.entry ? [...this.entry.cases.values()] : [this.entry];
  }

  /** The type of the entries beside the given values; undefined when these do not select one. */
  entryType(owner: Values): AnyType | undefined {
    return 'cases' in this.entry ? this.entry.cases.get(owner[this.entry.field] as number) : this.entry;
  }

  isUndecided(scope: Scope): boolean {
    return this.entryType(scope.value as Values) === undefined;
  }

  decode(stream: ReadStream, parent?: unknown): V[] {
    const scope = scopeOf(parent);
    const entry = this.entryType(scope.value as Values) ?? this.failChoice(scope, stream.pos);
    const start = stream.pos;
    scope.need(stream, this.options.count.fixedSize);
    const count = this.options.count.decode(stream);
    scope.mark('count', start, stream.pos, this.options.count.label, count);
    const { key } = scope;
    for (const { name, type } of this.options.headerWords) {
      scope.key = name;
      const value = type.decode(stream, scope);
      if (type.kind !== 'reserved' || value !== 0) (scope.value as Values)[name] = value;
    }
    scope.key = key;
    const values: V[] = [];
    const inner = new Scope(values, scope);
    if (this.options.max !== undefined && count > this.options.max) {
      scope.context.trace?.issue({
        code: 'max',
        path: scope.path(),
        offset: start,
        expected: this.options.max,
        actual: count,
      });
    }
    // The array grows with the entries: a false count must not allocate memory.
    for (let index = 0; index < count; index++) {
      inner.key = index;
      values.push(entry.decode(stream, inner) as V);
    }
    return values;
  }

  encode(stream: WriteStream, value: readonly I[], parent?: unknown): void {
    const scope = scopeOf(parent);
    const entry = this.entryType(scope.value as Values) ?? this.failChoice(scope, stream.pos);
    if (!Array.isArray(value)) scope.fail('type', stream.pos, 'array', kindOf(value));
    if (value.length > this.options.count.max) {
      scope.fail('count', stream.pos, `0..${this.options.count.max}`, value.length);
    }
    this.options.count.encode(stream, value.length);
    const { key } = scope;
    for (const { name, type } of this.options.headerWords) {
      scope.key = name;
      const word = scope.sibling(name);
      if (word === undefined && type.kind !== 'reserved')
        scope.fail('missing', stream.pos, type.label, 'undefined');
      type.encode(stream, word, scope);
    }
    scope.key = key;
    const inner = new Scope(value as unknown[], scope);
    for (let index = 0; index < value.length; index++) {
      inner.key = index;
      entry.encode(stream, value[index], inner);
    }
  }

  size(value: readonly I[], parent?: unknown): number {
    const entry = this.entryType(scopeOf(parent).value as Values);
    if (entry === undefined || !Array.isArray(value)) return 0;
    if (entry.fixedSize !== undefined) return this.sizeMin + value.length * entry.fixedSize;
    return value.reduce((sum: number, item: I) => sum + entry.size(item), this.sizeMin);
  }

  private failChoice(scope: Scope, offset: number): never {
    const { field } = this.entry as Selector<StructType>;
    return scope.fail('choice', offset, this.choice, scope.sibling(field) as number);
  }
}
