import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { annotate, codecOf, decodePlain, encodePlain } from '../../src/codec/index.js';
import { type AnyType, decodeStream, type Values } from '../../src/wire/index.js';
import { issueOf } from '../outcome.js';
import { blank, cell, MEASURE, name, PAINT } from '../toy.js';

const aCell = {
  address: 0x1122334455667788n,
  colour: 3,
  depth: 4,
  shift: -5,
  key: new Uint8Array(8).fill(6),
  level: 7,
};
const paint = { mem_handle: 1, parts: 0, comment: new Uint8Array(2), cells_vmid: 0, cells: [aCell, aCell] };
const names = { names: [{ kind: 1, text: new Uint8Array(3) }] };

/** Encoder under test, wherever the value is wrong: generated code and field types must agree. */
function refusal(type: AnyType, value: unknown) {
  const issue = issueOf(() => encodePlain(type, value));
  const view = new DataView(new ArrayBuffer(1000));
  expect(issueOf(() => codecOf(type).encode(value as Values, view, 0))).toEqual(issue);
  expect(issueOf(() => codecOf(type).size(value as Values))).toEqual(issue);
  expect(issueOf(() => codecOf(type).toBytes(value as Values))).toEqual(issue);
  return issue;
}

describe('encode says what is wrong, where, and what would be right', () => {
  const cases: readonly [string, AnyType, unknown, object][] = [
    [
      'a number too large, in a list',
      PAINT.request,
      { ...paint, cells: [aCell, { ...aCell, depth: 70_000 }] },
      { code: 'range', path: 'cells[1].depth', offset: 52, expected: '0..65535', actual: 70_000 },
    ],
    [
      'a negative number below the smallest',
      cell,
      { ...aCell, shift: -0x8000_0001 },
      { code: 'range', path: 'shift', offset: 14, expected: '-2147483648..2147483647', actual: -0x8000_0001 },
    ],
    [
      'a number where a bigint belongs',
      cell,
      { ...aCell, address: 5 },
      { code: 'type', path: 'address', offset: 0, expected: 'bigint', actual: '5' },
    ],
    [
      'a bigint where a number belongs',
      cell,
      { ...aCell, level: 5n },
      { code: 'type', path: 'level', offset: 26, expected: 'integer', actual: '5n' },
    ],
    [
      'a bigint of 65 bits',
      cell,
      { ...aCell, address: 1n << 64n },
      { code: 'range', path: 'address', offset: 0, expected: '0..0xffffffffffffffff', actual: 1n << 64n },
    ],
    [
      'a reserved word too large',
      cell,
      { ...aCell, reserved0: 0x100_0000 },
      { code: 'range', path: 'reserved0', offset: 9, expected: '0..16777215', actual: 0x100_0000 },
    ],
    [
      'bytes of another length',
      cell,
      { ...aCell, key: new Uint8Array(9) },
      { code: 'length', path: 'key', offset: 18, expected: 8, actual: 9 },
    ],
    [
      'a missing field',
      PAINT.request,
      { ...paint, cells_vmid: undefined },
      { code: 'missing', path: 'cells_vmid', offset: 10, expected: 'u16', actual: 'undefined' },
    ],
    [
      'a key that is not declared',
      PAINT.request,
      { ...paint, cells: [{ ...aCell, colur: 1 }] },
      {
        code: 'unknown_key',
        path: 'cells[0].colur',
        offset: 12,
        expected: 'a declared field',
        actual: 'colur',
      },
    ],
    [
      'a part that its flag does not announce',
      PAINT.request,
      { ...paint, tags: [1] },
      { code: 'unexpected', path: 'tags', offset: 8, expected: 'bits 1 of parts', actual: 'present' },
    ],
    [
      'an announced part that is missing',
      PAINT.request,
      { ...paint, parts: 1 },
      { code: 'missing', path: 'tags', offset: 8, expected: 'list of u16', actual: 'undefined' },
    ],
    [
      'a trailing part behind one that is missing',
      PAINT.request,
      { ...paint, cells: [], parts: 0x80, last: 1 },
      { code: 'missing', path: 'extra', offset: 12, expected: 'list of u64', actual: 'undefined' },
    ],
    [
      'the reserved word of a list that is left out',
      PAINT.request,
      { ...paint, cells: [], extra_reserved: 1 },
      {
        code: 'unexpected',
        path: 'extra_reserved',
        offset: 12,
        expected: 'extra beside it',
        actual: 'present',
      },
    ],
    [
      'a length that does not fit its bytes',
      PAINT.request,
      { ...paint, comment_size: 3 },
      { code: 'length', path: 'comment_size', offset: 5, expected: 2, actual: 3 },
    ],
    [
      'more bytes than the length can say',
      PAINT.request,
      { ...paint, comment: new Uint8Array(256) },
      { code: 'range', path: 'comment_size', offset: 5, expected: '0..255', actual: 256 },
    ],
    [
      'no bytes at all, in a list of entries that vary in size',
      MEASURE.reply,
      { names: [...names.names, { kind: 1, text: null }] },
      { code: 'type', path: 'names[1].text', offset: 16, expected: 'bytes', actual: 'null' },
    ],
    [
      'an entry that is none',
      MEASURE.reply,
      { names: [...names.names, null] },
      { code: 'type', path: 'names[1]', offset: 12, expected: 'object', actual: 'null' },
    ],
    [
      'more entries than the count can say',
      PAINT.request,
      { ...paint, cells: new Array(65_536).fill(aCell) },
      { code: 'count', path: 'cells', offset: 8, expected: '0..65535', actual: 65_536 },
    ],
    [
      'no list',
      PAINT.request,
      { ...paint, cells: { length: 0 } },
      { code: 'type', path: 'cells', offset: 8, expected: 'array', actual: 'object' },
    ],
    [
      'a choice that has no layout',
      MEASURE.request,
      { route: 9, ways: [] },
      { code: 'choice', path: 'ways', offset: 4, expected: '1 or 2', actual: 9 },
    ],
    [
      'a value of none of the layouts',
      MEASURE.reply,
      { other: 1 },
      { code: 'choice', path: '', offset: 0, expected: 'route 1 or 2 of the request', actual: 'unknown' },
    ],
    [
      'an array for a struct',
      blank,
      [],
      { code: 'type', path: '', offset: 0, expected: 'object', actual: 'array' },
    ],
    [
      'bytes for a struct that may be empty',
      PAINT.reply,
      new Uint8Array(0),
      { code: 'type', path: '', offset: 0, expected: 'object', actual: 'bytes' },
    ],
  ];

  it.each(cases)('%s', (_, type, value, issue) => {
    expect(refusal(type, value)).toEqual(issue);
  });
});

