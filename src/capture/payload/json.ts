import { formatHex, parseHex } from '../../base/hex.js';
import { decodeText, encodeText } from '../../base/text.js';
import {
  type AnyType,
  type BytesType,
  type EnumType,
  type Field,
  type FlagsType,
  type StructType,
  scalarCases,
  type TypeVisitor,
  type Values,
  type VariantType,
  visitType,
} from '../../wire/index.js';
import { refuse } from './refuse.js';
import { valueNamed } from './value-names.js';

/** A payload as NDJSON shows it: names for enums and flags, hex text for u64 and bytes. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Value → the protocol's own name of it, not an alias. */
const namesOf = new WeakMap<EnumType, ReadonlyMap<number, string>>();

/** The name of an enum value, undefined when it has none. */
export function enumName(type: EnumType, value: number): string | undefined {
  let names = namesOf.get(type);
  if (names === undefined) {
    names = new Map(Object.entries(type.values).map(([name, number]) => [number, name]));
    namesOf.set(type, names);
  }
  return names.get(value);
}

/** The names of the set bits in declared order; unknown bits as one more number. */
export function flagNames(type: FlagsType, value: number): (string | number)[] {
  const names: (string | number)[] = [];
  let rest = value;
  for (const [name, bit] of Object.entries(type.bits)) {
    if ((value & bit) === 0) continue;
    names.push(name);
    rest = (rest & ~bit) >>> 0;
  }
  if (rest !== 0) names.push(rest);
  return names;
}

/** Whether the bytes are text, for the values of the struct they stand in. */
export function isText(type: BytesType, owner: Values): boolean {
  const { encoding } = type.options;
  if (typeof encoding === 'string') return encoding === 'utf8';
  return !encoding.raw.includes(owner[encoding.select] as number);
}

/** The JSON form of a decoded value, which may be incomplete: absent keys stay absent. */
export function payloadToJson(type: AnyType, value: unknown, owner: Values = {}): Json {
  return visitType(type, toJson, value, owner);
}

const toJson: TypeVisitor<Json, [value: unknown, owner: Values]> = {
  ...scalarCases((_type, value) =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : (value as number),
  ),
  enum: (type, value) => enumName(type, value as number) ?? (value as number),
  flags: (type, value) => flagNames(type, value as number),
  bytes(type, value, owner) {
    const text = isText(type, owner) ? decodeText(value as Uint8Array) : undefined;
    if (text !== undefined) return text;
    const hex = formatHex(value as Uint8Array);
    return isText(type, owner) ? { hex } : hex;
  },
  list(type, value, owner) {
    const entry = type.entryType(owner) as AnyType;
    return (value as unknown[]).map((item) => payloadToJson(entry, item));
  },
  struct({ fieldsInOrder }, value) {
    const values = value as Values;
    const json: { [key: string]: Json } = {};
    for (const field of fieldsInOrder) {
      const item = values[field.name];
      if (item !== undefined) json[field.name] = payloadToJson(field.type, item, values);
    }
    return json;
  },
  variant(type, value) {
    const layout = type.layoutOf(value as Values);
    return layout === undefined ? {} : payloadToJson(layout, value);
  },
};

const fieldsByName = new WeakMap<AnyType, ReadonlyMap<string, Field>>();

/** The fields that the values of a payload can have, by name: those of all layouts where it has several. */
export function payloadFields(type: StructType | VariantType): ReadonlyMap<string, Field> {
  let fields = fieldsByName.get(type);
  if (fields === undefined) {
    // Where several layouts have a field of the same name the first one counts.
    const declared = type.layouts.flatMap(({ fieldsInOrder }) => fieldsInOrder).reverse();
    fields = new Map(declared.map((field) => [field.name, field]));
    fieldsByName.set(type, fields);
  }
  return fields;
}

/** One field of a decoded payload, as an object with that key alone; without it where the field is absent. */
export function payloadFieldToJson(type: StructType | VariantType, value: Values, name: string): Json {
  const item = value[name];
  const field = payloadFields(type).get(name);
  if (item === undefined || field === undefined) return {};
  return { [name]: payloadToJson(field.type, item, value) };
}

/**
 * The value of a JSON payload, for encoding. Numbers may be given as names, aliases, hex or decimal text. Throws WireError
 * with the path of a value that cannot be read. The codec checks whether the value fits the layout.
 */
export function payloadFromJson(type: AnyType, json: unknown, path = '', owner: Values = {}): unknown {
  return visitType(type, fromJson, json, path, owner);
}

