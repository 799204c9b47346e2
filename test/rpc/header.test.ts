import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WireError } from '../../src/base/error.js';
import { codecOf } from '../../src/codec/index.js';
import { headerReader, writeFrame } from '../../src/rpc/index.js';
import { holds } from '../seeded.js';
import { toy } from '../toy.js';

const reader = headerReader(toy);

/** The queue message stands inside a larger buffer, so that offsets cannot be mixed up. */
function at(bytes: readonly number[]): [DataView, number, number] {
  const view = new DataView(new Uint8Array([0xa5, 0xa5, 0xa5, ...bytes, 0xa5]).buffer, 1);
  return [view, 2, 2 + bytes.length];
}

describe('header', () => {
  it('is eight bytes', () => {
    expect(reader.size).toBe(8);
    const [view, start] = at([0x21, 0x0e, 0x34, 0x12, 0x04, 0x00, 0x00, 0x56]);
    expect(reader.read(view, start)).toEqual({
      api_version: 1,
      header_words: 2,
      type: 2,
      fragments: 3,
      seq: 0x1234,
      msg_id: 0x56000004,
    });
  });

  it.each([
    ['all is well', [0x21, 1, 0, 0, 0, 0, 0, 0], undefined],
    ['62 continuations', [0x21, 0xf9, 0, 0, 0, 0, 0, 0], undefined],
    ['nothing', [], { code: 'short', offset: 0, expected: 8, actual: 0 }],
    [
      'seven bytes, whatever they are',
      [0x99, 0xff, 0, 0, 0, 0, 0],
      { code: 'short', offset: 0, expected: 8, actual: 7 },
    ],
    ['version 2', [0x22, 1, 0, 0, 0, 0, 0, 0], { code: 'api', offset: 0, expected: 0x21, actual: 0x22 }],
    ['three words', [0x31, 1, 0, 0, 0, 0, 0, 0], { code: 'api', offset: 0, expected: 0x21, actual: 0x31 }],
    [
      'version before number of continuations',
      [0, 0xff, 0, 0, 0, 0, 0, 0],
      { code: 'api', offset: 0, expected: 0x21, actual: 0 },
    ],
    [
      '63 continuations',
      [0x21, 0xfd, 0, 0, 0, 0, 0, 0],
      { code: 'fragments', offset: 1, expected: '0..62', actual: 63 },
    ],
  ])('%s', (_, bytes, issue) => {
    const [view, start, end] = at(bytes);
    expect(reader.fault(view, start, end)).toEqual(issue && { path: '', ...issue });
  });

  const written = (header: Parameters<typeof writeFrame>[1]) =>
    writeFrame(toy, header, new Uint8Array(0), 0, 0);
  const declared = codecOf(toy.header);

  it('is written as it is declared', () => {
    const header = fc.record({
      type: fc.nat(3),
      fragments: fc.nat(63),
      seq: fc.nat(0xffff),
      msg_id: fc.nat(0xffffffff),
    });
    holds(
      fc.property(header, (fields) => {
        const bytes = declared.toBytes({ api_version: 1, header_words: 2, ...fields });
        expect(written(fields)).toEqual(bytes);
      }),
    );
  });

  it.each([
    ['type', 4],
    ['fragments', 64],
    ['seq', 0x10000],
    ['seq', -1],
    ['seq', 1.5],
    ['seq', Number.NaN],
    ['seq', 1n],
    ['msg_id', 2 ** 32],
    ['msg_id', undefined],
  ])('is refused as the declaration refuses it: %s %s', (name, value) => {
    const fields = { type: 0, fragments: 0, seq: 0, msg_id: 0, [name]: value } as never;
    const errorOf = (action: () => unknown): Partial<WireError> => {
      try {
        action();
      } catch (error) {
        return error as WireError;
      }
      throw new Error('not refused');
    };
    const { code, path, offset } = errorOf(() =>
      declared.toBytes({ api_version: 1, header_words: 2, ...(fields as object) } as never),
    );
    expect(errorOf(() => written(fields))).toMatchObject({ code, path, offset });
    expect(path).toBe(name);
  });
});
