import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import {
  byRequest,
  counted,
  empty,
  enumeration,
  field,
  flags,
  formatId,
  length,
  list,
  listBy,
  MessageType,
  payloadOf,
  protocol,
  reserved,
  struct,
  u8,
  u16,
  unknownCall,
} from '../../src/schema/index.js';
import { ListType } from '../../src/wire/index.js';
import { blank, DONE, MEASURE, PAINT, route, toy } from '../toy.js';

const info = { doc: 'for this test' };

function usageError(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('declarations that contradict themselves are refused', () => {
  it('a size that the fields do not have', () => {
    const { code, path, expected, actual } = usageError(() => struct(3, { a: field(u16, 'a') }, 'odd'));
    expect([code, path, expected, actual]).toEqual(['size', 'odd', 3, 2]);
  });

  it('a condition on a flag that is not there', () => {
    const some = flags('some', u8, { A: 1, B: 2 }, info);
    const declare = () =>
      struct(1, { some: field(some, 's'), a: field(u16, 'a', { when: { field: 'some', any: ['C'] } }) });
    expect(usageError(declare)).toMatchObject({ code: 'flag', path: 'some', expected: 'A, B', actual: 'C' });
  });

  it('a layout for a value that the enum does not have', () => {
    const cases = { NEAR: blank, FAR: blank, NOWHERE: blank };
    const issue = { code: 'case', path: 'route', expected: 'NEAR, FAR', actual: 'NOWHERE' };
    expect(usageError(() => byRequest({ field: 'route', type: route }, cases))).toMatchObject(issue);
    expect(usageError(() => listBy({ field: 'route', type: route }, cases))).toMatchObject(issue);
  });

  it('two messages with one id or one name', () => {
    const again = (name: string, id: number, aliases: readonly string[] = []) => {
      const { doc, sources } = PAINT;
      const message = unknownCall(name, { id, doc, aliases, sources });
      const family = { name: 'more', title: 'More', doc: 'more', messages: [message] };
      return usageError(() => protocol({ ...toy, families: [...toy.families, family] }));
    };
    const issue = { code: 'duplicate', expected: 'unique' };
    expect(again('OTHER', PAINT.id)).toMatchObject({ ...issue, path: 'OTHER', actual: 'PAINT' });
    expect(again('DONE', 5)).toMatchObject({ ...issue, path: 'DONE', actual: 'DONE' });
    expect(again('OTHER', 5, ['MEASURE'])).toMatchObject({ ...issue, path: 'OTHER', actual: 'MEASURE' });
  });
});

describe('what declarations say', () => {
  it('a flag condition is the mask of all the bits named', () => {
    const last = PAINT.request.fields.find(({ name }) => name === 'last');
    expect(last?.presence).toEqual({
      trailing: true,
      when: { field: 'parts', mask: 0x82 },
      means: undefined,
    });
  });

  it('the reserved word of a list goes by the name of the list', () => {
    const [entries] = struct(4, { entries: field(list(u8), 'e') }).fields;
    const type = entries?.type;
    expect(type instanceof ListType && type.options.headerWords.map(({ name }) => name)).toEqual([
      'entries_reserved',
    ]);
  });

  it('a length knows the bytes that it counts', () => {
    const text = struct(2, { size: length(u16, 's'), text: field(counted('size', 'utf8'), 't') });
    expect([...text.lengths]).toEqual([['size', 'text']]);
    expect(text.fields[0]?.role).toBe('length');
  });

  it('a reserved word says what becomes of other values', () => {
    const { fields } = struct(2, { a: reserved(1), b: reserved(1, 'MSG_INVALID') });
    expect(fields.map(({ doc }) => doc)).toEqual([
      '0, not checked',
      '0; RM answers MSG_INVALID to other values',
    ]);
  });

  it('an enum has the width of its base', () => {
    expect(enumeration('wide', u16, { A: 1 }, info).fixedSize).toBe(2);
  });

  it('no payload is a struct of no bytes', () => {
    expect([empty.fixedSize, empty.fields.length]).toEqual([0, 0]);
  });
});

describe('a protocol', () => {
  it('finds messages by id, by name and by family', () => {
    expect(toy.byId.get(0x10000002)).toBe(MEASURE);
    expect(toy.byName.get('DONE')).toBe(DONE);
    expect(toy.familyOf.get(PAINT)?.name).toBe('toy');
    expect(toy.messages.map(({ id }) => formatId(id))).toEqual([
      '0x10000001',
      '0x10000002',
      '0x10000003',
      '0x10100001',
    ]);
  });

  it.each([
    ['a request', PAINT, MessageType.request, 0, PAINT.request],
    ['a reply', PAINT, MessageType.reply, 0, PAINT.reply],
    ['an error reply with details', PAINT, MessageType.reply, 7, PAINT.errorReply],
    ['an error reply without', MEASURE, MessageType.reply, 7, undefined],
    ['a notification', DONE, MessageType.notification, 0, DONE.payload],
    ['a call as notification', PAINT, MessageType.notification, 0, undefined],
    ['a notification as request', DONE, MessageType.request, 0, undefined],
    [
      'a call of which only the number is known',
      toy.byName.get('MYSTERY'),
      MessageType.request,
      0,
      undefined,
    ],
    ['an unknown id', undefined, MessageType.request, 0, undefined],
  ])('knows the layout of %s', (_, message, type, error, layout) => {
    expect(payloadOf(message, type, error)).toBe(layout);
  });
});
