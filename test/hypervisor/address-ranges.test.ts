import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressRanges, NO_TAG } from '../../src/hypervisor/index.js';
import { holds } from '../seeded.js';

const PAGE = 4096;
const BASE = 0x40000000;
const PAGES = 32;

describe('address ranges', () => {
  it('choose the lowest address that fits', () => {
    const space = new AddressRanges(BASE, PAGES * PAGE);
    expect(space.allocateAny(PAGE, PAGE)?.start).toBe(BASE);
    expect(space.allocateAny(4 * PAGE, 4 * PAGE)?.start).toBe(BASE + 4 * PAGE);
    expect(space.allocateAny(2 * PAGE, PAGE)?.start).toBe(BASE + PAGE);
    expect(space.allocateAny(2 * PAGE, PAGE)?.start).toBe(BASE + 8 * PAGE);
    expect(space.allocateAny(PAGES * PAGE, PAGE)).toBeUndefined();
  });

  it('refuse sizes and addresses that are no pages of the space', () => {
    const space = new AddressRanges(BASE, PAGES * PAGE);
    for (const [start, size] of [
      [BASE, 0],
      [BASE, 100],
      [BASE + 1, PAGE],
      [BASE - PAGE, PAGE],
      [BASE + PAGES * PAGE, PAGE],
      [BASE + (PAGES - 1) * PAGE, 2 * PAGE],
    ] as const)
      expect(space.allocateAt(start, size)).toBeUndefined();
  });

  it('hand out a reservation on request only, wholly inside it', () => {
    const space = new AddressRanges(BASE, PAGES * PAGE);
    expect(space.reserveAny(undefined, 0, 4 * PAGE, PAGE, 9)).toBe(BASE);
    expect(space.allocateAny(PAGE, PAGE)).toEqual({ start: BASE + 4 * PAGE, tag: NO_TAG });
    expect(space.allocateAt(BASE + 3 * PAGE, 2 * PAGE)).toBeUndefined();
    expect(space.allocateAt(BASE + PAGE, PAGE)).toEqual({ start: BASE + PAGE, tag: 9 });
    expect(space.allocateAt(BASE + PAGE, PAGE)).toBeUndefined();
    space.free(BASE + PAGE, PAGE);
    expect(space.allocateAt(BASE + PAGE, PAGE)).toEqual({ start: BASE + PAGE, tag: 9 });
  });

  it('behave like a page map', () => {
    const page = fc.integer({ min: 0, max: PAGES - 1 });
    const size = fc.integer({ min: 1, max: 6 });
    const step = fc.oneof(
      fc.record({ at: page, size }),
      fc.record({ any: size, alignment: fc.constantFrom(1, 2, 4) }),
      fc.record({ free: fc.nat() }),
    );
    holds(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const space = new AddressRanges(BASE, PAGES * PAGE);
        const used = new Array<boolean>(PAGES).fill(false);
        const held: { start: number; size: number }[] = [];
        const isFree = (start: number, pages: number) =>
          start + pages <= PAGES && !used.slice(start, start + pages).includes(true);
        const mark = (start: number, pages: number, value: boolean) => used.fill(value, start, start + pages);
        for (const action of steps) {
          if ('free' in action) {
            const [range] = held.splice(action.free % Math.max(1, held.length), 1);
            if (range === undefined) continue;
            space.free(BASE + range.start * PAGE, range.size * PAGE);
            mark(range.start, range.size, false);
            continue;
          }
          const pages = 'at' in action ? action.size : action.any;
          let wanted: number | undefined;
          if ('at' in action) wanted = isFree(action.at, pages) ? action.at : undefined;
          else
            for (let at = 0; at < PAGES && wanted === undefined; at += action.alignment)
              if (isFree(at, pages)) wanted = at;
          const got =
            'at' in action
              ? space.allocateAt(BASE + action.at * PAGE, pages * PAGE)
              : space.allocateAny(pages * PAGE, action.alignment * PAGE);
          expect(got?.start).toBe(wanted === undefined ? undefined : BASE + wanted * PAGE);
          if (wanted === undefined) continue;
          mark(wanted, pages, true);
          held.push({ start: wanted, size: pages });
        }
      }),
    );
  });
});
