import { UsageError } from '../base/error.js';
import { type FlagsType, IntegerType } from './integer.js';
import { kindOf, Scope, type Values } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { Field, WireType } from './type.js';

/** One row of a layout table. `offset` is undefined behind a field of variable size. */
export interface LayoutRow {
  readonly field: Field;
  readonly offset: number | undefined;
  readonly size: number | undefined;
}

/** Packed fields in wire order. Values are plain objects that hold exactly the declared keys. */
export class StructType<V = Values, I = V> implements WireType<V, I> {
  readonly kind = 'struct';
  readonly fixedSize: number | undefined;
  readonly sizeMin: number;
  readonly layout: readonly LayoutRow[];
  declare readonly types?: { readonly value: V; readonly input: I };
  /** Length field → the bytes field it counts. */
  readonly lengths: ReadonlyMap<string, string>;
  /** The fields and the words of list headers, in the order of their bytes: every key that a value may have. */
  readonly fieldsInOrder: readonly Field[];
  private readonly keys: ReadonlySet<string>;

  /** Throws UsageError unless the sizes of the fields add up to `size`: exact, or the smallest size of a variable struct. */
  constructor(
    readonly label: string,
    size: number,
    readonly fields: readonly Field[],
    /** The struct may be missing as a whole (some replies). Its value is `{}` then. */
    readonly mayBeEmpty = false,
  ) {
    const rows: LayoutRow[] = [];
    const lengths = new Map<string, string>();
    let offset: number | undefined = 0;
    let sizeMin = 0;
    for (const field of fields) {
      // A field with a condition moves the fields behind it. A trailing field does not: if it is missing, they are too.
      const fixed = field.presence?.when === undefined ? field.type.fixedSize : undefined;
      rows.push({ field, offset, size: field.type.fixedSize });
      if (field.presence === undefined) sizeMin += field.type.sizeMin;
      offset = offset === undefined || fixed === undefined ? undefined : offset + fixed;
      if (field.type.lengthFrom !== undefined) lengths.set(field.type.lengthFrom, field.name);
    }
    if (sizeMin !== size) {
      throw new UsageError({ code: 'size', path: label, expected: size, actual: sizeMin });
    }
    this.layout = rows;
    this.lengths = lengths;
    this.sizeMin = mayBeEmpty ? 0 : sizeMin;
    const varies = mayBeEmpty || fields.some((field) => field.presence !== undefined);
    this.fixedSize = varies ? undefined : offset;
    this.fieldsInOrder = fields.flatMap((field) => [...(field.type.headerWords ?? []), field]);
    this.keys = new Set(this.fieldsInOrder.map(({ name }) => name));
  }

  /** The layouts that a payload of this type can have: itself. */
  get layouts(): readonly StructType[] {
    return [this as unknown as StructType];
  }

  /** The fields that a decoded value has, in the order of their bytes. */
  fieldsIn(values: Values): readonly Field[] {
    return this.fieldsInOrder.filter(({ name }) => values[name] !== undefined);
  }

  decode(stream: ReadStream, parent?: unknown): V {
    const scope = new Scope({}, parent);
    const value = scope.value as Values;
    if (this.mayBeEmpty && stream.pos >= stream.length) return value as V;
    for (const { name, type, presence } of this.fields) {
      if (presence !== undefined) {
        if (presence.when && !this.flagged(value, presence.when)) continue;
        if (presence.trailing && stream.pos >= stream.length) continue;
      }
      scope.key = name;
      const item = type.decode(stream, scope);
      if (type.kind !== 'reserved' || item !== 0) value[name] = item;
    }
    return value as V;
  }

  encode(stream: WriteStream, input: I, parent?: unknown): void {
    const scope = this.open(input, parent, stream.pos);
    const value = scope.value as Values;
    if (this.mayBeEmpty && Object.keys(value).length === 0) return;
    for (const field of this.fields) {
      scope.key = field.name;
      if (!this.skips(scope, field, stream.pos)) {
        field.type.encode(stream, this.item(scope, field, stream.pos), scope);
      }
    }
  }

