import fc from 'fast-check';
import {
  type AnyType,
  BitsType,
  BytesType,
  EnumType,
  type Field,
  FlagsType,
  IntegerType,
  ListType,
  ReservedType,
  StructType,
  type Values,
  VariantType,
} from '../src/wire/index.js';

/**
 * Valid values of a declared type: reserved bytes not zero, enum values and flag bits without a name, optional parts there
 * and not. As `decoded` they are what decoding yields; as `input` lengths are left out or given, and reserved words that
 * are zero too.
 */
export type Form = 'decoded' | 'input';

const entriesMax = 4;
const bytesMax = 23;

export function valuesOf(type: AnyType, form: Form): fc.Arbitrary<unknown> {
  if (type instanceof StructType) return structs(type, form);
  if (type instanceof VariantType)
    return fc.oneof(...[...type.cases.values()].map((item) => structs(item, form)));
  if (type instanceof BytesType) return bytesOf(type.options.size);
  if (type instanceof BitsType) return fc.integer({ min: 0, max: type.max });
  if (type instanceof ReservedType) return fc.oneof(fc.constant(0), fc.integer({ min: 1, max: type.max }));
  if (type instanceof IntegerType) return integers(type);
  throw new TypeError(`no values for ${type.kind}`);
}

function bytesOf(size: number | undefined): fc.Arbitrary<Uint8Array> {
  return size === undefined
    ? fc.uint8Array({ maxLength: bytesMax })
    : fc.uint8Array({ minLength: size, maxLength: size });
}

/** Edges of 32 and 64 bits, and bytes that are NaN, infinity or minus zero when they are taken for a double. */
const wide: readonly bigint[] = [
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7ff0_0000_0000_0000n,
  0x7ff0_0000_0000_0001n,
  0x7ff8_0000_0000_0000n,
  0x8000_0000_0000_0000n,
  0xfff7_ffff_fff7_ffffn,
  0xfff8_0000_0000_1234n,
  0xffff_ffff_ffff_ffffn,
];

function integers(type: IntegerType<number | bigint>): fc.Arbitrary<number | bigint> {
  if (type.fixedSize === 8)
    return fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(...wide));
  const all = fc.integer({ min: type.min, max: type.max });
  if (type instanceof EnumType)
    return fc.oneof(fc.constantFrom(...(Object.values(type.values) as number[])), all);
  if (type instanceof FlagsType) {
    const bits = Object.values(type.bits) as number[];
    // Bit operations would make 0x80000000 negative, and the masks of one flag set do not overlap.
    const named = fc
      .subarray([...new Set(bits)])
      .map((some) => some.reduce((sum, bit) => (sum | bit) >>> 0, 0));
    return fc.oneof(named, all);
  }
  return all;
}

/** The entries of a list for each value of the field that decides on their type; key '' when nothing decides. */
function lists(type: ListType, form: Form): fc.Arbitrary<Record<string, unknown[]>> {
  const entries = (entry: AnyType) => fc.array(valuesOf(entry, form), { maxLength: entriesMax });
  if (!('cases' in type.entry)) return fc.record({ '': entries(type.entry) });
  return fc.record(Object.fromEntries([...type.entry.cases].map(([key, entry]) => [key, entries(entry)])));
}

function selectorOf({ type }: Field): { field: string; keys: readonly number[] } | undefined {
  if (!(type instanceof ListType) || !('cases' in type.entry)) return undefined;
  return { field: type.entry.field, keys: [...type.entry.cases.keys()] };
}

/** All parts are generated, independently of each other, and then put together by what the flags say: no chains. */
function structs(type: StructType, form: Form): fc.Arbitrary<Values> {
  const draws: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fields) {
    if (field.isLength) continue;
    draws[field.name] = field.type instanceof ListType ? lists(field.type, form) : valuesOf(field.type, form);
    for (const word of secondsOf(field)) draws[word.name] = valuesOf(word.type, form);
    const selector = selectorOf(field);
    if (selector !== undefined) draws[selector.field] = fc.constantFrom(...selector.keys);
  }
  const trailing = type.fields.filter(({ presence }) => presence?.trailing).length;
  const choices = fc.record({
    parts: fc.record(draws),
    /** How many of the trailing parts are there. */
    kept: fc.nat({ max: trailing }),
    /** Input form: leave out what encode fills in? One bit each. */
    left: fc.nat({ max: 0xffff }),
  });
  const whole = choices.map(({ parts, kept, left }) =>
    assemble(type, parts, kept, form === 'input' ? left : 0, form),
  );
  return type.mayBeEmpty
    ? fc.oneof({ weight: 1, arbitrary: fc.constant({}) }, { weight: 4, arbitrary: whole })
    : whole;
}

export function secondsOf({ type }: Field): readonly Field[] {
  return type instanceof ListType ? type.options.headerWords : [];
}

function assemble(type: StructType, parts: Values, kept: number, left: number, form: Form): Values {
  const value: Values = {};
  let trailing = 0;
  let rest = left;
  const leaves = () => {
    const bit = rest & 1;
    rest >>>= 1;
    return bit === 1;
  };
  const put = ({ name, type: item }: Field, drawn: unknown) => {
    // A decoded value has reserved words only when they are not zero.
    if (item instanceof ReservedType && drawn === 0 && (form === 'decoded' || leaves())) return;
    value[name] = drawn;
  };
  for (const field of type.fields) {
    const { name, presence, isLength } = field;
    if (presence?.when && ((value[presence.when.field] as number) & presence.when.mask) === 0) continue;
    if (presence?.trailing && trailing++ >= kept) break;
    if (isLength) {
      if (!leaves()) value[name] = (parts[type.lengths.get(name) as string] as Uint8Array).length;
      continue;
    }
    for (const word of secondsOf(field)) put(word, parts[word.name]);
    const selector = selectorOf(field);
    const drawn = parts[name];
    if (!(field.type instanceof ListType)) put(field, drawn);
    else value[name] = (drawn as Values)[selector === undefined ? '' : String(value[selector.field])];
  }
  return value;
}
