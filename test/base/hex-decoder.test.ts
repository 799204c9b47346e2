import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import { HexDecoder } from '../../src/base/hex-decoder.js';
import { latin1Bytes } from '../../src/base/text.js';
import { holds } from '../seeded.js';

it('reads what parseHex reads, wherever it is', () => {
  const hex = new HexDecoder();
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF') });
  const text = fc.oneof(digits, fc.string({ unit: fc.constantFrom(...'09afAFgG/:@`\xff ') }));
  holds(
    fc.property(text, fc.nat(8), (text, before) => {
      const bytes = latin1Bytes(`${'0'.repeat(before)}${text}0`);
      expect(hex.decode(bytes, before, before + text.length)).toEqual(parseHex(text));
    }),
  );
});
