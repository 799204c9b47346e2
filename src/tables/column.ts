import { jsonText } from '../base/json.js';
import { enumName, isText, type Json, payloadToJson } from '../capture/payload/index.js';
import {
  type AnyType,
  type StructType,
  scalarCases,
  type TypeVisitor,
  type Values,
  visitType,
} from '../wire/index.js';

/**
 * Types of columns. `u64` is an unsigned integer of 64 bits, `time` nanoseconds since 1970 UTC, `json` a JSON value:
 * lists, flags and structs.
 */
export type ColumnType = 'boolean' | 'u32' | 's64' | 'u64' | 'time' | 'text' | 'json';

/** A value of a column: undefined where the row has none. */
export type Cell = boolean | number | bigint | string | Json | undefined;

/** A column of a table of items. */
export interface Column<Item> {
  readonly name: string;
  readonly type: ColumnType;
  read(item: Item): Cell;
}

const typeOf: TypeVisitor<ColumnType> = {
  ...scalarCases((type) => (type.fixedSize === 8 ? 'u64' : 'u32')),
  integer: (type) => (type.fixedSize === 8 ? 'u64' : type.signed ? 's64' : 'u32'),
  enum: () => 'text',
  flags: () => 'json',
  bytes: () => 'text',
  list: () => 'json',
  struct: () => 'json',
  variant: () => 'json',
};

const cellOf: TypeVisitor<Cell, [value: unknown, owner: Values]> = {
  ...scalarCases((_type, value) => value as number | bigint),
  integer: (type, value) => (type.signed ? BigInt(value as number) : (value as number | bigint)),
  enum: (type, value) => enumName(type, value as number) ?? String(value),
  flags: (type, value) => payloadToJson(type, value),
  bytes(type, value, owner) {
    const json = payloadToJson(type, value, owner);
    return typeof json === 'string' || !isText(type, owner) ? json : jsonText(json);
  },
  list: (type, value, owner) => payloadToJson(type, value, owner),
  struct: (type, value) => payloadToJson(type, value),
  variant: (type, value) => payloadToJson(type, value),
};

/** A column of payloads. */
export interface FieldColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** @param layout that the values have. */
  read(values: Values, layout: StructType): Cell;
}

/**
 * The columns of the fields that payloads of these layouts have. A field that layouts declare differently is read by the
 * layout of its row. If the types of its columns would differ, it is JSON.
 */
export function fieldColumns(layouts: readonly StructType[]): FieldColumn[] {
  const fields = new Map<string, Map<StructType, AnyType>>();
  for (const layout of layouts)
    for (const { name, type } of layout.fieldsInOrder) {
      const types = fields.get(name) ?? new Map<StructType, AnyType>();
      fields.set(name, types.set(layout, type));
    }
  return Array.from(fields, ([name, types]) => {
    const [first, ...others] = Array.from(types.values(), (type) => visitType(type, typeOf));
    const type = others.every((other) => other === first) ? (first as ColumnType) : 'json';
    return {
      name,
      type,
      read(values, layout) {
        const [value, field] = [values[name], types.get(layout)];
        if (value === undefined || field === undefined) return undefined;
        return type === 'json'
          ? payloadToJson(field, value, values)
          : visitType(field, cellOf, value, values);
      },
    };
  });
}
