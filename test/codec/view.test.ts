import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { UsageError, WireError } from '../../src/base/error.js';
import { codecOf, View, view } from '../../src/codec/index.js';
import { issueOf } from '../outcome.js';
import { DONE, MEASURE, PAINT } from '../toy.js';

const done = (mem_handle: number) => codecOf(DONE.payload).toBytes({ mem_handle });

describe('a view', () => {
  it('is one object, which is moved', () => {
    const handles = new View(DONE.payload);
    const bytes = new Uint8Array([...done(5), ...done(0x80000000)]);
    const first = handles.at(bytes, 0, 8);
    expect(first.mem_handle).toBe(5);
    expect(handles.at(bytes, 8)).toBe(first);
    expect(first.mem_handle).toBe(0x80000000);
    expect(view(DONE.payload, done(7)).mem_handle).toBe(7);
    expect(first.mem_handle).toBe(0x80000000);
  });

  it('stays where it was when it is refused', () => {
    const handles = new View(DONE.payload);
    const seen = handles.at(done(5));
    const issue = { code: 'truncated', path: 'mem_handle', offset: 4, expected: 4, actual: 3 };
    expect(issueOf(() => handles.at(done(6), 0, 7))).toEqual(issue);
    expect(handles.tryAt(done(6), 0, 7)).toBeUndefined();
    expect(seen.mem_handle).toBe(5);
  });

  it('finds messages more than 1 GiB behind the start of the bytes', () => {
    const handles = new View(DONE.payload);
    const bytes = new Uint8Array(2 ** 30 + 40);
    // One ends where offsets are still read in place, one has that place in its middle, and one lies behind it.
    for (const start of [2 ** 30 - 9, 2 ** 30 - 4, 2 ** 30 + 32]) {
      bytes.set(done(0x80000000 + start), start);
      expect(handles.at(bytes, start, start + 8).mem_handle).toBe(0x80000000 + start);
      expect(handles.tryAt(bytes, start, start + 7)).toBeUndefined();
    }
    expect(handles.tryAt(bytes, 0)).toBeUndefined();
  });

  it('refuses a range outside of the bytes', () => {
    const handles = new View(DONE.payload);
    for (const [start, end] of [
      [0, 9],
      [-1, 7],
      [5, 4],
      [Number.NaN, 8],
    ] as const) {
      expect(() => handles.at(done(6), start, end)).toThrow(UsageError);
      expect(() => handles.tryAt(done(6), start, end)).toThrow(UsageError);
    }
  });

  it('takes a list above the maximum of RM, as decode does', () => {
    const ways = Array.from({ length: 5 }, (_, distance) => ({ distance }));
    const bytes = codecOf(MEASURE.request).toBytes({ route: 1, ways });
    expect(Array.from(view(MEASURE.request, bytes).ways, ({ distance }) => distance)).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });

  it('needs the request where decoding needs it', () => {
    const bytes = codecOf(MEASURE.reply).toBytes({ total: 9n });
    expect(view(MEASURE.reply, bytes, { route: 2 })).toMatchObject({ total: 9n });
    expect(() => view(MEASURE.reply, bytes)).toThrow(WireError);
  });

  it('has bytes that share the memory of the message, as a plain Uint8Array', () => {
    const value = { mem_handle: 1, parts: 0, comment: Uint8Array.of(7, 8), cells_vmid: 2, cells: [] };
    const bytes = Buffer.from(codecOf(PAINT.request).toBytes(value));
    const { comment } = view(PAINT.request, bytes);
    expect(comment.constructor).toBe(Uint8Array);
    bytes[6] = 9;
    expect(comment).toEqual(Uint8Array.of(9, 8));
  });
});

describe('a list in a view', () => {
  const names = ['red', '', 'green'].map((text) => ({ kind: 1, text: new TextEncoder().encode(text) }));
  const bytes = codecOf(MEASURE.reply).toBytes({ names });
  const seen = new View(MEASURE.reply).at(bytes, 0, bytes.length, { route: 1 });
  if (!('names' in seen)) throw new Error('no names');
  const list = seen.names;

  it('finds entries of different sizes in any order', () => {
    const sizes = [2, 0, 1, 2].map((index) => list.item(index).text_size);
    expect(sizes).toEqual([5, 3, 0, 5]);
  });

  it('is in the present message, also when another one lies at the same place', () => {
    const handles = new View(MEASURE.reply);
    const buffer = new Uint8Array(64);
    const sizes = [['a', 'bcdef'], ['ghijk', 'l'], []].map((texts) => {
      const end = codecOf(MEASURE.reply).encode(
        { names: texts.map((text) => ({ kind: 1, text: new TextEncoder().encode(text) })) },
        new DataView(buffer.buffer),
        0,
      );
      const value = handles.at(buffer, 0, end, { route: 1 });
      return 'names' in value ? Array.from(value.names, ({ text_size }) => text_size) : [];
    });
    expect(sizes).toEqual([[1, 5], [5, 1], []]);
  });

  it('refuses an index that it does not have', () => {
    for (const index of [-1, 3, 0.5, Number.NaN]) expect(() => list.item(index)).toThrow(UsageError);
  });
});
