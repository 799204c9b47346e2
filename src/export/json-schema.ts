import { messageTypeNames, type Protocol } from '../schema/index.js';
import {
  BytesType,
  EnumType,
  FlagsType,
  IntegerType,
  ListType,
  ReservedType,
  StructType,
  type WireType,
} from '../wire/index.js';
import { allParts, type MessagePart } from './parts.js';

type Schema = boolean | { readonly [key: string]: unknown };

/** JSON Schema (2020-12) of one line of `decode --json`, payloads of all messages included. */
export function exportJsonSchema(protocol: Protocol): string {
  const parts = allParts(protocol);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A line of gunyah-rm decode --json',
    description: 'One RPC message of the Gunyah resource manager, or a queue message that is none.',
    type: 'object',
    properties: lineProperties(protocol),
    required: ['no', 'frame', 'from', 'to', 'type'],
    additionalProperties: false,
    allOf: parts.map(payloadRule),
    $defs: Object.fromEntries([
      ...protocol.structs.map((type) => [`struct_${type.label}`, structSchema(type as StructType)]),
      ...parts.map(({ key, layout }) => [key, structSchema(layout)]),
    ]),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

const count = { type: 'integer', minimum: 1 };
const hex = { type: 'string', pattern: '^([0-9a-f]{2})*$' };
const vmid = integer(0, 0xffff);
const time = { type: 'string', pattern: '^-?\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$' };

function integer(minimum: number, maximum: number) {
  return { type: 'integer', minimum, maximum };
}

function lineProperties({ error, messages, limits }: Protocol): Record<string, Schema> {
  const value = { anyOf: [{ type: 'string' }, { type: 'number' }] };
  const issue = {
    type: 'object',
    properties: {
      code: { type: 'string' },
      path: { type: 'string', description: 'field path, empty when no field is concerned' },
      offset: { type: 'integer', minimum: 0 },
      expected: value,
      actual: value,
    },
    required: ['code', 'path', 'offset', 'expected', 'actual'],
    additionalProperties: false,
  };
  return {
    no: { ...count, description: 'counts records' },
    frame: { ...count, description: 'number of the first packet' },
    frames: { type: 'array', items: count, description: 'packets, when they are not consecutive' },
    sizes: {
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      description: 'payload bytes of each packet, when not the usual ones',
    },
    time,
    times: { type: 'array', items: { anyOf: [time, { type: 'null' }] } },
    comment: {
      anyOf: [
        { type: 'string' },
        { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
      ],
    },
    from: { ...vmid, description: 'sender' },
    to: { ...vmid, description: 'receiver' },
    type: { enum: [...messageTypeNames, 'malformed'] },
    seq: integer(0, 0xffff),
    id: { type: 'string', pattern: '^0x[0-9a-f]{8}$' },
    name: { enum: messages.map(({ name }) => name) },
    fragments: integer(1, limits.max_continuations),
    incomplete: { const: true, description: 'the continuations never all came' },
    announced: integer(0, limits.max_continuations),
    error: typeSchema(error),
    request: { ...count, description: 'the record that this reply answers' },
    duplicate_of: { ...count, description: 'the unanswered request that this one repeats' },
    latency_ns: { type: 'integer' },
    payload: { type: 'object' },
    rest: { ...hex, description: 'bytes that no field describes' },
    issues: { type: 'array', minItems: 1, items: issue },
    raw: { ...hex, description: 'all bytes, when the fields do not express them' },
  };
}

/** The payload of a message, whole unless the line says that something is wrong with it. */
function payloadRule({ message, part, type, key, layout, selection }: MessagePart): Schema {
  const isReply = type === 'reply';
  const ok = { enum: ['OK', 0] };
  const error = part === 'error_reply' ? { not: ok } : ok;
  // Which of several layouts a reply has stands in its request, so the fields must tell.
  const fields = selection && { payload: { type: 'object', required: requiredOf(layout) } };
  const match = {
    properties: {
      ...fields,
      name: { const: message.name },
      type: { const: type },
      ...(isReply ? { error } : {}),
    },
    required: ['name', 'type', 'payload', ...(isReply ? ['error'] : [])],
  };
  const required = layout.mayBeEmpty ? [] : requiredOf(layout);
  const own = { $ref: `#/$defs/${key}` };
  const isWhole = { not: { anyOf: [{ required: ['issues'] }, { required: ['rest'] }] } };
  const whole = rule(isWhole, { properties: { payload: { type: 'object', required } } });
  const known = { properties: { payload: own } };
  return rule(match, required.length === 0 ? known : { ...known, ...whole });
}

/** Made from pairs: an object literal with a key `then` would look like a promise. */
function rule(condition: Schema, consequence: Schema): { readonly [key: string]: unknown } {
  return Object.fromEntries([
    ['if', condition],
    ['then', consequence],
  ]);
}

/** Keys that a whole value has: all but reserved words (there when not zero) and what may be absent. */
function requiredOf(layout: StructType): string[] {
  return layout.fields
    .filter(({ presence }) => presence === undefined)
    .flatMap((field) => [...(field.type.headerWords ?? []), field])
    .filter(({ type }) => !(type instanceof ReservedType))
    .map(({ name }) => name);
}

/** A struct; entries of a list do not require their keys, since a payload may end inside the last one. */
function structSchema(layout: StructType): Schema {
  const properties = layout.fieldsInOrder.map(({ name, type, doc }) => {
    const schema = typeSchema(type);
    return [name, typeof schema === 'object' ? { ...schema, description: doc } : schema];
  });
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
}

function typeSchema(type: WireType): Schema {
  if (type instanceof StructType) return { $ref: `#/$defs/struct_${type.label}` };
  if (type instanceof ListType) {
    const { entry } = type;
    const entries =
      'cases' in entry ? { anyOf: [...entry.cases.values()].map(typeSchema) } : typeSchema(entry);
    return { type: 'array', items: entries };
  }
  if (type instanceof BytesType) {
    if (type.options.encoding === 'raw') return hex;
    const bytes = { type: 'object', properties: { hex }, required: ['hex'], additionalProperties: false };
    return { anyOf: [{ type: 'string' }, bytes] };
  }
  // Reserved fields are printed when they are not zero.
  if (type instanceof ReservedType) return integer(1, type.max);
  if (!(type instanceof IntegerType)) return true;
  if (type.fixedSize === 8) return { type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]{0,15})$' };
  const number = integer(type.min, type.max);
  if (type instanceof EnumType) return { anyOf: [{ enum: Object.keys(type.values) }, number] };
  if (type instanceof FlagsType) {
    return { type: 'array', items: { anyOf: [{ enum: Object.keys(type.bits) }, number] } };
  }
  return number;
}
