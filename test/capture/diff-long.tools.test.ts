import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { diffEntry } from '../../src/capture/diff/entry-assembler.js';
import {
  Comparison,
  type DiffEntry,
  type Difference,
  diffCaptures,
  diffEntries,
  diffWindow,
} from '../../src/capture/diff/index.js';
import { KeptRecord } from '../../src/capture/records/index.js';
import { assemble, start } from './diff-messages.js';

describe('diff of long captures', () => {
  const [record] = assemble(start) as [KeptRecord];
  const comparison = new Comparison(protocol);
  const entry = (no: number, value = no): DiffEntry => {
    const bytes = new Uint8Array(Uint32Array.of(value).buffer);
    const message = new KeptRecord({ ...record, id: record.id, no, seq: no & 0xffff }, bytes, undefined, []);
    return diffEntry(comparison, message);
  };
  let held = 0;
  /** Entries one after the other; `held` is how many were read. */
  function* capture(count: number, skip = (_: number) => false, value = (no: number) => no) {
    for (let no = 1; no <= count; no++) {
      if (skip(no)) continue;
      held++;
      yield entry(no, value(no));
    }
  }

  it('finds each change, insertion and removal of captures that are nearly equal', () => {
    const count = 60_000;
    const result: Difference[] = [];
    const counts = diffEntries(
      comparison,
      capture(count, (no) => no === 9 || (no > 30_000 && no < 33_000)),
      capture(
        count,
        (no) => no === 50_000,
        (no) => (no % 10_000 === 5 ? 0 : no),
      ),
      (difference) => result.push(difference),
    );
    expect(counts).toEqual({ equal: count - 5 - 3000 - 1, changed: 5, removed: 1, added: 3000 });
    expect(result.find(({ diff }) => diff === 'removed')).toMatchObject({
      diff: 'removed',
      a: { no: 50_000 },
    });
  });

  it('reads no farther than its window, whatever the captures', () => {
    held = 0;
    let seen = 0;
    const farthest: number[] = [];
    const other = (no: number) => no + 1_000_000;
    const window = 4096;
    const sink = () => {
      seen++;
      farthest.push(held - 2 * seen);
    };
    const counts = diffEntries(comparison, capture(30_000), capture(30_000, undefined, other), sink, window);
    expect(counts.changed).toBe(30_000);
    expect(farthest.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(2 * window);
  });

  it('finds a short capture anywhere in a longer one, as long as both fit in two windows', () => {
    const all = 2 * diffWindow;
    const tail = () => capture(all - 100, (no) => no <= all - 200);
    const ignore = () => {};
    const none = { changed: 0, removed: 0, added: 0 };
    const left = all - 200;
    expect(diffEntries(comparison, tail(), capture(all - 100), ignore)).toEqual({
      ...none,
      equal: 100,
      added: left,
    });
    expect(diffEntries(comparison, capture(all - 100), tail(), ignore)).toEqual({
      ...none,
      equal: 100,
      removed: left,
    });
  });

  it('gives the same result however the captures come', async () => {
    const kinds = (no: number) => Math.imul(no, 0x9e3779b1) >>> 20;
    const others = (no: number) => Math.imul(no, 0x85ebca6b) >>> 20;
    const outlines = async (size: number) => {
      const found: string[] = [];
      async function* pieces(value: (no: number) => number, count: number) {
        const all = [...capture(count, undefined, value)];
        for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
      }
      const counts = await diffCaptures(comparison, pieces(kinds, 40_000), pieces(others, 45_000), (item) => {
        found.push(`${item.diff} ${'a' in item ? item.a.no : ''} ${'b' in item ? item.b.no : ''}`);
      });
      return { counts, found };
    };
    const whole = await outlines(1 << 20);
    expect(whole.counts.equal + whole.counts.changed).toBeGreaterThan(1000);
    expect(await outlines(977)).toEqual(whole);
  });
});
