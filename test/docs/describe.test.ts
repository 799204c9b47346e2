import { expect, it, describe as suite } from 'vitest';
import { errnoClients, protocol, unknownErrno } from '../../schemas/index.js';
import { UsageError } from '../../src/base/error.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { enumName, payloadToJson } from '../../src/capture/payload/index.js';
import { describe } from '../../src/docs/describe.js';
import type { Description, MessageFacts, PartFacts, RowFacts } from '../../src/docs/facts.js';
import { describeAll } from '../../src/docs/message-facts.js';
import { descriptionText } from '../../src/docs/message-text.js';
import { tableText } from '../../src/docs/table-text.js';
import { assemble } from '../capture/capture.js';
import { type ReferenceMessage, type ReferencePayload, referenceOf } from './reference.js';

type Sent = [from: number, to: number, hex: string];

const tables = { clients: errnoClients, unknown: unknownErrno };
const of = (name: string): Description => describe(protocol, name, tables);
const messageOf = (name: string): MessageFacts => of(name) as MessageFacts;

const same = (text: string) => text;
const plain = { name: same, dim: same, good: same, bad: same, warn: same, accent: same };
const groups = [{ name: 'q*', sources: ['q515', 'q61', 'q66', 'q612'] }];
const textOf = (name: string, width = 80, style = plain) =>
  descriptionText(of(name), { width, style, groups });

const names = protocol.messages.map(({ name }) => name);
const typeNames = [...protocol.enums, ...protocol.flags, ...protocol.structs].map(({ label }) => label);
const everything = [...names, ...typeNames, 'header'];

/** Field names with their offsets; a list counts as one field, which begins at its count. */
function offsetsOf(rows: readonly RowFacts[]): [string, number | null][] {
  const fields: [string, number | null][] = [];
  let count: RowFacts | undefined;
  for (const row of rows) {
    if (row.kind === 'count') count = row;
    else if (count === undefined) fields.push([row.name, row.offset]);
    else if (row.kind === 'list') {
      fields.push([row.name, count.offset]);
      count = undefined;
    }
  }
  return fields;
}

