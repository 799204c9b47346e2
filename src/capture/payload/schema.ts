import { type AnyType, type StructType, type TypeVisitor, visitType } from '../../wire/index.js';

/** A JSON Schema (2020-12), or a part of one. */
export interface JsonSchema {
  readonly [key: string]: unknown;
}

/** Bytes as hex text. */
export const hexSchema = { type: 'string', pattern: '^([0-9a-f]{2})*$' };

function integerSchema(minimum: number, maximum: number): JsonSchema {
  return { type: 'integer', minimum, maximum };
}

/** What `payloadToJson` makes of the values of a type. Structs inside are references to `#/$defs/struct_LABEL`. */
export function payloadSchema(type: AnyType): JsonSchema {
  return visitType(type, schemas);
}

const wideSchema = { type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]{0,15})$' };
const textSchema = {
  anyOf: [
    { type: 'string' },
    { type: 'object', properties: { hex: hexSchema }, required: ['hex'], additionalProperties: false },
  ],
};

const schemas: TypeVisitor<JsonSchema> = {
  integer: ({ fixedSize, min, max }) => (fixedSize === 8 ? wideSchema : integerSchema(min, max)),
  enum: ({ values, min, max }) => ({ anyOf: [{ enum: Object.keys(values) }, integerSchema(min, max)] }),
  flags: ({ bits, min, max }) => ({
    type: 'array',
    items: { anyOf: [{ enum: Object.keys(bits) }, integerSchema(min, max)] },
  }),
  // Reserved fields are printed when they are not zero.
  reserved: ({ max }) => integerSchema(1, max),
  bits: ({ max }) => integerSchema(0, max),
  bytes: ({ options }) => (options.encoding === 'raw' ? hexSchema : textSchema),
  list: ({ entry }) => ({
    type: 'array',
    items: 'cases' in entry ? anyLayout([...entry.cases.values()]) : payloadSchema(entry),
  }),
  struct: ({ label }) => ({ $ref: `#/$defs/struct_${label}` }),
  variant: ({ layouts }) => anyLayout(layouts),
};

function anyLayout(types: readonly AnyType[]): JsonSchema {
  return { anyOf: types.map(payloadSchema) };
}

/** A struct with its fields. None is required, since a payload may end inside the struct. */
export function structSchema({ fieldsInOrder }: StructType): JsonSchema {
  const properties = fieldsInOrder.map(({ name, type, doc }) => [
    name,
    { ...payloadSchema(type), description: doc },
  ]);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}
