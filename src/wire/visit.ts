import type { BitsType } from './bits.js';
import type { BytesType } from './bytes.js';
import type { EnumType, FlagsType, IntegerType, ReservedType } from './integer.js';
import type { ListType } from './list.js';
import type { StructType } from './struct.js';
import type { AnyType, WireType } from './type.js';
import type { VariantType } from './variant.js';

/** The class behind each `kind`. */
interface TypeByKind {
  integer: IntegerType<number | bigint>;
  enum: EnumType;
  flags: FlagsType;
  reserved: ReservedType;
  bits: BitsType;
  bytes: BytesType;
  list: ListType;
  struct: StructType;
  variant: VariantType;
}

type ScalarKind = 'integer' | 'enum' | 'flags' | 'reserved' | 'bits';

/** A type whose value is one number. */
export type ScalarType = TypeByKind[ScalarKind];

/**
 * One function for each kind of field type. A new kind does not compile until {@link TypeByKind} and every visitor
 * have it. `A`: what the functions take behind the type.
 */
export type TypeVisitor<R, A extends readonly unknown[] = []> = {
  [K in WireType['kind']]: (type: TypeByKind[K], ...args: A) => R;
};

/** Calls the function of the type's kind. */
export function visitType<R, A extends readonly unknown[]>(
  type: AnyType,
  visitor: TypeVisitor<R, A>,
  ...args: A
): R {
  return visitor[type.kind](type as never, ...args);
}

/** The part of a visitor that treats all numbers alike. */
export function scalarCases<R, A extends readonly unknown[] = []>(
  visit: (type: ScalarType, ...args: A) => R,
): Pick<TypeVisitor<R, A>, ScalarKind> {
  return { integer: visit, enum: visit, flags: visit, reserved: visit, bits: visit };
}
