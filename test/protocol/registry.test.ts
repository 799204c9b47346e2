import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as schemas from '../../schemas/index.js';
import type { Call, Message, Notification } from '../../src/schema/index.js';
import {
  decodeStream,
  encodeStream,
  type Field,
  ListType,
  Scope,
  StructType,
  type Values,
  VariantType,
  type WireType,
} from '../../src/wire/index.js';

const { protocol } = schemas;
const known = protocol.messages.filter((message) => message.layout === 'known');
const calls = known.filter((message): message is Call => message.kind === 'call');

/** Every field of a message with its path, in list entries and header words too. */
function fieldsWithin(type: WireType, path: string): [string, Field][] {
  const below = (fields: readonly Field[]) =>
    fields.flatMap((field): [string, Field][] => {
      const at = `${path}.${field.name}`;
      return [[at, field], ...fieldsWithin(field.type, at)];
    });
  if (type instanceof StructType) return below(type.fields);
  if (type instanceof VariantType)
    return [...type.cases.values()].flatMap((item) => fieldsWithin(item, path));
  if (!(type instanceof ListType)) return [];
  const entries = 'cases' in type.entry ? [...type.entry.cases.values()] : [type.entry];
  return [
    ...below(type.options.headerWords),
    ...entries.flatMap((entry) => fieldsWithin(entry, `${path}[]`)),
  ];
}

interface Part {
  readonly path: string;
  readonly type: WireType;
  readonly value: Values;
  readonly request: Values | undefined;
}

function partsOf(message: Call | Notification): Part[] {
  const part = (name: string, type: WireType | undefined, value: unknown, request?: unknown): Part[] =>
    type === undefined
      ? []
      : [
          {
            path: `${message.name}.${name}`,
            type,
            value: value as Values,
            request: request as Values | undefined,
          },
        ];
  if (message.kind === 'notification') return part('payload', message.payload, message.example.payload);
  const { request, reply, errorReply, example } = message;
  return [
    ...part('request', request, example.request),
    ...part('reply', reply, example.reply, example.request),
    ...part('errorReply', errorReply, example.errorReply),
  ];
}

const parts = known.flatMap(partsOf);

describe('prose', () => {
  it.each(protocol.messages)('$name says in one sentence what it is', ({ doc }) => {
    expect(doc).toMatch(/^[A-Z][^.]+\.$/);
    expect(doc.length).toBeLessThan(150);
  });

  it.each(protocol.families)('family $name has a title and a sentence', ({ title, doc }) => {
    expect(title).toMatch(/^[A-Z]/);
    expect(doc).toMatch(/^[A-Z][^.]+\.$/);
  });

  it.each([...protocol.enums, ...protocol.flags])('$label says what it stands for', ({ info }) => {
    expect(info.doc).toMatch(/^[A-Z].*\w$/);
  });

  it.each([
    ...parts,
    { path: 'header', type: protocol.header },
    ...protocol.structs.map((type) => ({ path: type.label, type })),
  ])('$path: each field has a phrase', ({ type, path }) => {
    for (const [at, { doc }] of fieldsWithin(type, path)) expect(doc, at).toMatch(/^\S(.*[\w)])?$/);
  });

  it('tells messages apart', () => {
    expect(new Set(protocol.messages.map(({ doc }) => doc)).size).toBe(protocol.messages.length);
  });
});

describe('examples', () => {
  it.each(parts)('$path has all required keys and no others', ({ type, value, request }) => {
    const context = new Scope({}, undefined, { request });
    const bytes = new Uint8Array(type.size(value, context));
    // The field types refuse missing, unknown and mistyped keys.
    const stream = encodeStream(bytes);
    type.encode(stream, value, context);
    expect(stream.pos).toBe(bytes.length);
    const input = decodeStream(bytes);
    expect(type.decode(input, context)).toMatchObject(value);
    expect(input.pos).toBe(bytes.length);
  });

  it.each(parts)('$path shows every field that is not reserved', ({ type, value, path }) => {
    const types = type instanceof VariantType ? [...type.cases.values()] : [type];
    const shown = types.map((item) =>
      (item as StructType).fields.filter(({ type: { kind }, isLength, presence }) => {
        return kind !== 'reserved' && !isLength && presence?.trailing !== true;
      }),
    );
    const complete = shown.some((fields) => fields.every(({ name }) => value[name] !== undefined));
    expect(complete, path).toBe(true);
  });

  it.each(calls.filter(({ presentWhen }) => presentWhen !== undefined))(
    '$name: the reply is one that is there',
    (call) => {
      const { field, equals, is } = call.presentWhen ?? { field: '' };
      const asked = (call.example.request as Values)[field];
      const names = (call.request as StructType).fields.find(({ name }) => name === field)?.type;
      const wanted = typeof equals === 'string' ? (names as { values?: Values }).values?.[equals] : equals;
      expect(asked).toEqual(is === 'empty' ? [] : wanted);
      expect(call.example.reply).not.toEqual({});
    },
  );
});

describe('cross references', () => {
  const errors = [...Object.keys(protocol.error.values), 'ignored', 'PANIC'];

  it.each(protocol.messages)('$name is exported under its name', (message: Message) => {
    expect((schemas as Record<string, unknown>)[message.name]).toBe(message);
  });

  it.each(protocol.messages)('$name names sources, errors and notifications that exist', (message) => {
    const labels = Object.keys(protocol.labels);
    const { sources, idOnlyIn = [], dialects = [], rm23, triggers = [] } = message;
    for (const source of [...sources, ...dialects.flatMap((dialect) => dialect.sources)])
      expect(labels).toContain(source);
    for (const source of idOnlyIn) expect(sources).toContain(source);
    for (const name of [rm23?.length?.excess, rm23?.length?.emptyPayload]) {
      if (name !== undefined) expect(errors).toContain(name);
    }
    for (const name of triggers) expect(protocol.byName.get(name)?.kind, name).toBe('notification');
  });

  it('names errors that exist in limits and reserved fields', () => {
    for (const [path, { aboveMax, checkedZero }] of parts.flatMap(({ type, path }) =>
      fieldsWithin(type, path),
    )) {
      for (const name of [aboveMax, checkedZero])
        if (name !== undefined) expect(errors, path).toContain(name);
    }
  });

  it('lists the messages of a family by rising id', () => {
    for (const { name, messages } of protocol.families) {
      const ids = messages.map(({ id }) => id);
      expect(ids, name).toEqual(ids.toSorted((a, b) => a - b));
    }
  });

  it('writes every id in full in its declaration', () => {
    const folder = new URL('../../schemas/', import.meta.url);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    const literals = files.flatMap(
      (name) => readFileSync(new URL(name, folder), 'utf8').match(/^ {2}id: .*$/gm) ?? [],
    );
    expect(literals).toHaveLength(protocol.messages.length);
    for (const literal of literals) expect(literal).toMatch(/^ {2}id: 0x[0-9a-f]{8},$/);
  });
});
