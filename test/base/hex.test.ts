import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHex, parseHex } from '../../src/base/hex.js';
import { holds } from '../seeded.js';

describe('hex', () => {
  it('gives back all bytes, short runs and long ones', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const text = formatHex(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('hex'));
        expect(parseHex(text)).toEqual(bytes);
        expect(parseHex(text.toUpperCase())).toEqual(bytes);
      }),
      300,
    );
  });

  it('takes a part of bytes that begin inside a buffer', () => {
    holds(
      fc.property(
        fc.uint8Array({ minLength: 100, maxLength: 200 }),
        fc.nat({ max: 50 }),
        fc.nat(),
        (all, skip, some) => {
          const bytes = all.subarray(skip);
          const start = some % bytes.length;
          for (const end of [start, bytes.length]) {
            expect(formatHex(bytes, start, end)).toBe(
              Buffer.from(bytes).subarray(start, end).toString('hex'),
            );
          }
        },
      ),
      200,
    );
  });

  it.each(['0', '0g', 'zz', '0x00', '00 00', '00\n', ' 00', '٠٠', '1ﬀ'])('refuses %j', (text) => {
    expect(parseHex(text)).toBeUndefined();
  });

  it('has no text for no bytes', () => {
    expect(formatHex(new Uint8Array(0))).toBe('');
    expect(parseHex('')).toEqual(new Uint8Array(0));
  });

  it('parses into memory of its own', () => {
    const first = parseHex('0102') as Uint8Array;
    const second = parseHex('0304') as Uint8Array;
    first.fill(0xff);
    expect(second).toEqual(new Uint8Array([3, 4]));
  });
});