describe('decode says what is wrong', () => {
  const decode = (type: AnyType, bytes: Uint8Array, request?: Values) =>
    issueOf(() =>
      codecOf(type).decode(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length, request),
    );
  const bytes = codecOf(PAINT.request).toBytes(paint);
  const cellsAt = 12;

  it('bytes left over', () => {
    const issue = { code: 'trailing', path: '', offset: 28, expected: 28, actual: 29 };
    expect(decode(cell, new Uint8Array(29))).toEqual(issue);
  });

  it('a field inside a list that is cut off', () => {
    const issue = { code: 'truncated', path: 'cells[1].key', offset: 58, expected: 8, actual: 7 };
    expect(decode(PAINT.request, bytes.subarray(0, cellsAt + 28 + 25))).toEqual(issue);
  });

  it('padding that is not zero', () => {
    const padded = codecOf(MEASURE.reply).toBytes(names);
    padded[padded.length - 1] = 9;
    const issue = { code: 'padding', path: 'names[0].text', offset: 11, expected: 0, actual: 9 };
    expect(decode(MEASURE.reply, padded, { route: 1 })).toEqual(issue);
    const annotation = annotate(MEASURE.reply, padded, { route: 1 });
    expect(annotation.issues).toEqual([issue]);
    // What is inside is readable all the same.
    expect(annotation.value).toEqual({ names: [{ kind: 1, text_size: 3, text: new Uint8Array(3) }] });
  });

  it('a layout that the request does not tell', () => {
    const reply = codecOf(MEASURE.reply).toBytes(names);
    const expected = 'route 1 or 2 of the request';
    const issue = { code: 'choice', path: '', offset: 0, expected };
    expect(decode(MEASURE.reply, reply)).toEqual({ ...issue, actual: 'unknown' });
    expect(decode(MEASURE.reply, reply, { route: 5 })).toEqual({ ...issue, actual: 5 });
  });

  it('a list whose entries no earlier field tells', () => {
    const issue = { code: 'choice', path: 'ways', offset: 4, expected: '1 or 2', actual: 9 };
    expect(decode(MEASURE.request, new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0]))).toEqual(issue);
  });
});

