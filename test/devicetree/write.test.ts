import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { parseHex } from '../../src/base/hex.js';
import { cellsValue, parseFdt, sourceOf, textValue, writeFdt } from '../../src/devicetree/index.js';
import { recordedLines } from '../recorded.js';
import { expectEqual, expectIs } from '../same.js';

function readable(blob: Uint8Array) {
  try {
    return sourceOf(parseFdt(blob));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

describe('writing a devicetree', () => {
  it('gives back what was read, for every recorded blob that can be read', () => {
    const trees = recordedLines<{ bytes: string }>('dtb.ndjson')
      .map(({ bytes }) => readable(parseHex(bytes) as Uint8Array))
      .filter((tree) => tree !== undefined);
    expect(trees.length).toBeGreaterThan(100);
    for (const tree of trees) expectEqual(readable(writeFdt(tree)), tree);
  });

  it('keeps names that repeat, in order, and fills up with zeros', () => {
    const twice = [
      ['n', { properties: [], children: [] }],
      ['n', { properties: [['p', cellsValue(1, 2)]], children: [] }],
    ] as const;
    const tree = {
      properties: [
        ['p', textValue('one', 'two')],
        ['p', new Uint8Array(3)],
      ],
      children: twice,
    } as const;
    const blob = writeFdt(tree, 4096);
    expectIs(blob.length, 4096);
    expectEqual(readable(blob), tree);
  });

  it('holds trees larger than any table of its own', () => {
    const children = Array.from(
      { length: 3000 },
      (_, index) =>
        [`node-${index}`, { properties: [[`property-${index}`, cellsValue(index)]], children: [] }] as const,
    );
    const tree = { properties: [], children } as const;
    expectEqual(readable(writeFdt(tree)), tree);
  });
});
