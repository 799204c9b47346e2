import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, encodeText, latin1, latin1Bytes } from '../../src/base/text.js';
import { holds } from '../seeded.js';

describe('decodeText', () => {
  it('gives back the same bytes whenever it gives a text', () => {
    const lead = fc.constantFrom(
      0x41,
      0xc3,
      0xa9,
      0xe2,
      0x82,
      0xac,
      0xef,
      0xbb,
      0xbf,
      0xf0,
      0x9f,
      0xed,
      0xa0,
      0x80,
    );
    const nearly = fc.array(lead, { maxLength: 6 }).map((bytes) => new Uint8Array(bytes));
    holds(
      fc.property(fc.oneof(nearly, fc.uint8Array({ maxLength: 12 })), (bytes) => {
        const text = decodeText(bytes);
        if (text !== undefined) expect(encodeText(text)).toEqual(bytes);
      }),
      3000,
    );
  });

  it('takes any text without control characters', () => {
    holds(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const expected = /\p{Cc}/u.test(text) ? undefined : text;
        expect(decodeText(encodeText(text))).toBe(expected);
      }),
      500,
    );
  });

  it.each([
    ['a byte order mark, which is kept', [0xef, 0xbb, 0xbf, 0x41], '\ufeffA'],
    ['two bytes', [0xc3, 0xa9], 'é'],
    ['four bytes', [0xf0, 0x9f, 0x98, 0x80], '😀'],
    ['nothing', [], ''],
    ['NUL', [0x41, 0], undefined],
    ['a line end', [0x41, 0x0a], undefined],
    ['DEL', [0x7f], undefined],
    ['C1, two bytes', [0xc2, 0x85], undefined],
    ['C0 behind others', [0xc3, 0xa9, 0x1b], undefined],
    ['DEL behind others', [0xc3, 0xa9, 0x7f], undefined],
    ['a lone continuation', [0x80], undefined],
    ['a character cut off', [0xe2, 0x82], undefined],
    ['an overlong form', [0xc0, 0xaf], undefined],
    ['half of a surrogate pair', [0xed, 0xa0, 0x80], undefined],
    ['more than Unicode has', [0xf4, 0x90, 0x80, 0x80], undefined],
  ])('%s', (_, bytes, text) => {
    expect(decodeText(new Uint8Array(bytes))).toBe(text);
  });
});

describe('latin1', () => {
  it('has a character for each byte, of texts of any size', () => {
    for (const size of [0, 1, 24, 25, 1024, 1025, 2100]) {
      const bytes = Uint8Array.from({ length: size + 2 }, (_, index) => (index * 7) & 0xff);
      const text = latin1(bytes, 1, size + 1);
      expect(text).toHaveLength(size);
      expect(latin1Bytes(text)).toEqual(bytes.slice(1, size + 1));
    }
  });
});
