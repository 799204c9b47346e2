import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HypervisorModel, InterruptNumbers, IntervalMap } from '../../src/hypervisor/index.js';
import { PageContents } from '../../src/hypervisor/page-contents.js';
import { expectSame } from '../same.js';
import { holds } from '../seeded.js';

const PAGE = 4096;
const MEMORY = { start: 0x80000000, size: 16 * PAGE };
const model = () => new HypervisorModel({ normal: [MEMORY], io: [], interrupts: [32, 33], primaryVmid: 3 });

describe('page contents', () => {
  it('reads what was written, across pages, and zeros elsewhere', () => {
    holds(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 * PAGE }), fc.uint8Array({ maxLength: PAGE + 9 })), {
          maxLength: 8,
        }),
        (writes) => {
          const contents = new PageContents();
          const flat = new Uint8Array(5 * PAGE);
          for (const [at, bytes] of writes) {
            contents.write(at, bytes);
            flat.set(bytes, at);
          }
          const read = new Uint8Array(flat.byteLength);
          contents.readInto(0, read);
          expectSame(read, flat);
          contents.zero(PAGE, PAGE);
          const page = new Uint8Array(PAGE);
          contents.readInto(PAGE, page);
          expect(page.every((byte) => byte === 0)).toBe(true);
        },
      ),
    );
  });
});

describe('interval map', () => {
  it('behaves like an array', () => {
    const size = 24;
    const at = fc.integer({ min: 0, max: size - 1 });
    holds(
      fc.property(
        fc.array(fc.tuple(at, at, fc.option(fc.integer({ min: 0, max: 2 }))), { maxLength: 40 }),
        (steps) => {
          const map = new IntervalMap<number>((left, right) => left.value === right.value);
          const flat = new Array<number | undefined>(size).fill(undefined);
          for (const [left, right, value] of steps) {
            const [start, end] = [Math.min(left, right), Math.max(left, right) + 1];
            map.set(start, end, value ?? undefined);
            flat.fill(value ?? undefined, start, end);
          }
          for (let index = 0; index < size; index++) expect(map.at(index)?.value).toBe(flat[index]);
          const borders = flat.filter(
            (value, index) => value !== undefined && value !== flat[index - 1],
          ).length;
          expect(map.entries()).toHaveLength(borders);
        },
      ),
    );
  });
});

describe('the hypervisor model', () => {
  it('binds an interrupt once, and never reuses a capability', () => {
    const hypervisor = model();
    expect([31, 32].map((number) => hypervisor.hasInterrupt(number))).toEqual([false, true]);
    expect(hypervisor.bindInterrupt(32)).toBe(false);
    hypervisor.unbindInterrupt(32);
    expect([
      hypervisor.bindInterrupt(32),
      hypervisor.bindInterrupt(32),
      hypervisor.bindInterrupt(31),
    ]).toEqual([true, false, false]);
    const ids = Array.from({ length: 100 }, () => hypervisor.newCapability());
    expect(new Set(ids).size).toBe(100);
  });
});

describe('interrupt numbers', () => {
  it('choose from 960 up and take 32 to 1019', () => {
    const numbers = new InterruptNumbers();
    expect([31, 32, 32, 960, 1019, 1020].map((number) => numbers.take(number))).toEqual([
      false,
      true,
      false,
      true,
      true,
      false,
    ]);
    const chosen = Array.from({ length: 59 }, () => numbers.choose());
    expect(chosen[0]).toBe(961);
    expect(chosen.at(-1)).toBeUndefined();
    numbers.release(970);
    expect(numbers.choose()).toBe(970);
  });
});