suite('describe: what it says', () => {
  it.each(names)('%s: sizes and offsets are those of the independent table', (name) => {
    const { parts, layout } = messageOf(name);
    const expected = referenceOf.get(name) as ReferenceMessage;
    const byPart: Record<string, ReferencePayload | null | undefined> = {
      request: expected.request,
      reply: expected.reply,
      notification: expected.payload,
      error_reply: expected.error_reply,
    };
    if (layout === 'unknown') expect(parts).toEqual([]);
    for (const part of parts) {
      const payload = byPart[part.part];
      if (payload === undefined || payload === null) {
        expect([part.part, part.size]).toEqual(['error_reply', 0]);
        continue;
      }
      // The table counts a reply that may be empty as one that varies; here that is a fact of its own.
      if (payload.may_be_empty) expect([null, payload.size]).toContain(part.size);
      else expect(part.size).toBe(payload.fixed ? payload.size : null);
      expect(part.size_min).toBe(payload.size);
      expect(part.may_be_empty).toBe(payload.may_be_empty ?? false);
      const cases = payload.fields[0]?.cases;
      const fields = cases === undefined ? [payload.fields] : Object.values(cases);
      expect(part.layouts.map(({ rows }) => offsetsOf(rows))).toEqual(
        fields.map((list) => list.map(({ name: field, offset }) => [field, offset])),
      );
      expect(part.layouts.map(({ when }) => when?.equals)).toEqual(
        cases === undefined ? [undefined] : Object.keys(cases),
      );
    }
  });

  it.each(names)('%s: the example bytes decode to the example value', (name) => {
    const { parts } = messageOf(name);
    const request = parts.find(({ part }) => part === 'request');
    const sent = (part: PartFacts | undefined) => {
      const [from, to] = part?.part === 'request' ? [3, 255] : [255, 3];
      return (part?.example.frames ?? []).map((hex): Sent => [from, to, hex]);
    };
    for (const part of parts) {
      // A reply whose layout the request decides needs it.
      const before = part.part === 'reply' ? sent(request) : [];
      const record = assemble([...before, ...sent(part)]).at(-1);
      expect(record?.issues).toEqual([]);
      expect(record?.message?.name).toBe(name);
      expect(record?.rest).toBeUndefined();
      if (record?.layout !== undefined) {
        expect(payloadToJson(record.layout, record.payload)).toEqual(part.example.payload);
      } else expect(part.example.payload).toEqual({});
      const inFrames = part.example.frames.map((hex) => hex.slice(16)).join('');
      expect(inFrames.endsWith(part.example.payload_bytes)).toBe(true);
      const word = record?.error === undefined ? undefined : enumName(protocol.error, record.error);
      expect(part.example.error).toBe(word);
      expect(word === 'OK').toBe(part.part === 'reply');
    }
  });

  it('says when optional parts are there, how long they are and what RM limits', () => {
    const rows = (name: string, part = 0) => messageOf(name).parts[part]?.layouts[0]?.rows ?? [];
    const row = (name: string, field: string, part = 0) =>
      rows(name, part).find((item) => item.name === field);
    expect(row('VM_IRQ_NOTIFY', 'count')).toMatchObject({
      offset: 8,
      counts: 'vmid_entries',
      when: { field: 'flags', any: ['LENT'] },
      trailing: true,
      means: 'the borrower',
    });
    expect(rows('MEM_SHARE').find(({ counts }) => counts === 'attr_entries')).toMatchObject({
      offset: null,
      trailing: true,
      max: 512,
      above_max: 'NORESOURCE',
    });
    expect(row('MEM_ACCEPT', 'map_vmid')).toMatchObject({ kind: 'field', type: 'u16', size: 2 });
    expect(row('VM_LOOKUP_NAME', 'length')).toMatchObject({
      counts: 'name',
      max: 79,
      above_max: 'ARGUMENT_INVALID',
    });
    expect(row('VM_LOOKUP_NAME', 'name')).toMatchObject({
      type: 'text',
      length_from: 'length',
      pad_to: 4,
      pad_checked: 'MSG_INVALID',
    });
    expect(row('VM_INIT', 'reserved')).toMatchObject({ kind: 'reserved', checked_zero: 'MSG_INVALID' });
    expect(row('VM_EXITED', 'exit_reason')).toMatchObject({ inside: 'exit_reason', size: null });
    expect(row('IPA_RESERVE', 'entries')?.select).toEqual({
      field: 'alloc_type',
      cases: { FIXED_LIST: 'ipa_fixed_range', ALLOC_LIST: 'ipa_alloc_range' },
    });
    expect(row('VM_GET_HYP_RESOURCES', 'entries', 1)).toMatchObject({ offset: 4, entry_size: 44 });
    expect(messageOf('VM_CONSOLE_WRITE').length).toEqual({
      min: 4,
      excess: 'MSG_INVALID',
      empty_payload: 'PANIC',
    });
    expect(messageOf('VM_ALLOC_VMID').parts[1]).toMatchObject({
      may_be_empty: true,
      present_when: { field: 'vmid', equals: 0 },
    });
  });

  it('comes with every type that it uses, once', () => {
    const types = (name: string) => messageOf(name).types.map((type) => `${type.kind} ${type.name}`);
    expect(types('VM_GET_ID')).toEqual(['struct id_entry', 'enum id_type']);
    expect(types('VM_EXITED')).toEqual([
      'enum exit_type',
      'struct exit_reason',
      'flags exit_flags',
      'enum exit_code',
    ]);
    expect(types('VM_QUERY_HEAP_MEMORY')).toEqual(['enum heap_query_type']);
    for (const name of names) {
      const listed = messageOf(name).types.map((type) => type.name);
      expect(new Set(listed).size).toBe(listed.length);
      const used = messageOf(name).parts.flatMap(({ layouts }) => layouts.flatMap(({ rows }) => rows));
      const named = used.flatMap(({ type }) => type.replaceAll('[]', '').split(' or '));
      const own = named.filter((type) => typeNames.includes(type));
      expect(own.filter((type) => !listed.includes(type))).toEqual([]);
    }
  });

  it('explains enums, flags, structs, error codes and the header', () => {
    expect(of('vm_status')).toMatchObject({
      kind: 'enum',
      size: 1,
      used_by: ['VM_GET_STATE', 'VM_SET_STATUS', 'VM_STATUS'],
      dialects: [{ values: { RESET_FAILED: 12 }, replaces: false }],
      see_also: ['VM_STATUS'],
    });
    expect(of('mem_rights')).toMatchObject({ kind: 'flags', valid: [4, 5, 6, 7] });
    expect(of('exit_code')).toMatchObject({ dialects: [{ replaces: true }] });
    expect(of('hyp_resource')).toMatchObject({
      kind: 'struct',
      size: 44,
      types: [{ name: 'resource_type' }],
    });
    expect(of('header')).toMatchObject({ kind: 'struct', size: 8, types: [{ name: 'msg_type' }] });
    const errors = of('error');
    expect(errors).toMatchObject({ kind: 'errors', unknown: { mainline: { otherwise: 'EBADMSG' } } });
    if (errors.kind !== 'errors') throw new Error('not the error codes');
    expect(errors.values).toHaveLength(22);
    expect(errors.values.find(({ name }) => name === 'MEM_INVALID')?.errno).toEqual({
      mainline: 'EINVAL',
      q515: 'ENOMEM',
    });
  });

  it('is plain data: JSON gives it back', () => {
    for (const name of [...everything, 'error'])
      expect(JSON.parse(JSON.stringify(of(name)))).toEqual(of(name));
    const all = describeAll(protocol);
    expect(JSON.parse(JSON.stringify(all))).toEqual(all);
  });
});

