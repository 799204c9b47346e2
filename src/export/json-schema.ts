import { recordKeyRows } from '../capture/keys/index.js';
import { type JsonSchema, structSchema } from '../capture/payload/index.js';
import type { Protocol } from '../schema/index.js';
import type { StructType } from '../wire/index.js';
import { allParts, type MessagePart } from './parts.js';

/** JSON Schema (2020-12) of one line of `decode --json`, payloads of all messages included. */
export function exportJsonSchema(protocol: Protocol): string {
  const parts = allParts(protocol);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A line of gunyah-rm decode --json',
    description: 'One RPC message of the Gunyah resource manager, or a queue message that is none.',
    type: 'object',
    properties: lineProperties(protocol),
    required: lineKeys.filter(([, { required }]) => required).map(([name]) => name),
    additionalProperties: false,
    allOf: parts.map(payloadRule),
    $defs: Object.fromEntries([
      ...protocol.structs.map((type) => [`struct_${type.label}`, structSchema(type as StructType)]),
      ...parts.map(({ key, layout }) => [key, structSchema(layout)]),
    ]),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

const lineKeys = recordKeyRows.filter(([, { record }]) => record !== undefined);

function lineProperties(protocol: Protocol): Record<string, JsonSchema> {
  return Object.fromEntries(
    lineKeys.map(([name, { kind, doc }]) => [name, { ...kind.schema(protocol), description: doc }]),
  );
}

/** The payload of a message, whole unless the line says that something is wrong with it. */
function payloadRule({ message, part, type, key, layout, selection }: MessagePart): JsonSchema {
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
function rule(condition: JsonSchema, consequence: JsonSchema): { readonly [key: string]: unknown } {
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
    .filter(({ type }) => type.kind !== 'reserved')
    .map(({ name }) => name);
}
