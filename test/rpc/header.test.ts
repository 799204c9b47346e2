import { describe, expect, it } from 'vitest';
import { headerReader } from '../../src/rpc/index.js';
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
});
