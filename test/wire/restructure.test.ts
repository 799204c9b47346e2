import fc from 'fast-check';
import { DecodeStream, EncodeStream } from 'restructure';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import { VariantType } from '../../src/wire/index.js';
import { valuesOf } from '../arbitrary.js';
import { issueOf } from '../outcome.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';
import { subjectsIn } from '../subjects.js';
import { cell, name, PAINT, toy } from '../toy.js';
import { foreign } from './foreign.js';

// A reply that the request decides needs the request, which restructure has no place for.
const subjects = [...subjectsIn(toy), ...subjectsIn(protocol)].filter(
  ({ type }) => !(type instanceof VariantType),
);

describe.each(subjects.map((subject) => [subject.name, subject] as const))('%s', (_, { type, layout }) => {
  it("reads and writes with restructure's own streams", () => {
    holds(
      fc.property(valuesOf(layout, 'decoded'), (value) => {
        const bytes = new Uint8Array(type.size(value));
        const out = new EncodeStream(bytes);
        type.encode(out, value);
        expectIs(out.pos, bytes.length);
        expectEqual(bytes, codecOf(type).toBytes(value as never));
        const stream = new DecodeStream(bytes);
        expectEqual(type.decode(stream), value);
        expectIs(stream.pos, bytes.length);
      }),
      10,
    );
  });

  it("stands at the end of restructure's own struct", () => {
    const message = new foreign.Struct({ tag: foreign.uint8, payload: type });
    holds(
      fc.property(valuesOf(layout, 'decoded'), (payload) => {
        const bytes = message.toBuffer({ tag: 0x5a, payload });
        expectEqual(bytes, new Uint8Array([0x5a, ...codecOf(type).toBytes(payload as never)]));
        expect(message.fromBuffer(bytes)).toMatchObject({ tag: 0x5a, payload });
      }),
      5,
    );
  });
});

describe("in restructure's own array", () => {
  it.each([
    ['of a fixed number', new foreign.Array(name, 3), 0],
    ['with a count in front', new foreign.Array(name, foreign.uint16le), 2],
  ])('%s', (_, type, start) => {
    holds(
      fc.property(fc.array(valuesOf(name, 'decoded'), { minLength: 3, maxLength: 3 }), (values) => {
        const bytes = type.toBuffer(values);
        const parts = values.map((value) => codecOf(name).toBytes(value as never));
        expectEqual(bytes.subarray(start), new Uint8Array(parts.flatMap((part) => [...part])));
        expectIs(type.size(values), bytes.length);
        expectEqual([...(type.fromBuffer(bytes) as unknown[])], values);
      }),
      30,
    );
  });
});

describe('strictness goes along', () => {
  const pair = new foreign.Struct({ count: foreign.uint8, cells: new foreign.Array(cell, 'count') });
  const value = { address: 1n, colour: 2, depth: 3, shift: 4, key: new Uint8Array(8), level: 5 };

  it('when a value is wrong', () => {
    const wrong = { count: 1, cells: [{ ...value, level: 256 }] };
    // Offsets count from the start of the stream, paths from the first type of ours.
    expect(issueOf(() => pair.toBuffer(wrong))).toEqual({
      code: 'range',
      path: 'level',
      offset: 27,
      expected: '0..255',
      actual: 256,
    });
  });

  it('when bytes are missing', () => {
    const bytes = pair.toBuffer({ count: 1, cells: [value] });
    expect(issueOf(() => pair.fromBuffer(bytes.subarray(0, 20)))).toEqual({
      code: 'truncated',
      path: 'key',
      offset: 19,
      expected: 8,
      actual: 1,
    });
  });

  it('and is found by the size already where it can be', () => {
    expect(issueOf(() => PAINT.request.size({} as never)).code).toBe('missing');
    expect(issueOf(() => PAINT.request.size(null as never)).code).toBe('type');
  });
});
