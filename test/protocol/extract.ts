import type { Message, Payload } from '../../src/schema/index.js';
import {
  BitsType,
  BytesType,
  EnumType,
  type Field,
  FlagsType,
  IntegerType,
  ListType,
  ReservedType,
  type StructType,
  VariantType,
  type WireType,
} from '../../src/wire/index.js';

/**
 * What the declared objects say, in the words of test/reference/messages.json, so that the two can be compared key by
 * key. Taken from the objects that the codec runs on, not from the text of the declarations.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** `undefined` values left out. */
function object(entries: Record<string, Json | undefined>): JsonObject {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)) as JsonObject;
}

const json = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
const unlessEmpty = (items: readonly string[]): Json | undefined =>
  items.length > 0 ? [...items] : undefined;

/** `u32`, `enum:x`, `flags:x`, or `struct:x` for list entries. */
function typeName(type: WireType): string {
  if (type instanceof EnumType) return `enum:${type.label}`;
  if (type instanceof FlagsType) return `flags:${type.label}`;
  return type.kind === 'struct' ? `struct:${type.label}` : type.label;
}

function reservedOf({ name, type, checkedZero }: Field): JsonObject {
  const size = type.fixedSize as number;
  return {
    name: name.endsWith('_reserved') ? 'reserved' : name,
    type: 'reserved',
    size,
    rm23_checks_zero: checkedZero ?? false,
  };
}

function bytesOf({ options }: BytesType, select: StructType): JsonObject {
  const { size, lengthFrom, padTo, encoding, inside, padMustBeZero } = options;
  return object({
    type: 'bytes',
    ...(size === undefined ? { length_from: lengthFrom, pad_to: padTo ?? null } : { size }),
    encoding: typeof encoding === 'string' ? encoding : encodingBy(encoding, select),
    struct: inside?.label,
    pad_must_be_zero: padMustBeZero,
  });
}

function encodingBy({ select, raw }: { select: string; raw: readonly number[] }, type: StructType): Json {
  const cases = Object.fromEntries(raw.map((value) => [valueName(type, select, value), 'raw']));
  return { select, cases, default: 'utf8' };
}

