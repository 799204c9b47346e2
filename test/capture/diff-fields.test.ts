import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldChanges } from '../../src/capture/diff/index.js';
import { holds } from '../seeded.js';

describe('fields that differ', () => {
  it('does not move list entries behind one that was put in', () => {
    const entry = (vmid: number) => ({ vmid, rights: ['R'] });
    const a = { acl: [entry(1), entry(2), entry(3)] };
    expect(fieldChanges(a, { acl: [entry(1), entry(9), entry(2), entry(3)] })).toEqual([
      { path: 'acl[1]', b: entry(9) },
    ]);
    expect(fieldChanges(a, { acl: [entry(1), entry(3)] })).toEqual([{ path: 'acl[1]', a: entry(2) }]);
    expect(fieldChanges(a, { acl: [entry(1), { vmid: 2, rights: ['W'] }, entry(3)] })).toEqual([
      { path: 'acl[1].rights', a: ['R'], b: ['W'] },
    ]);
  });

  it('shows short lists of plain values whole, long ones by entry', () => {
    expect(fieldChanges({ flags: ['X'] }, { flags: [] })).toEqual([{ path: 'flags', a: ['X'], b: [] }]);
    const sizes = Array.from({ length: 20 }, (_, index) => `0x${(index + 1).toString(16)}000`);
    expect(fieldChanges(sizes, sizes.with(7, '0x0'), 'sizes')).toEqual([
      { path: 'sizes[7]', a: '0x8000', b: '0x0' },
    ]);
  });

  it('finds changes exactly where values differ', () => {
    const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<never>;
    holds(
      fc.property(json, json, (a, b) => {
        expect(fieldChanges(a, a)).toEqual([]);
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(fieldChanges(a, b).length === 0).toBe(same);
      }),
      500,
    );
  });
});

/** JSON with the keys of all objects in order, so that equal values are equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