  size(input: I, parent?: unknown): number {
    const scope = this.open(input, parent, 0);
    const value = scope.value as Values;
    if (this.mayBeEmpty && Object.keys(value).length === 0) return 0;
    let size = 0;
    for (const field of this.fields) {
      scope.key = field.name;
      if (!this.skips(scope, field, size)) size += field.type.size(this.item(scope, field, size), scope);
    }
    return size;
  }

  private flagged(value: Values, when: { field: string; mask: number }): boolean {
    return ((value[when.field] as number) & when.mask) !== 0;
  }

  private open(input: I, parent: unknown, at: number): Scope {
    const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
    const scope = new Scope((isObject ? input : {}) as Values, parent);
    if (!isObject || input instanceof Uint8Array) scope.fail('type', at, 'object', kindOf(input));
    for (const name of Object.keys(input as object)) {
      scope.key = name;
      if (!this.keys.has(name)) scope.fail('unknown_key', at, 'a declared field', name);
    }
    return scope;
  }

  /** Whether a field is left out. Fails if a required field is missing, or if a field is given against its condition. */
  private skips(scope: Scope, field: Field, at: number): boolean {
    const { name, type, presence, isLength } = field;
    const given = scope.sibling(name) !== undefined;
    const value = scope.value as Values;
    if (presence !== undefined && !given) this.refuseHeaderWords(scope, field, at);
    if (presence?.when && !this.flagged(value, presence.when)) {
      if (given)
        scope.fail('unexpected', at, `bits ${presence.when.mask} of ${presence.when.field}`, 'present');
      return true;
    }
    if (given || type.kind === 'reserved' || isLength) return false;
    const ends = presence?.trailing === true && this.endsBefore(value, name);
    if (ends || (scope.context.prefix && type.isUndecided?.(scope))) return true;
    return scope.fail('missing', at, type.label, 'undefined');
  }

  /** A list that is left out has no header, so its header words must not be given either. */
  private refuseHeaderWords(scope: Scope, { name, type }: Field, at: number): void {
    for (const word of type.headerWords ?? []) {
      scope.key = word.name;
      if (scope.sibling(word.name) !== undefined)
        scope.fail('unexpected', at, `${name} beside it`, 'present');
    }
    scope.key = name;
  }

  /** Whether no field from `name` on is given: a trailing field can only be left out together with all fields behind it. */
  private endsBefore(value: Values, name: string): boolean {
    const from = this.fields.findIndex((field) => field.name === name);
    return this.fields.slice(from).every((field) => value[field.name] === undefined);
  }

  /** The value to encode. A length is counted if it is left out, and must be right if it is given. */
  private item(scope: Scope, { name, isLength, type }: Field, at: number): unknown {
    const given = scope.sibling(name);
    const counted = isLength ? scope.sibling(this.lengths.get(name) as string) : undefined;
    // Without bytes to count any length is accepted: the bytes field then fails.
    if (!(counted instanceof Uint8Array)) return isLength ? (given ?? 0) : given;
    if (given === undefined) return counted.length;
    if (
      type instanceof IntegerType &&
      typeof given === 'number' &&
      given <= type.max &&
      given !== counted.length
    ) {
      scope.fail('length', at, counted.length, given);
    }
    return given;
  }
}

/** The mask of the named bits. Throws UsageError for a name that the flags do not have. */
export function maskOf(type: FlagsType, names: readonly string[]): number {
  return names.reduce((mask, name) => {
    const bit = (type.bits as Record<string, number>)[name];
    if (bit === undefined) {
      throw new UsageError({
        code: 'flag',
        path: type.label,
        expected: Object.keys(type.bits).join(', '),
        actual: name,
      });
    }
    return mask | bit;
  }, 0);
}
