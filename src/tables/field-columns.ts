import { jsonText } from '../base/json.js';
import { enumName, isText, payloadToJson } from '../capture/payload/index.js';
import {
  type AnyType,
  type EnumType,
  type StructType,
  scalarCases,
  type TypeVisitor,
  type Values,
  visitType,
} from '../wire/index.js';
import {
  type CellMemory,
  type Cells,
  CodeCells,
  type LongCells,
  type TextCells,
  type WordCells,
} from './cells/index.js';
import { type ColumnType, plainCells } from './column.js';

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

/** Puts a decoded value into the cells of a column that has the field's own type. */
const putters: TypeVisitor<void, [value: unknown, owner: Values, row: number, cells: Cells]> = {
  ...scalarCases((type, value, _owner, row, cells) => {
    if (type.fixedSize === 8) (cells as LongCells).bigint(row, value as bigint);
    else (cells as LongCells | WordCells).put(row, value as number);
  }),
  enum(type, value, _owner, row, cells) {
    if (cells instanceof CodeCells) cells.put(row, value as number);
    else (cells as TextCells).put(row, enumText(type, value as number));
  },
  flags: putJson,
  bytes(type, value, owner, row, cells) {
    const json = payloadToJson(type, value, owner);
    const isPlain = typeof json === 'string' || !isText(type, owner);
    (cells as TextCells).put(row, isPlain ? (json as string) : jsonText(json));
  },
  list: putJson,
  struct: putJson,
  variant: putJson,
};

function putJson(type: AnyType, value: unknown, owner: Values, row: number, cells: Cells): void {
  (cells as TextCells).put(row, jsonText(payloadToJson(type, value, owner)));
}

/** An enum value as text: its name, or its number. */
export function enumText(type: EnumType, value: number): string {
  return enumName(type, value) ?? String(value);
}

/** A column of payloads: a field, which layouts may declare differently. */
export class FieldColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly #types: ReadonlyMap<StructType, AnyType>;
  /** The enum that the field is in all layouts, if it is one. */
  readonly #enum: EnumType | undefined;

  constructor(name: string, types: ReadonlyMap<StructType, AnyType>) {
    this.name = name;
    this.#types = types;
    const [first, ...others] = Array.from(types.values(), (type) => visitType(type, typeOf));
    this.type = others.every((other) => other === first) ? (first as ColumnType) : 'json';
    const [own, ...more] = new Set(types.values());
    this.#enum = own?.kind === 'enum' && more.length === 0 ? (own as EnumType) : undefined;
  }

  /** Whether the values are kept as numbers of an enum. */
  get isCode(): boolean {
    return this.#enum !== undefined;
  }

  cells(memory: CellMemory): Cells {
    const names = this.#enum;
    return names === undefined
      ? plainCells(this.type, memory)
      : new CodeCells<number>(memory, (value) => enumText(names, value));
  }

  /** Puts the field of decoded values. @param layout that the values have. */
  put(values: Values, layout: StructType, row: number, cells: Cells): void {
    const [value, field] = [values[this.name], this.#types.get(layout)];
    if (value === undefined || field === undefined) return;
    if (this.type === 'json') putJson(field, value, values, row, cells);
    else visitType(field, putters, value, values, row, cells);
  }
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
  return Array.from(fields, ([name, types]) => new FieldColumn(name, types));
}
