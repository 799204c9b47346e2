import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import { codecOf } from '../../src/codec/index.js';
import {
  BitsType,
  BytesType,
  decodeStream,
  encodeStream,
  ReservedType,
  Scope,
  StructType,
  s32,
  u8,
  u16,
  u32,
  u64,
  type WireType,
} from '../../src/wire/index.js';
import { issueOf } from '../outcome.js';
import { cell, MEASURE, PAINT, toy } from '../toy.js';

function bytesOf<V>(type: WireType<V>, value: V): number[] {
  const bytes = new Uint8Array(type.size(value));
  type.encode(encodeStream(bytes), value);
  expect(type.decode(decodeStream(bytes))).toEqual(value);
  return [...bytes];
}

describe('integers are little-endian', () => {
  it.each([
    ['u8', () => bytesOf(u8, 0xfe), [0xfe]],
    ['u16', () => bytesOf(u16, 0x0102), [2, 1]],
    ['u32', () => bytesOf(u32, 0xf1020304), [4, 3, 2, 0xf1]],
    ['u64', () => bytesOf(u64, 0xf102030405060708n), [8, 7, 6, 5, 4, 3, 2, 0xf1]],
    ['s32', () => bytesOf(s32, -2), [0xfe, 0xff, 0xff, 0xff]],
    ['three reserved bytes', () => bytesOf(new ReservedType(3), 0xf10203), [3, 2, 0xf1]],
  ])('%s', (_, run, expected) => {
    expect(run()).toEqual(expected);
  });

  it('have limits', () => {
    expect([u8.min, u8.max, s32.min, s32.max, u32.max]).toEqual([
      0,
      255,
      -(2 ** 31),
      2 ** 31 - 1,
      2 ** 32 - 1,
    ]);
  });
});

describe('bits', () => {
  const value = { api_version: 15, header_words: 5, type: 2, fragments: 63, seq: 0xffff, msg_id: 0 };

  it('share a byte, lowest first', () => {
    expect([...codecOf(toy.header).toBytes(value)]).toEqual([0x5f, 0xfe, 0xff, 0xff, 0, 0, 0, 0]);
  });

  it('are refused when they are too many', () => {
    const issue = issueOf(() => codecOf(toy.header).toBytes({ ...value, fragments: 64 }));
    expect(issue).toEqual({ code: 'range', path: 'fragments', offset: 1, expected: '0..63', actual: 64 });
    expect(issueOf(() => codecOf(toy.header).toBytes({ ...value, type: 0.5 })).code).toBe('type');
  });

  it('are one byte together', () => {
    expect([new BitsType(0, 4).fixedSize, new BitsType(4, 4).fixedSize]).toEqual([0, 1]);
  });
});

describe('bytes', () => {
  it.each([0, 1, 2, 3, 4, 5])('padded to 4: %d', (length) => {
    const type = new BytesType({ lengthFrom: 'size', padTo: 4, encoding: 'raw' });
    expect((length + type.padding(length)) % 4).toBe(0);
    expect(type.padding(length)).toBeLessThan(4);
    expect(type.size(new Uint8Array(length))).toBe(length + type.padding(length));
  });
});

describe('a struct', () => {
  it('tells offsets up to the first part of variable size', () => {
    expect(cell.layout.map(({ field, offset, size }) => [field.name, offset, size])).toEqual([
      ['address', 0, 8],
      ['colour', 8, 1],
      ['reserved0', 9, 3],
      ['depth', 12, 2],
      ['shift', 14, 4],
      ['key', 18, 8],
      ['level', 26, 1],
      ['reserved1', 27, 1],
    ]);
    expect(PAINT.request.layout.map(({ offset }) => offset)).toEqual([
      0,
      4,
      5,
      6,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('tells its size, or the smallest one', () => {
    expect([cell.fixedSize, cell.sizeMin]).toEqual([28, 28]);
    expect([PAINT.request.fixedSize, PAINT.request.sizeMin]).toEqual([undefined, 10]);
    expect([PAINT.reply.fixedSize, PAINT.reply.sizeMin]).toEqual([undefined, 0]);
    expect([MEASURE.reply.fixedSize, MEASURE.reply.sizeMin]).toEqual([undefined, 4]);
  });

  it('is refused at declaration when its fields do not add up to its size', () => {
    expect(() => new StructType('wrong', 29, cell.fields)).toThrow(UsageError);
    expect(() => new StructType('wrong', 29, cell.fields)).toThrow('size at wrong: expected 29, actual 28');
  });
});

describe('a scope', () => {
  it('has a path of names and numbers', () => {
    const root = new Scope({}, undefined);
    root.key = 'cells';
    const list = new Scope([], root);
    list.key = 1;
    const entry = new Scope({}, list);
    entry.key = 'depth';
    expect(entry.path()).toBe('cells[1].depth');
    expect(new Scope({}, { foreign: true }).path()).toBe('');
  });

  it('says of long texts only the beginning', () => {
    const issue = issueOf(() => u8.encode(encodeStream(new Uint8Array(1)), 'x'.repeat(1000) as never));
    expect(issue.actual).toBe(`"${'x'.repeat(40)}..."`);
  });
});
