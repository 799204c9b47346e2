import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTime, parseTime } from '../../src/base/time.js';
import { expectSame } from '../same.js';
import { holds } from '../seeded.js';

const second = 1_000_000_000n;

describe('formatTime', () => {
  it.each([
    [0n, '1970-01-01T00:00:00.000000000Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [1_700_000_000_005_000_000n, '2023-11-14T22:13:20.005000000Z'],
    [951_782_400n * second, '2000-02-29T00:00:00.000000000Z'],
    [4_107_542_400n * second, '2100-03-01T00:00:00.000000000Z'],
    [253_402_300_800n * second, '10000-01-01T00:00:00.000000000Z'],
    [-62_167_219_200n * second, '0000-01-01T00:00:00.000000000Z'],
    [-62_167_219_201n * second, '-0001-12-31T23:59:59.000000000Z'],
    [0xffff_ffff_ffff_ffffn, '2554-07-21T23:34:33.709551615Z'],
  ])('%d', (ns, text) => {
    expect(formatTime(ns)).toBe(text);
    expect(parseTime(text)).toBe(ns);
  });

  it('agrees with Date in all years of four digits', () => {
    const first = new Date('0000-01-01').getTime();
    const ms = fc.integer({ min: first, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
    holds(
      fc.property(ms, fc.nat({ max: 999_999 }), (time, ns) => {
        const decimals = String(ns).padStart(6, '0');
        const text = new Date(time).toISOString().replace('Z', `${decimals}Z`);
        expect(formatTime(BigInt(time) * 1_000_000n + BigInt(ns))).toBe(text);
      }),
      3000,
    );
  });

  it('agrees with Date on every day of 400 years and around', () => {
    const day = 86_400_000;
    const days: number[] = [];
    for (let time = Date.UTC(1899, 0); time < Date.UTC(2301, 0); time += day) days.push(time);
    expectSame(
      days.map((time) => formatTime(BigInt(time) * 1_000_000n).slice(0, 10)),
      days.map((time) => new Date(time).toISOString().slice(0, 10)),
    );
  });

  it('does not remember more than it should between neighbours', () => {
    const times = [5n, second - 1n, second, second - 1n, -1n, 0n, 61n * second, 60n * second];
    const alone = times.map((ns) => {
      formatTime(10n ** 30n);
      return formatTime(ns);
    });
    expect(times.map(formatTime)).toEqual(alone);
  });
});

describe('parseTime', () => {
  it('gives back any time within its range of years', () => {
    // Years of up to 15 digits, with room for 1970.
    const limit = (10n ** 15n - 2000n) * 31_556_952n * second;
    holds(
      fc.property(fc.bigInt({ min: -limit, max: limit }), (ns) => {
        expect(parseTime(formatTime(ns))).toBe(ns);
      }),
      1000,
    );
  });

  it('takes fewer decimals', () => {
    expect(parseTime('1970-01-01T00:00:01Z')).toBe(second);
    expect(parseTime('1970-01-01T00:00:01.5Z')).toBe(1_500_000_000n);
  });

  it.each([
    '',
    '2023-02-31T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2023-00-01T00:00:00Z',
    '2023-13-01T00:00:00Z',
    '2023-01-00T00:00:00Z',
    '2023-01-32T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T25:00:00Z',
    '2023-01-01T00:60:00Z',
    '2023-01-01T00:00:60Z',
    '2023-01-01T00:00:00.0000000000Z',
    '2023-01-01T00:00:00.Z',
    '2023-01-01T00:00:00',
    '2023-01-01 00:00:00Z',
    '2023-1-1T00:00:00Z',
    '02023-01-01T00:00:00Z',
    '-0000-01-01T00:00:00Z',
    '2023-01-01T00:00:00+01:00',
    ' 2023-01-01T00:00:00Z',
    '2023-01-01T00:00:00Z\n',
    '1e3',
  ])('refuses %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  it('refuses or takes any text, and then writes the same time', () => {
    const digits = fc.stringMatching(/^-?\d{4,5}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
    holds(
      fc.property(fc.oneof(digits, fc.string()), (text) => {
        const ns = parseTime(text);
        if (ns !== undefined) expect(formatTime(ns).slice(0, 16)).toBe(text.slice(0, 16));
      }),
      1000,
    );
  });
});