/** The type of an earlier field, by name. */
function siblingType(struct: StructType, name: string): WireType {
  const field = struct.fields.find((item) => item.name === name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field.type;
}

/** Name of a value of the enum field `name`. */
function valueName(struct: StructType, name: string, value: number): string {
  const { values } = siblingType(struct, name) as EnumType;
  return Object.keys(values).find((key) => values[key] === value) ?? `${value} has no name`;
}

/** The second half of a list's header: nothing, a reserved u16, a named u16, or a named u8 and a pad byte. */
function secondOf(words: readonly Field[]): Json {
  const [first, pad] = words;
  if (first === undefined) return null;
  if (first.type instanceof ReservedType) return reservedOf(first);
  return object({
    name: first.name,
    type: typeName(first.type),
    width: first.type.fixedSize,
    role: first.role,
    pad: pad?.type.fixedSize,
  });
}

function listOf({ entry, options }: ListType, offset: Json, struct: StructType): JsonObject {
  const { count, countName, headerWords, max } = options;
  const names = 'cases' in entry ? [...entry.cases] : [];
  return object({
    type: 'list',
    count: object({ type: count.label, width: count.fixedSize, name: countName, offset }),
    second: secondOf(headerWords),
    entry:
      'cases' in entry
        ? {
            select: { in: 'payload', field: entry.field },
            cases: Object.fromEntries(
              names.map(([value, type]) => [valueName(struct, entry.field, value), typeName(type)]),
            ),
          }
        : typeName(entry),
    max: max ?? null,
    pad_to: null,
  });
}

function optionalOf({ presence }: Field, struct: StructType): Json | undefined {
  if (presence === undefined) return undefined;
  const { when, trailing, means } = presence;
  if (when === undefined) return object({ when: 'trailing', means });
  const { bits } = siblingType(struct, when.field) as FlagsType;
  const any = Object.keys(bits).filter((name) => ((bits[name] ?? 0) & when.mask) !== 0);
  return object({ when: { field: when.field, any }, also: trailing ? 'trailing' : undefined, means });
}

function typeOf(type: WireType, offset: Json, struct: StructType): JsonObject {
  if (type instanceof BytesType) return bytesOf(type, struct);
  if (type instanceof ListType) return listOf(type, offset, struct);
  return {
    type: typeName(type),
    width: type.fixedSize as number,
    signed: type instanceof IntegerType && type.signed,
  };
}

/** Fields by name, each with its place in the order. */
export function fieldsOf(struct: StructType): JsonObject {
  const rows = struct.layout.map(({ field, offset = null }, index): [string, JsonObject] => {
    if (field.type instanceof ReservedType) return [field.name, { index, offset, ...reservedOf(field) }];
    const value = object({
      index,
      name: field.name,
      offset,
      ...typeOf(field.type, offset, struct),
      role: field.role,
      aliases: unlessEmpty(field.aliases),
      max: field.type instanceof ListType ? (field.type.options.max ?? null) : field.max,
      rm23_above_max: field.aboveMax,
      optional: optionalOf(field, struct),
    });
    return [field.name, value];
  });
  return Object.fromEntries(rows);
}

/** The layout that the request decides, as the reference has it: one pseudo field `result`. */
function variantOf(type: VariantType, request: StructType): JsonObject {
  const cases = [...type.cases].map(([value, struct]) => [
    valueName(request, type.field, value),
    fieldsOf(struct),
  ]);
  return {
    result: {
      index: 0,
      name: 'result',
      offset: 0,
      type: 'variant',
      select: { in: 'request', field: type.field },
      cases: Object.fromEntries(cases) as JsonObject,
    },
  };
}

function payloadOf(
  type: Payload,
  request: Payload | undefined,
  extra: Record<string, Json | undefined>,
): JsonObject {
  const variant = type instanceof VariantType;
  // `sizeMin` of a reply that may be empty is 0; the reference gives the smallest one that is not.
  const required = variant ? [] : type.fields.filter(({ presence }) => presence === undefined);
  return object({
    size: variant ? type.sizeMin : required.reduce((sum, field) => sum + field.type.sizeMin, 0),
    fixed: type.fixedSize !== undefined,
    may_be_empty: !variant && type.mayBeEmpty ? true : undefined,
    ...extra,
    fields: variant ? variantOf(type, request as StructType) : fieldsOf(type),
  });
}

function layoutsOf(message: Message): Record<string, Json | undefined> {
  if (message.layout === 'unknown') return {};
  if (message.kind === 'notification') return { payload: payloadOf(message.payload, undefined, {}) };
  const { request, reply, errorReply, presentWhen, replyNote } = message;
  const condition = presentWhen && {
    in: 'request',
    ...(presentWhen.is === undefined
      ? { field: presentWhen.field, equals: presentWhen.equals as Json }
      : { list: presentWhen.field, is: presentWhen.is }),
  };
  return {
    request: payloadOf(request, undefined, {}),
    reply: payloadOf(reply, request, { present_when: condition, note: replyNote }),
    error_reply: errorReply && payloadOf(errorReply, undefined, {}),
  };
}

function rm23Of({ rm23 }: Message): Json | undefined {
  if (rm23 === undefined) return undefined;
  const { exact, min, excess, emptyPayload } = rm23.length ?? {};
  const length = object({ exact, min, excess, empty_payload: emptyPayload });
  return object({ length: rm23.length && length, sender: rm23.sender, to: rm23.to });
}

export function messageOf(message: Message, family: string): JsonObject {
  return object({
    id: message.id,
    name: message.name,
    aliases: [...(message.aliases ?? [])],
    family,
    kind: message.kind,
    sources: [...message.sources],
    id_only_in: message.idOnlyIn && [...message.idOnlyIn],
    implemented_by_rm23: message.implementedByRm23,
    layout: message.layout,
    rm23: rm23Of(message),
    triggers: message.triggers && [...message.triggers],
    dialects: json(message.dialects ?? []),
    notes: [...(message.notes ?? [])],
    ...layoutsOf(message),
  });
}

export function enumOf(type: EnumType): JsonObject {
  const { aliases, dialects, knownBy, notes } = type.info;
  return json({
    size: type.fixedSize,
    values: type.values,
    aliases,
    dialects,
    known_by: knownBy,
    notes,
  }) as JsonObject;
}

export function flagsOf(type: FlagsType): JsonObject {
  const { aliases, valid, exactlyOne, notes } = type.info;
  return json({
    size: type.fixedSize,
    bits: type.bits,
    aliases,
    valid,
    exactly_one: exactlyOne,
    notes,
  }) as JsonObject;
}

/** Header fields: `bits` is the bit range of those that share a byte. */
export function headerOf(header: StructType<unknown>): JsonObject {
  const rows = header.layout.map(({ field, offset = null }, index): [string, JsonObject] => {
    const { name, type } = field;
    const shared = type instanceof BitsType;
    const value = object({
      index,
      name,
      offset,
      size: shared ? 1 : (type.fixedSize as number),
      bits: shared ? `${type.shift + type.width - 1}:${type.shift}` : undefined,
      enum: shared ? type.names?.label : undefined,
      type: shared ? undefined : type.label,
    });
    return [name, value];
  });
  return Object.fromEntries(rows);
}
