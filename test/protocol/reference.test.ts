import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as schemas from '../../schemas/index.js';
import { BitsType, EnumType, FlagsType, ListType, StructType } from '../../src/wire/index.js';
import { enumOf, fieldsOf, flagsOf, headerOf, type Json, type JsonObject, messageOf } from './extract.js';

const { protocol } = schemas;
const text = readFileSync(new URL('../reference/messages.json', import.meta.url), 'utf8');
const reference = JSON.parse(text) as JsonObject;
const table = (name: string) => reference[name] as { [key: string]: JsonObject };
const rows = reference.messages as JsonObject[];

/** Widths in bytes of the integer types: the reference names them, so that their sizes are checked against this. */
const widths: Record<string, number> = { u8: 1, u16: 2, u32: 4, u64: 8, s32: 4 };

function widthOf(type: string): number {
  const [kind, name] = type.split(':') as [string, string | undefined];
  return name === undefined
    ? (widths[kind] as number)
    : (table(kind === 'enum' ? 'enums' : 'flags')[name]?.size as number);
}

/**
 * A field of the reference in the form of extract.ts. Prose is left out (registry.test.ts), and so are the two facts
 * that the declarations tell in prose: what a writer does with an optional list, and on what outer field a trailing
 * part depends.
 */
function fieldOf(field: JsonObject, index: number): JsonObject {
  const {
    doc: _doc,
    optional,
    count,
    second,
    cases,
    ...rest
  } = field as { [key: string]: Json } & { type: string };
  const value: JsonObject = { index, ...rest };
  if (rest.type in widths || /^(enum|flags):/.test(rest.type)) {
    value.width = widthOf(rest.type);
    value.signed = rest.type === 's32';
  }
  if (optional !== undefined) {
    const { encode: _encode, only_if: _onlyIf, ...condition } = optional as JsonObject;
    value.optional = condition;
  }
  if (count !== undefined) {
    const { type } = count as { type: string };
    value.count = { ...(count as JsonObject), width: widthOf(type) };
  }
  if (second !== undefined) value.second = second === null ? null : secondOf(second as JsonObject);
  if (cases !== undefined) {
    value.cases = Object.fromEntries(
      Object.entries(cases as JsonObject).map(([name, list]) => [name, byName(list)]),
    );
  }
  return value;
}

function secondOf(second: JsonObject): JsonObject {
  const { doc: _doc, ...rest } = second;
  return rest.type === 'reserved' ? rest : { ...rest, width: widthOf(rest.type as string) };
}

function byName(fields: Json | undefined): JsonObject {
  return Object.fromEntries(
    (fields as JsonObject[]).map((field, index) => [field.name as string, fieldOf(field, index)]),
  );
}

function rowOf(row: JsonObject): JsonObject {
  const value: JsonObject = { ...row, id: Number(row.id) };
  for (const part of ['request', 'reply', 'payload', 'error_reply']) {
    const layout = row[part] as JsonObject | null | undefined;
    if (layout === null || layout === undefined) delete value[part];
    else value[part] = { ...layout, fields: byName(layout.fields) };
  }
  return value;
}

/** Every leaf by its path; containers that are empty are leaves too. */
function leaves(value: Json, path: string, into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, item] of Object.entries(value)) leaves(item, `${path}.${key}`, into);
  } else into.set(path, JSON.stringify(value));
  return into;
}

/** One line for each path on which the two do not agree, in either direction. */
function differences(path: string, declared: Json | undefined, wanted: Json | undefined): string[] {
  if (declared === undefined) return [`${path}: not declared`];
  if (wanted === undefined) return [`${path}: not in the reference`];
  const have = leaves(declared, path);
  const want = leaves(wanted, path);
  return [...new Set([...have.keys(), ...want.keys()])]
    .filter((key) => have.get(key) !== want.get(key))
    .map((key) => `${key}: declared ${have.get(key) ?? 'nothing'}, reference ${want.get(key) ?? 'nothing'}`);
}

/** Compares by name over the names of both sides. */
function compare(kind: string, declared: Map<string, JsonObject>, wanted: Map<string, JsonObject>): string[] {
  const names = new Set([...declared.keys(), ...wanted.keys()]);
  return [...names].flatMap((name) => differences(`${kind} ${name}`, declared.get(name), wanted.get(name)));
}

const without = (item: JsonObject, ...keys: string[]) =>
  Object.fromEntries(Object.entries(item).filter(([key]) => !keys.includes(key)));