describe('a count above what the bytes can hold', () => {
  const readsOf = (bytes: Uint8Array, type: AnyType): number => {
    const stream = decodeStream(bytes);
    let reads = 0;
    for (const read of ['readUInt8', 'readUInt16LE', 'readUInt32LE', 'readInt32LE', 'readBuffer'] as const) {
      const original = stream[read].bind(stream) as (length: number) => never;
      stream[read] = (length?: number) => {
        reads++;
        return original(length as number);
      };
    }
    issueOf(() => type.decode(stream));
    return reads;
  };

  it.each([0, 1, 3])('costs no more than the %d entries that are there', (count) => {
    const reply = codecOf(MEASURE.reply).toBytes({ names: new Array(count).fill(names.names[0]) });
    reply.fill(0xff, 0, 4);
    const path = `names[${count}].kind`;
    const issue = { code: 'truncated', path, offset: reply.length, expected: 1, actual: 0 };
    expect(issueOf(() => decodePlain(MEASURE.reply, reply, { request: { route: 1 } }))).toEqual(issue);
    const view = new DataView(reply.buffer);
    expect(codecOf(MEASURE.reply).tryDecode(view, 0, reply.length, { route: 1 })).toBeUndefined();
    const layout = MEASURE.reply.cases.get(1) as AnyType;
    expect(readsOf(reply, layout)).toBeLessThan(2 + 6 * (count + 1));
    expect(annotate(MEASURE.reply, reply, { route: 1 }).ranges).toHaveLength(1 + 5 * count);
  });

  it('also of 16 bits, with a header word', () => {
    const request = codecOf(PAINT.request).toBytes(paint);
    request.fill(0xff, 8, 10);
    expect(annotate(PAINT.request, request).issues).toEqual([
      { code: 'max', path: 'cells', offset: 8, expected: 5, actual: 0xffff },
      { code: 'truncated', path: 'cells[2].address', offset: 68, expected: 8, actual: 0 },
    ]);
  });
});

describe("a list above the receiver's maximum", () => {
  const value = { ...paint, comment_size: 2, cells: new Array(6).fill(aCell) };
  const bytes = codecOf(PAINT.request).toBytes(value);
  const view = new DataView(bytes.buffer);

  it('is no fault of the bytes: decode gives the value', () => {
    expect(decodePlain(PAINT.request, bytes)).toEqual(value);
    expect(codecOf(PAINT.request).decode(view, 0, bytes.length)).toEqual(value);
  });

  it('is left to annotate by the fast path, which then notes it', () => {
    expect(codecOf(PAINT.request).tryDecode(view, 0, bytes.length)).toBeUndefined();
    const annotation = annotate(PAINT.request, bytes);
    expect(annotation.value).toEqual(value);
    expect(annotation.issues).toEqual([{ code: 'max', path: 'cells', offset: 8, expected: 5, actual: 6 }]);
  });

  it('is not noted when it just fits', () => {
    const fits = codecOf(PAINT.request).toBytes({ ...paint, cells: value.cells.slice(1) });
    expect(codecOf(PAINT.request).tryDecode(new DataView(fits.buffer), 0, fits.length)).toBeDefined();
    expect(annotate(PAINT.request, fits).issues).toEqual([]);
  });
});

describe('encode of the part in front of a choice that cannot be made', () => {
  const value = { route: 9, reserved: 3 };

  it('stops there when that is asked for', () => {
    expect(encodePlain(MEASURE.request, value, { prefix: true })).toEqual(new Uint8Array([9, 3, 0, 0]));
  });

  it('is an error otherwise, and for any other missing field', () => {
    expect(issueOf(() => encodePlain(MEASURE.request, value)).code).toBe('missing');
    expect(issueOf(() => encodePlain(MEASURE.request, { route: 1 }, { prefix: true })).path).toBe('ways');
  });
});

describe('decoded bytes outlive what they came in', () => {
  const bytes = codecOf(name).toBytes({ kind: 1, text: new Uint8Array([1, 2, 3]) });

  it.each([
    [
      'decode',
      (input: Uint8Array) => codecOf(name).decode(new DataView(input.buffer, input.byteOffset), 0, 8),
    ],
    ['decodePlain', (input: Uint8Array) => decodePlain(name, input)],
    ['annotate', (input: Uint8Array) => annotate(name, input).value],
  ])('%s', (_, decode) => {
    // Slices of Node's Buffer share its memory.
    for (const input of [bytes.slice(), Buffer.from(bytes)]) {
      const value = decode(input) as Values;
      input.fill(0xa5);
      expect(value.text).toStrictEqual(new Uint8Array([1, 2, 3]));
    }
  });
});

it('keeps every bit of a u64 that is NaN as a double, also in code that has become hot', () => {
  const value = {
    mem_handle: 1,
    parts: 0,
    comment: new Uint8Array(0),
    cells_vmid: 2,
    cells: [],
    extra: [0n],
  };
  const codec = codecOf(PAINT.request);
  const view = new DataView(new ArrayBuffer(100));
  for (let run = 0n; run < 30_000n; run++) {
    // Quiet and signalling ones, of both signs.
    const wide = ((run & 1n) << 63n) | (0x7ffn << 52n) | ((run & 2n) << 50n) | (run * 0x1_0001n);
    value.extra[0] = wide;
    const end = codec.encode(value, view, 0);
    if (view.getBigUint64(end - 8, true) !== wide) throw new Error(`wrote ${wide} wrong in run ${run}`);
    if (codec.decode(view, 0, end).extra?.[0] !== wide) throw new Error(`read ${wide} wrong in run ${run}`);
  }
  expect(codec.decode(view, 0, codec.encode(value, view, 0)).extra).toEqual(value.extra);
});
