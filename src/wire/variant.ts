import type { Issue } from '../base/error.js';
import { type Scope, scopeOf, type Values } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { StructType } from './struct.js';
import type { Field, WireType } from './type.js';

/** A payload whose layout depends on a field of the request that it answers. */
export class VariantType<V = Values, I = V> implements WireType<V, I> {
  readonly kind = 'variant';
  readonly label: string;
  readonly fixedSize = undefined;
  readonly sizeMin: number;
  declare readonly types?: { readonly value: V; readonly input: I };

  constructor(
    /** Field of the request. */
    readonly field: string,
    /** Value of that field → layout. Field names differ between layouts, so a value tells which one it is. */
    readonly cases: ReadonlyMap<number, StructType>,
  ) {
    this.label = this.layouts.map((type) => type.label).join(' or ');
    this.sizeMin = Math.min(...this.layouts.map((type) => type.sizeMin));
  }

  /** The layouts that a payload of this type can have. */
  get layouts(): readonly StructType[] {
    return [...this.cases.values()];
  }

  /** The fields that a decoded value has, in the order of their bytes. */
  fieldsIn(values: Values): readonly Field[] {
    return this.layoutOf(values)?.fieldsIn(values) ?? [];
  }

  /** The layout that has a key of the given value. Undefined: none has. */
  layoutOf(value: Values): StructType | undefined {
    return this.layouts.find(({ fieldsInOrder }) =>
      fieldsInOrder.some(({ name }) => value[name] !== undefined),
    );
  }

  decode(stream: ReadStream, parent?: unknown): V {
    const scope = scopeOf(parent);
    const type = this.cases.get(scope.context.request?.[this.field] as number);
    if (type === undefined) return this.failChoice(scope, stream.pos);
    return type.decode(stream, parent) as V;
  }

  encode(stream: WriteStream, value: I, parent?: unknown): void {
    this.caseOf(value, scopeOf(parent), stream.pos).encode(stream, value as Values, parent);
  }

  size(value: I, parent?: unknown): number {
    return this.caseOf(value, scopeOf(parent), 0).size(value as Values, parent);
  }

  /** For encoding the value itself tells its layout; the request is not needed. */
  private caseOf(value: I, scope: Scope, at: number): StructType {
    return this.layoutOf((value ?? {}) as Values) ?? this.failChoice(scope, at);
  }

  /** What is wrong where the layout is not known, for want of the request or because of its field. */
  choiceIssue(request: Values | undefined, offset: number): Issue {
    const expected = `${this.field} ${[...this.cases.keys()].join(' or ')} of the request`;
    const actual = (request?.[this.field] as number | undefined) ?? 'unknown';
    return { code: 'choice', path: '', offset, expected, actual };
  }

  private failChoice(scope: Scope, offset: number): never {
    const { code, expected, actual } = this.choiceIssue(scope.context.request, offset);
    return scope.fail(code, offset, expected, actual);
  }
}
