import { describe, expect, it } from 'vitest';
import { ByteSlab } from '../../src/base/byte-slab.js';
import { viewOf } from '../../src/base/bytes.js';

describe('a slab of bytes', () => {
  it('copies pieces of every size, and later copies change none before them', () => {
    const slab = new ByteSlab();
    const bytes = Uint8Array.from({ length: 600 }, (_, at) => (at * 7) & 0xff);
    const source = bytes.slice().subarray(3);
    const copies: [Uint8Array, Uint8Array][] = [];
    for (let size = 0; size <= 300; size++) {
      const start = size % 5;
      const copy = slab.copy(viewOf(source), start, start + size);
      copies.push([copy, bytes.slice(3 + start, 3 + start + size)]);
    }
    source.fill(0);
    expect(copies.map(([copy]) => copy)).toEqual(copies.map(([, own]) => own));
  });
});
