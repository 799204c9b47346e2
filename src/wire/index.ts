/**
 * Field types of packed structs. Each is a restructure type (an object with `decode`, `encode` and `size`), so it works
 * with restructure's streams and compound types. They add the checks that restructure lacks: ranges, missing and unknown
 * keys, counts, reserved bytes. `codec` generates fast functions from them; `schema` declares messages with them.
 */
export { BitsType } from './bits.js';
export { BytesType, type Encoding } from './bytes.js';
export { EnumType, FlagsType, IntegerType, ReservedType, s32, u8, u16, u32, u64 } from './integer.js';
export { ListType, type Selector } from './list.js';
export { type Context, type Mark, Scope, stopped, type Trace, type Values } from './scope.js';
export { decodeStream, encodeStream, MeasuringStream, type ReadStream, type WriteStream } from './streams.js';
export { type LayoutRow, StructType } from './struct.js';
export { type AnyType, type Field, type InfoPart, infoParts, type Presence, type WireType } from './type.js';
export { VariantType } from './variant.js';
export { type ScalarType, scalarCases, type TypeVisitor, visitType } from './visit.js';
