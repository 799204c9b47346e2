import { UsageError } from '../base/error.js';
import {
  BitsType,
  BytesType,
  type Encoding,
  EnumType,
  type Field,
  FlagsType,
  type IntegerType,
  ListType,
  ReservedType,
  StructType,
  u16,
  VariantType,
  type WireType,
} from '../wire/index.js';
import type { EnumValue, NamedValues, NamesInfo } from '../wire/integer.js';
import { maskOf } from '../wire/struct.js';
import type { Declared, FieldOptions } from './declared.js';
import type { CaseOf, EntryOf, InputOf, ListInput, ValueOf } from './infer.js';

/** An enum of the width of `base`; unknown values stay numbers. */
export function enumeration<const V extends NamedValues>(
  name: string,
  base: IntegerType,
  values: V,
  info: NamesInfo,
): EnumType<V, EnumValue<V>> {
  return new EnumType(name, base, values, info);
}

/** A flag set of the width of `base`; unknown bits are kept. */
export function flags<const V extends NamedValues>(
  name: string,
  base: IntegerType,
  bits: V,
  info: NamesInfo,
): FlagsType<V> {
  return new FlagsType(name, base, bits, info);
}

/** A field with its description, which tools print. The key in the struct is its name. */
export function field<T extends WireType, const O extends FieldOptions = Record<never, never>>(
  type: T,
  doc: string,
  options?: O,
): Declared<T, O extends { trailing: true } | { when: object } ? 'optional' : 'required'> {
  return { type, doc, options: options ?? {} };
}

/** The length in bytes of a later `bytes` field: encode fills it in when it is left out, and checks it when given. */
export function length(
  type: IntegerType,
  doc: string,
  options: FieldOptions = {},
): Declared<IntegerType, 'length'> {
  return { type, doc, options: { role: 'length', ...options }, isLength: true };
}

/** Bytes without meaning. Values other than 0 are kept. `checkedZero`: the error that RM answers to such a value. */
export function reserved(size: 1 | 2 | 3 | 4, checkedZero?: string): Declared<ReservedType, 'reserved'> {
  const doc = checkedZero === undefined ? '0, not checked' : `0; RM answers ${checkedZero} to other values`;
  return { type: new ReservedType(size), doc, options: {}, checkedZero };
}

/** Bits `shift` and up, `width` of them, of a byte that several fields share. */
export function bits(
  shift: number,
  width: number,
  doc: string,
  names?: EnumType,
): Declared<BitsType, 'required'> {
  return { type: new BitsType(shift, width, names), doc, options: {} };
}

/** Exactly `size` raw bytes. */
export function bytes(size: number): BytesType {
  return new BytesType({ size, encoding: 'raw' });
}

/** Bytes whose number stands in the earlier field `lengthFrom`. */
export function counted(
  lengthFrom: string,
  encoding: Encoding,
  options: { padTo?: 4; inside?: StructType<unknown>; padMustBeZero?: string } = {},
): BytesType {
  return new BytesType({ lengthFrom, encoding, ...options } as ConstructorParameters<typeof BytesType>[0]);
}

type HeaderWords = Readonly<Record<string, Declared>>;
type ReservedWord = { readonly reserved: Declared<ReservedType, 'reserved'> };

/**
 * A list with a u16 count and one more u16 before the entries, as RM's list reader takes it (rpc.md, "Lists inside
 * payloads"). The second u16 is reserved unless `headerWords` names it.
 */
export function list<E extends WireType, const S extends HeaderWords = ReservedWord>(
  entry: E,
  options: { readonly max?: number; readonly headerWords?: S } = {},
): ListType<EntryOf<E>, ListInput<E>, S> {
  return new ListType(entry as never, {
    count: u16,
    max: options.max,
    headerWords: Object.entries(options.headerWords ?? { reserved: reserved(2) }).map(([name, word]) =>
      named(name, word),
    ),
  });
}

