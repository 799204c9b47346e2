import { describe, expect, it } from 'vitest';
import { annotate, codecOf } from '../../src/codec/index.js';
import { cell, MEASURE, PAINT, toy } from '../toy.js';
import { expectPartition } from './properties.js';

const value = {
  mem_handle: 0x11,
  parts: 0x81,
  comment: new Uint8Array([1, 2]),
  tags: [5],
  cells_vmid: 9,
  cells: [],
  extra: [6n],
  extra_reserved: 7,
  last: 8,
};
const bytes = codecOf(PAINT.request).toBytes(value);

describe('annotate', () => {
  it('labels counts, header words, entries and optional parts', () => {
    const { ranges, issues, restStart } = annotate(PAINT.request, bytes);
    expect(ranges.map(({ mark, path, start, end, type }) => [mark, path, start, end, type])).toEqual([
      ['field', 'mem_handle', 0, 4, 'u32'],
      ['field', 'parts', 4, 5, 'parts'],
      ['field', 'comment_size', 5, 6, 'u8'],
      ['field', 'comment', 6, 8, 'bytes[comment_size]'],
      ['count', 'tags', 8, 12, 'u32'],
      ['field', 'tags[0]', 12, 14, 'u16'],
      ['count', 'cells', 14, 16, 'u16'],
      ['field', 'cells_vmid', 16, 18, 'u16'],
      ['count', 'extra', 18, 20, 'u16'],
      ['reserved', 'extra_reserved', 20, 22, 'reserved'],
      ['field', 'extra[0]', 22, 30, 'u64'],
      ['field', 'last', 30, 34, 'u32'],
    ]);
    expect(issues).toEqual([]);
    expect(restStart).toBe(34);
  });

  it('labels bits by the byte that they share', () => {
    const header = new Uint8Array([0x21, 0x06, 1, 0, 2, 0, 0, 0]);
    const { ranges, value: decoded } = annotate(toy.header, header);
    expect(ranges.map(({ path, start, end }) => [path, start, end])).toEqual([
      ['header_words', 0, 1],
      ['fragments', 1, 2],
      ['seq', 2, 4],
      ['msg_id', 4, 8],
    ]);
    expect(decoded).toEqual({ api_version: 1, header_words: 2, type: 2, fragments: 1, seq: 1, msg_id: 2 });
  });

  it('gives what could be decoded when something is cut off, lists included', () => {
    const whole = codecOf(PAINT.request).toBytes({
      ...value,
      cells: [1, 2].map((level) => ({
        address: 1n,
        colour: 1,
        depth: 1,
        shift: 1,
        key: new Uint8Array(8),
        level,
      })),
    });
    const cut = whole.subarray(0, 18 + 28 + 9);
    const annotation = annotate(PAINT.request, cut);
    expectPartition(annotation, cut.length);
    expect(annotation.value).toMatchObject({ tags: [5], cells: [{ level: 1 }, { address: 1n, colour: 1 }] });
    expect(annotation.issues).toEqual([
      { code: 'truncated', path: 'cells[1].reserved0', offset: 55, expected: 3, actual: 0 },
    ]);
  });

  it('leaves bytes behind the last field as rest', () => {
    const annotation = annotate(cell, new Uint8Array(30));
    expect(annotation.ranges.at(-1)).toEqual({
      mark: 'rest',
      path: '',
      start: 28,
      end: 30,
      type: '',
      value: undefined,
    });
    expect(annotation.issues).toEqual([{ code: 'trailing', path: '', offset: 28, expected: 28, actual: 30 }]);
    expect(annotation.restStart).toBe(28);
  });

  it('leaves everything as rest without a layout, or without the request that decides on one', () => {
    const rest = [{ mark: 'rest', path: '', start: 0, end: 3, type: '', value: undefined }];
    expect(annotate(undefined, new Uint8Array(3))).toEqual({
      ranges: rest,
      value: {},
      issues: [],
      restStart: 0,
    });
    const unknown = annotate(MEASURE.reply, new Uint8Array(3));
    expect(unknown.ranges).toEqual(rest);
    expect(unknown.issues.map(({ code }) => code)).toEqual(['choice']);
  });

  it('has nothing to label in no bytes', () => {
    expect(annotate(undefined, new Uint8Array(0))).toEqual({
      ranges: [],
      value: {},
      issues: [],
      restStart: 0,
    });
  });
});