const fromJson: TypeVisitor<unknown, [json: unknown, path: string, owner: Values]> = {
  ...scalarCases((type, json, path) => integerFromJson(json, type.fixedSize === 8, path)),
  enum: (type, json, path) =>
    typeof json === 'string' ? enumFromJson(type, json, path) : integerFromJson(json, false, path),
  flags: (type, json, path) =>
    typeof json === 'number' ? integerFromJson(json, false, path) : flagsFromJson(type, json, path),
  bytes: (type, json, path, owner) => bytesFromJson(json, isText(type, owner), path),
  list(type, json, path, owner) {
    if (!Array.isArray(json)) return refuse(path, 'array', json);
    const entry = type.entryType(owner);
    return entry === undefined
      ? json
      : json.map((item, index) => payloadFromJson(entry, item, `${path}[${index}]`));
  },
  struct: structFromJson,
  variant(type, json, path) {
    const layout = isObject(json) ? type.layoutOf(json) : undefined;
    return layout === undefined ? json : structFromJson(layout, json, path);
  },
};

function structFromJson(type: StructType, json: unknown, path: string): Values {
  if (!isObject(json)) return refuse(path, 'object', json);
  const value: Values = {};
  const declared = type.fieldsInOrder;
  const aliases = declared.flatMap((field) => field.aliases.map((alias) => [alias, field] as const));
  // A field's own name goes before another field's alias.
  const fields = new Map([...aliases, ...declared.map((field) => [field.name, field] as const)]);
  // Scalars first: the type of a list or text may depend on a field that is behind it in the JSON.
  const entries = Object.entries(json).sort(([a], [b]) => weight(fields.get(a)) - weight(fields.get(b)));
  for (const [name, item] of entries) {
    const field = fields.get(name);
    const at = path === '' ? name : `${path}.${name}`;
    if (field === undefined)
      return refuse(at, [...fields.keys()].join(', ') || 'no field', name, 'unknown_key', {
        what: 'field',
        names: [...fields.keys()],
      });
    if (Object.hasOwn(value, field.name)) return refuse(at, `${field.name} once`, name, 'duplicate');
    value[field.name] = payloadFromJson(field.type, item, at, value);
  }
  return value;
}

function weight(field: Field | undefined): number {
  return field?.type.kind === 'list' || field?.type.kind === 'bytes' ? 1 : 0;
}

function isObject(json: unknown): json is { [key: string]: unknown } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function bytesFromJson(json: unknown, text: boolean, path: string): Uint8Array {
  // UTF-8 cannot represent a lone surrogate.
  if (typeof json === 'string' && text && !/\p{Surrogate}/u.test(json)) return encodeText(json);
  const hex = isObject(json) && Object.keys(json).length === 1 ? json.hex : json;
  const bytes = typeof hex === 'string' ? parseHex(hex) : undefined;
  return bytes ?? refuse(path, text ? 'text or {"hex": ...}' : 'hex text', json);
}

function enumFromJson(type: EnumType, name: string, path: string): number {
  const value = valueNamed(type, name);
  if (value !== undefined) return value;
  if (/^(0x[0-9a-fA-F]+|\d+)$/.test(name)) return Number(name);
  const names = Object.keys(type.values);
  return refuse(path, names.join(', '), name, 'type', { what: type.label, names });
}

function flagsFromJson(type: FlagsType, json: unknown, path: string): number {
  const names = Array.isArray(json) ? json : [json];
  let value = 0;
  for (const name of names) {
    const bit =
      (typeof name === 'string' ? valueNamed(type, name) : undefined) ?? numberFromJson(type, name, path);
    if (typeof bit !== 'number' || !Number.isInteger(bit) || bit < 0 || bit > type.max) {
      return refuse(path, `0..${type.max}`, name);
    }
    value = (value | bit) >>> 0;
  }
  return value;
}

function numberFromJson(type: FlagsType, json: unknown, path: string): number | bigint {
  const isNumber = typeof json === 'number' || /^-?(0x[0-9a-fA-F]+|\d+)$/.test(String(json));
  if (isNumber) return integerFromJson(json, false, path);
  const names = Object.keys(type.bits);
  return refuse(path, `${names.join(', ')} or a number`, json, 'type', { what: type.label, names });
}

function integerFromJson(json: unknown, wide: boolean, path: string): number | bigint {
  if (typeof json === 'string' && /^-?(0x[0-9a-fA-F]+|\d+)$/.test(json)) {
    const value = json.startsWith('-') ? -BigInt(json.slice(1)) : BigInt(json);
    return wide ? value : Number(value);
  }
  if (typeof json !== 'number') return refuse(path, 'integer', json);
  if (!wide) return json;
  if (!Number.isSafeInteger(json)) return refuse(path, 'hex text, or an integer below 2^53', json);
  return BigInt(json);
}