suite('describe: words that name no declaration', () => {
  it.each([
    ['MEM_INUSE', 'MEM_INUSE', [['MEM_INUSE', 11, 'error']]],
    ['mem_inuse', 'MEM_INUSE', [['MEM_INUSE', 11, 'error']]],
    ['11', 'MEM_INUSE', [['MEM_INUSE', 11, 'error']]],
    ['RUNNING', 'RUNNING', [['RUNNING', 3, 'vm_status']]],
    ['LENT', 'LENT', [['LENT', 1, 'irq_notify_flags']]],
    ['EPERM', 'EPERM', [['DENIED', 3, 'error']]],
    ['-1', 'EPERM', [['DENIED', 3, 'error']]],
  ])('%s', (word, name, values) => {
    const facts = describe(protocol, word, { ...tables, numbers: { EPERM: 1 } });
    expect(facts).toMatchObject({ kind: 'word', name, fields: [] });
    expect(facts.kind === 'word' && facts.values.map(({ name, value, of }) => [name, value, of])).toEqual(
      values,
    );
  });

  it('a field: the messages and structs that have it', () => {
    const facts = of('mem_handle');
    const fields = facts.kind === 'word' ? facts.fields : [];
    const row = { of: 'MEM_RECLAIM', part: 'request', name: 'mem_handle', offset: 0, type: 'u32' };
    expect(fields).toContainEqual(expect.objectContaining(row));
    expect(textOf('mem_handle')).toContain('MEM_RECLAIM');
    expect(textOf('MEM_INUSE')).toContain('errno in mainline');
  });

  it('an error: when the manager answers with it', () => {
    const sentence = 'MEM_INUSE: A receiver has accepted the parcel and has not released it.';
    expect(textOf('MEM_INUSE')).toContain(`- ${sentence}`);
    expect(textOf('EINVAL')).toContain(`- ${sentence}`);
    const facts = of('MEM_INUSE');
    expect(facts.kind === 'word' && facts.values[0]?.meaning).toBe(sentence.slice('MEM_INUSE: '.length));
    const { info, values } = protocol.error;
    expect(Object.keys(info.meanings ?? {}).filter((name) => values[name] === undefined)).toEqual([]);
  });
});

suite('describe: finding things', () => {
  it('takes names, other names and ids in any form', () => {
    const forms = [
      'VM_CONFIG_IMAGE',
      'vm_config_image',
      'Vm_Config_Image',
      '0x56000009',
      '0X56000009',
      '1442840585',
      '56000009',
    ];
    for (const form of forms) expect(of(form)).toMatchObject({ name: 'VM_CONFIG_IMAGE' });
    expect(of('5600000A')).toMatchObject({ name: 'VM_AUTH_IMAGE' });
    expect(of('heap_query')).toMatchObject({ name: 'VM_QUERY_HEAP_MEMORY' });
    expect(of('1')).toMatchObject({ name: 'GET_IDENT' });
    for (const { name, id, aliases = [] } of protocol.messages) {
      for (const form of [name, ...aliases, String(id), `0x${id.toString(16)}`])
        expect(of(form)).toMatchObject({ name });
    }
  });

  it('tells apart what differs in letter case only', () => {
    expect(of('VM_STATUS')).toMatchObject({ kind: 'notification', see_also: ['vm_status'] });
    expect(of('vm_status')).toMatchObject({ kind: 'enum' });
    expect(of('Vm_Status')).toMatchObject({ kind: 'notification' });
    expect(textOf('vm_status')).toContain('See also: VM_STATUS');
  });

  it('suggests what is near', () => {
    const suggestions = (name: string): string => {
      try {
        of(name);
      } catch (error) {
        if (error instanceof UsageError) return String(error.expected);
        throw error;
      }
      throw new Error(`${name} was found`);
    };
    expect(suggestions('VM_STRAT')).toBe('VM_START');
    expect(suggestions('vm_confg_image')).toBe('VM_CONFIG_IMAGE');
    expect(suggestions('reclaim')).toBe('MEM_RECLAIM or VM_IRQ_RECLAIM or mem_reclaim_flags');
    expect(suggestions('mem_right')).toContain('mem_rights');
    expect(suggestions('0x56000003')).toContain('0x56000004 (VM_START)');
    expect(suggestions('56000003')).toContain('0x56000004 (VM_START)');
    expect(suggestions('no such thing at all')).toContain('`describe` alone lists');
    expect(suggestions('')).toContain('`describe` alone lists');
  });
});

