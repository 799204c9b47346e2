import { type Scope, scopeOf, type Values } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { StructType } from './struct.js';
import type { WireType } from './type.js';

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
    const types = [...cases.values()];
    this.label = types.map((type) => type.label).join(' or ');
    this.sizeMin = Math.min(...types.map((type) => type.sizeMin));
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

  /** The layout whose fields the value has; the request's choice is not needed for encoding. */
  private caseOf(value: I, scope: Scope, at: number): StructType {
    for (const type of this.cases.values()) {
      if (type.fields.some(({ name }) => (value as Values | null)?.[name] !== undefined)) return type;
    }
    return this.failChoice(scope, at);
  }

  private failChoice(scope: Scope, offset: number): never {
    const actual = (scope.context.request?.[this.field] as number | undefined) ?? 'unknown';
    return scope.fail(
      'choice',
      offset,
      `${this.field} ${[...this.cases.keys()].join(' or ')} of the request`,
      actual,
    );
  }
}
