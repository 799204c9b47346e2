import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { CACHED_SIZE_MAX, type Key, TextCache } from '../../src/base/text-cache.js';
import { holds } from '../seeded.js';

describe('cached texts', () => {
  it('are those of their key, or not kept any more', () => {
    // Few values of each number, so that many keys share a slot and most of a key with another one.
    const few = fc.constantFrom(-1, 0, 1, 0x7fff_ffff, 0xffff_ffff);
    const first = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 2 ** 32 }));
    const key = fc.tuple(first, few, few, few);
    const texts = new TextCache();
    const writer = new ByteWriter(CACHED_SIZE_MAX);
    let found = 0;
    const textOf = (numbers: Key) => `${numbers}`.repeat(1 + (numbers[0] % 5)).slice(0, CACHED_SIZE_MAX);
    holds(
      fc.property(key, (numbers) => {
        let place = texts.find(...numbers);
        if (place >= 0) found++;
        else place = texts.keep(...numbers, textOf(numbers));
        expect(texts.find(...numbers)).toBe(place);
        const end = texts.put(writer.view, 0, place);
        expect(new TextDecoder().decode(writer.bytes.subarray(0, end))).toBe(textOf(numbers));
      }),
      2_000,
    );
    expect(found).toBeGreaterThan(100);
  });

  it('are not too long', () => {
    expect(() => new TextCache().keep(1, 0, 0, 0, 'x'.repeat(CACHED_SIZE_MAX + 1))).toThrow(RangeError);
  });
});