suite('describe: text', () => {
  const widths = [60, 80, 200];

  it.each(widths)('fits %i columns', (width) => {
    for (const name of [...everything, 'error']) {
      const long = textOf(name, width)
        .split('\n')
        .filter((line) => line.length > width);
      // Only what has no place to break may stick out of a terminal that narrow.
      expect(long.filter((line) => width >= 80 || line.trim().includes('; '))).toEqual([]);
    }
  });

  it('names every field, every value and all prose of a message', () => {
    for (const name of names) {
      const text = textOf(name, 200);
      const words = text.replace(/\s+/g, ' ');
      const { doc, parts, types, notes, id } = messageOf(name);
      for (const part of [doc, id, ...notes]) expect(words).toContain(part);
      for (const { name: field, kind } of parts.flatMap(({ layouts }) =>
        layouts.flatMap(({ rows }) => rows),
      )) {
        expect(words).toContain(kind === 'reserved' ? 'reserved' : field);
      }
      for (const type of types) {
        expect(words).toContain(`${type.kind} ${type.name}`);
        if (type.kind !== 'struct') for (const value of type.values) expect(words).toContain(value.name);
      }
      expect(text).not.toMatch(/undefined|NaN|\[object|[ \t]\n/);
    }
  });

  it('prints frames that can be pasted into decode', () => {
    for (const name of ['VM_START', 'VM_GET_HYP_RESOURCES', 'MEM_SHARED', 'VM_SET_TIME_BASE']) {
      const lines = textOf(name)
        .split('\n')
        .map((line) => line.replace(/^ +(frame)? +/, ''))
        .filter((line) => /^[0-9a-f]{8}: /.test(line));
      const bytes = new TextEncoder().encode(`${lines.join('\n')}\n`);
      const read: string[] = [];
      const format = detectFormat(bytes);
      expect(format).toBe('xxd');
      const reader = openReader(
        protocol,
        'xxd',
        ({ data, start, end }) => read.push(Buffer.from(data.subarray(start, end)).toString('hex')),
        () => {},
      );
      reader.push(bytes);
      reader.end();
      expect(read).toEqual(messageOf(name).parts.flatMap(({ example }) => example.frames));
    }
  });

  it('colours without moving anything', () => {
    const colour = (text: string) => `\u001b[1m${text}\u001b[0m`;
    const style = { name: colour, dim: colour, good: colour, bad: colour, warn: colour, accent: colour };
    const bare = (text: string) => text.replaceAll('\u001b[1m', '').replaceAll('\u001b[0m', '');
    for (const name of [...everything, 'error']) {
      const text = textOf(name, 80, style);
      expect(text).toContain('\u001b[1m');
      expect(bare(text)).toBe(textOf(name));
    }
    const options = { width: 80, groups };
    const all = describeAll(protocol);
    expect(bare(tableText(all, { ...options, style }))).toBe(tableText(all, { ...options, style: plain }));
  });

  it('puts a column below where there is no room for it', () => {
    const text = textOf('IPA_RESERVE', 60);
    expect(text).toContain(
      '  offset  size  field                 type\n       0  1     alloc_type            ipa_alloc_type\n',
    );
    expect(text).toContain('\n          kind of entries\n');
    expect(textOf('IPA_RESERVE', 120)).toMatch(/alloc_type +ipa_alloc_type +kind of entries/);
  });
});
