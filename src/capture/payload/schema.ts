import {
  BytesType,
  EnumType,
  FlagsType,
  IntegerType,
  ListType,
  ReservedType,
  StructType,
  type WireType,
} from '../../wire/index.js';
import { fieldsInOrder } from './json.js';

/** A JSON Schema (2020-12), or a part of one. */
export type JsonSchema = boolean | { readonly [key: string]: unknown };

/** Bytes as hex text. */
export const hexSchema = { type: 'string', pattern: '^([0-9a-f]{2})*$' };

export function integerSchema(minimum: number, maximum: number): JsonSchema {
  return { type: 'integer', minimum, maximum };
}

/** What `payloadToJson` makes of the values of a type. Structs inside are references to `#/$defs/struct_LABEL`. */
export function payloadSchema(type: WireType): JsonSchema {
  if (type instanceof StructType) return { $ref: `#/$defs/struct_${type.label}` };
  if (type instanceof ListType) {
    const { entry } = type;
    const entries =
      'cases' in entry ? { anyOf: [...entry.cases.values()].map(payloadSchema) } : payloadSchema(entry);
    return { type: 'array', items: entries };
  }
  if (type instanceof BytesType) {
    if (type.options.encoding === 'raw') return hexSchema;
    const bytes = {
      type: 'object',
      properties: { hex: hexSchema },
      required: ['hex'],
      additionalProperties: false,
    };
    return { anyOf: [{ type: 'string' }, bytes] };
  }
  // Reserved fields are printed when they are not zero.
  if (type instanceof ReservedType) return integerSchema(1, type.max);
  if (!(type instanceof IntegerType)) return true;
  if (type.fixedSize === 8) return { type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]{0,15})$' };
  const number = integerSchema(type.min, type.max);
  if (type instanceof EnumType) return { anyOf: [{ enum: Object.keys(type.values) }, number] };
  if (type instanceof FlagsType) {
    return { type: 'array', items: { anyOf: [{ enum: Object.keys(type.bits) }, number] } };
  }
  return number;
}

/** A struct. No key is required: the payload of a record may end inside it. */
export function structSchema(layout: StructType): JsonSchema {
  const properties = fieldsInOrder(layout.fields).map(({ name, type, doc }) => {
    const schema = payloadSchema(type);
    return [name, typeof schema === 'object' ? { ...schema, description: doc } : schema];
  });
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}
