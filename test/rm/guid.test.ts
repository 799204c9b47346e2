import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { parseGuid } from '../../src/rm/config/guid.js';
import { holds } from '../seeded.js';

const hex = (text: string): string | undefined => {
  const guid = parseGuid(text);
  return guid === undefined ? undefined : formatHex(guid);
};

describe('a GUID text', () => {
  it('of the usual form is its 16 bytes in reading order', () => {
    holds(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (bytes, upper) => {
        const digits = formatHex(bytes);
        const text = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
        expect(hex(upper ? text.toUpperCase() : text)).toBe(digits);
      }),
    );
  });

  it('is read like a scan format', () => {
    expect(hex('00112233-4455-6677-8899-aabbccddeeffTAIL')).toBe('00112233445566778899aabbccddeeff');
    expect(hex('  00112233-4455-6677-8899-aabbccddeeff')).toBe('00112233445566778899aabbccddeeff');
    expect(hex('0x12233-4455-6677-8899-aabbccddeeff')).toBe('00120233445566778899aabbccddeeff');
    expect(hex('00112233-1-6677-8899-aabbccddeeff')).toBe('00112233000166778899aabbccddeeff');
    expect(hex('00112233--1-6677-8899-aabbccddeeff')).toBe('00112233ffff66778899aabbccddeeff');
  });

  it.each(['', '00112233', '001122334455-6677-8899-aabbccddeeff', '0011223g-4455-6677-8899-aabbccddeeff'])(
    'is refused without a field or a dash: %j',
    (text) => {
      expect(hex(text)).toBeUndefined();
    },
  );

  it('never brings about anything else', () => {
    holds(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123abcf- +xX\n') }), (text) => {
        expect(parseGuid(text)?.byteLength ?? 16).toBe(16);
      }),
    );
  });
});