describe('the declared protocol against the reference table', () => {
  it('covers every part of the reference', () => {
    expect(Object.keys(reference)).toEqual([
      ...[
        'format',
        'byte_order',
        'packed',
        'labels',
        'limits',
        'constants',
        'header',
        'enums',
        'flags',
        'errno',
      ],
      ...['structs', 'messages'],
    ]);
  });

  it('has the same messages, in the same order', () => {
    expect(protocol.messages.map(({ name }) => name)).toEqual(rows.map(({ name }) => name));
  });

  it.each([
    ...new Set(
      [...protocol.byName.values()].map(({ name }) => name).concat(rows.map((row) => row.name as string)),
    ),
  ])('%s', (name) => {
    const message = protocol.messages.find((item) => item.name === name);
    const row = rows.find((item) => item.name === name);
    const family = message && protocol.familyOf.get(message)?.name;
    const declared = message && messageOf(message, family ?? 'none');
    expect(differences(name, declared, row && rowOf(row))).toEqual([]);
  });

  it('has the same structs', () => {
    const declared = new Map(protocol.structs.map((type) => [type.label, fieldsOf(type as StructType)]));
    const wanted = new Map(Object.entries(table('structs')).map(([name, fields]) => [name, byName(fields)]));
    expect(compare('struct', declared, wanted)).toEqual([]);
  });

  it('has the same enums', () => {
    const declared = new Map(protocol.enums.map((type) => [type.label, enumOf(type)]));
    // The width in bits of msg_type belongs to the header.
    const wanted = new Map(
      Object.entries(table('enums')).map(([name, item]) => [name, without(item, 'bits')]),
    );
    expect(compare('enum', declared, wanted)).toEqual([]);
  });

  it('has the same flags', () => {
    const declared = new Map(protocol.flags.map((type) => [type.label, flagsOf(type)]));
    expect(compare('flags', declared, new Map(Object.entries(table('flags'))))).toEqual([]);
  });

  it('uses no enum, flag set or struct that is not listed', () => {
    const listed = new Set<unknown>([...protocol.enums, ...protocol.flags, ...protocol.structs]);
    const unlisted: string[] = [];
    const visit = (type: unknown, path: string) => {
      if ((type instanceof EnumType || type instanceof FlagsType) && !listed.has(type)) unlisted.push(path);
      if (type instanceof StructType) {
        for (const field of type.fields) visit(field.type, `${path}.${field.name}`);
      }
      if (!(type instanceof ListType)) return;
      const entries = 'cases' in type.entry ? [...type.entry.cases.values()] : [type.entry];
      for (const entry of entries) {
        if (entry instanceof StructType && !listed.has(entry)) unlisted.push(path);
        visit(entry, path);
      }
      for (const word of type.options.headerWords) visit(word.type, `${path}.${word.name}`);
    };
    for (const message of protocol.messages) {
      if (message.layout === 'unknown') continue;
      const parts = message.kind === 'call' ? [message.request, message.reply] : [message.payload];
      for (const part of parts) visit(part, message.name);
    }
    expect(unlisted).toEqual([]);
  });

  it('has the same header', () => {
    const fields = reference.header as JsonObject[];
    const wanted = fields.map((field, index): [string, JsonObject] => [
      field.name as string,
      { index, ...without(field, 'doc', 'value', 'min', 'max') },
    ]);
    const declared = headerOf(protocol.header);
    expect(differences('header', declared, Object.fromEntries(wanted))).toEqual([]);
    const type = protocol.header.fields.find(({ name }) => name === 'type')?.type;
    expect(type instanceof BitsType && type.width).toBe(table('enums').msg_type?.bits);
  });

  it('says the fixed values and ranges of the header in prose', () => {
    for (const { name, value, min, max } of reference.header as JsonObject[]) {
      const doc = protocol.header.fields.find((field) => field.name === name)?.doc ?? '';
      if (value !== undefined) expect(doc, name as string).toMatch(new RegExp(`always ${value}$`));
      if (max !== undefined) expect(doc, name as string).toContain(`${min}..${max}`);
    }
  });

  it('has the same labels, limits and constants', () => {
    expect(protocol.labels).toEqual(reference.labels);
    expect(protocol.limits).toEqual(reference.limits);
    expect(protocol.constants).toEqual(reference.constants);
  });

  it('has the same errno tables', () => {
    const { known, unknown_code, mainline_applies_to, ...others } = reference.errno as {
      [key: string]: JsonObject;
    };
    const asText = Object.entries(known ?? {}).map(([name, row]) => [
      name,
      Object.fromEntries(Object.entries(row as JsonObject).map(([client, value]) => [client, String(value)])),
    ]);
    expect(others).toEqual({});
    expect(protocol.errno).toEqual(Object.fromEntries(asText));
    expect(schemas.errnoClients).toEqual({ mainline: mainline_applies_to, q515: ['q515'] });
    const q515 = unknown_code?.q515 as JsonObject;
    expect(schemas.unknownErrno).toEqual({
      mainline: { byCode: {}, otherwise: unknown_code?.mainline },
      q515: { byCode: q515.by_code, otherwise: q515.else },
    });
  });
});

/** What the reference holds as data and the declarations say in the field's prose. */
const proseOf = (optional: JsonObject): RegExp[] => {
  const wanted: RegExp[] = [];
  if (optional.encode === 'always write the header') wanted.push(/writers always write the header$/);
  if (optional.encode === 'either') wanted.push(/writers may leave it out$/);
  const { field, equals } = (optional.only_if ?? {}) as JsonObject;
  if (field !== undefined) wanted.push(new RegExp(`only with ${field} ${equals}$`));
  return wanted;
};

describe('what optional fields say beyond their condition', () => {
  const places = [
    ...rows.flatMap((row) => {
      const message = protocol.byName.get(row.name as string);
      const request = message?.layout === 'known' && message.kind === 'call' ? message.request : undefined;
      const { fields = [] } = (row.request ?? {}) as { fields?: JsonObject[] };
      return fields.map((field) => ({ path: `${row.name}.${field.name}`, field, type: request }));
    }),
    ...Object.entries(table('structs')).flatMap(([name, fields]) => {
      const type = protocol.structs.find(({ label }) => label === name);
      return (fields as unknown as JsonObject[]).map((field) => ({
        path: `${name}.${field.name}`,
        field,
        type,
      }));
    }),
  ].filter(({ field }) => field.optional !== undefined && proseOf(field.optional as JsonObject).length > 0);

  it.each(places)('$path', ({ field, type }) => {
    const declared =
      type instanceof StructType ? type.fields.find(({ name }) => name === field.name) : undefined;
    for (const prose of proseOf(field.optional as JsonObject)) expect(declared?.doc).toMatch(prose);
  });

  it('finds them', () => {
    expect(places).toHaveLength(7);
  });
});