/** A list whose entry type the earlier field `by` decides. */
export function listBy<V extends NamedValues, const C extends Readonly<Record<keyof V, StructType<unknown>>>>(
  by: { readonly field: string; readonly type: EnumType<V> },
  cases: C,
  options: { readonly max?: number } = {},
): ListType<CaseOf<C, 'value'>, CaseOf<C, 'input'>, ReservedWord> {
  return new ListType({ field: by.field, cases: caseMap(by.type, cases) } as never, {
    count: u16,
    max: options.max,
    headerWords: [named('reserved', reserved(2))],
  });
}

/** A list with a count of the given width and public name, and no other header words. */
export function countedList<E extends WireType>(
  count: IntegerType,
  countName: string,
  entry: E,
): ListType<EntryOf<E>, ListInput<E>, Record<never, never>> {
  return new ListType(entry as never, { count, countName, headerWords: [] });
}

/** A field declaration with its key. */
function named(name: string, declared: Declared): Field {
  const { type, doc, options, isLength = false, checkedZero } = declared;
  return {
    name,
    type,
    doc,
    role: options.role,
    aliases: options.aliases ?? [],
    isLength,
    max: options.max,
    aboveMax: options.aboveMax,
    info: options.info,
    zero: options.zero,
    stateOf: options.stateOf,
    checkedZero,
  };
}

/** Field declarations in wire order, with conditions resolved against the flags they name. */
function fieldsOf(declared: Readonly<Record<string, Declared>>): Field[] {
  return Object.entries(declared).map(([name, item]) => {
    const { when, trailing = false, means } = item.options;
    const base = named(name, withListName(name, item));
    if (when === undefined && !trailing) return base;
    const bitsOf = when && (declared[when.field]?.type as FlagsType);
    const mask = bitsOf && { field: when.field, mask: maskOf(bitsOf, when.any) };
    return { ...base, presence: { trailing, when: mask, means } };
  });
}

/** Names a reserved header word `<list>_reserved`, so that names are unique in the struct. */
function withListName(name: string, item: Declared): Declared {
  if (!(item.type instanceof ListType)) return item;
  const { entry, options } = item.type;
  const headerWords = options.headerWords.map((word) =>
    word.type.kind === 'reserved' ? { ...word, name: `${name}_reserved` } : word,
  );
  return { ...item, type: new ListType(entry, { ...options, headerWords }) };
}

/**
 * A packed struct. `size` is copied from the protocol document: exact, or the smallest well-formed size when the
 * struct varies. Throws UsageError when the fields add up to something else.
 */
export function struct<const F extends Readonly<Record<string, Declared>>>(
  size: number,
  fields: F,
  name = '',
): StructType<ValueOf<F>, InputOf<F>> {
  return new StructType(name, size, fieldsOf(fields));
}

/** A reply that may have nothing behind the error word. Its value is `{}` then. */
export function maybeEmpty<V, I>(type: StructType<V, I>): StructType<Partial<V>, Partial<I>> {
  return new StructType(type.label, type.sizeMin, type.fields, true);
}

/** No payload. */
export const empty = struct(0, {});

/** A reply whose layout the request's enum field `by` decides. */
export function byRequest<
  V extends NamedValues,
  const C extends Readonly<Record<keyof V, StructType<unknown>>>,
>(
  by: { readonly field: string; readonly type: EnumType<V> },
  cases: C,
): VariantType<CaseOf<C, 'value'>, CaseOf<C, 'input'>> {
  return new VariantType(by.field, caseMap(by.type, cases));
}

function caseMap(
  type: EnumType,
  cases: Readonly<Record<string, StructType<unknown>>>,
): Map<number, StructType> {
  return new Map(
    Object.entries(cases).map(([name, layout]) => {
      const value = type.values[name];
      if (value === undefined) {
        const expected = Object.keys(type.values).join(', ');
        throw new UsageError({ code: 'case', path: type.label, expected, actual: name });
      }
      return [value, layout as StructType];
    }),
  );
}
