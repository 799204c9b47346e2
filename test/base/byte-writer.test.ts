import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteWriter,
  type PreparedText,
  putDecimal,
  putHexU64,
  putPadded7,
} from '../../src/base/byte-writer.js';
import { formatDuration, formatTime, putDuration, SecondTexts } from '../../src/base/time.js';
import { holds } from '../seeded.js';

type PutNumber = (view: DataView, at: number, value: number) => number;

function written(put: (view: DataView, at: number) => number): string {
  const writer = new ByteWriter(64);
  const end = put(writer.view, 3);
  return new TextDecoder().decode(writer.bytes.subarray(3, end));
}

/** Numbers of all lengths, and those beside powers of ten. */
const numbers = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 1e7 }),
  fc.tuple(fc.nat({ max: 15 }), fc.integer({ min: -1, max: 1 })).map(([power, more]) => 10 ** power + more),
);

describe('numbers written in place', () => {
  const same: [string, PutNumber, (value: number) => string][] = [
    ['putDecimal', putDecimal, String],
    ['putPadded7', putPadded7, (value) => String(value).padStart(7)],
    ['putDuration', putDuration, formatDuration],
  ];
  it.each(same)('%s writes the same as the text', (_, put, text) => {
    const anySign = fc.tuple(numbers, fc.boolean()).map(([value, isBelow]) => (isBelow ? -value : value));
    holds(
      fc.property(anySign, (value) => {
        // -0 is not a number of anything.
        fc.pre(!Object.is(value, -0));
        expect(written((view, at) => put(view, at, value))).toBe(text(value));
      }),
      2000,
    );
  });

  it.each([1e3, 1e6, 1e9])(
    'durations in the middle of two texts are rounded as formatDuration does: %d ns',
    (unit) => {
      const middle = fc
        .tuple(fc.nat({ max: 999 }), fc.nat({ max: 999 }))
        .map(([a, b]) => a * unit + (b * unit) / 1e3 + unit / 2e3);
      holds(
        fc.property(middle, (ns) => {
          expect(written((view, at) => putDuration(view, at, ns))).toBe(formatDuration(ns));
        }),
        500,
      );
    },
  );

  it('putHexU64 writes the digits of both words', () => {
    const words = fc.tuple(fc.nat({ max: 0xffffffff }), fc.nat({ max: 0xffffffff }), fc.nat({ max: 63 }));
    holds(
      fc.property(words, ([high, low, shift]) => {
        const value = ((BigInt(high) << 32n) | BigInt(low)) >> BigInt(shift);
        const put = (view: DataView, at: number) =>
          putHexU64(view, at, Number(value >> 32n), Number(value & 0xffffffffn));
        expect(written(put)).toBe(`0x${value.toString(16)}`);
      }),
      500,
    );
  });
});

describe('hex', () => {
  it.each([0, 1, 2, 3, 8, 255])('of %s bytes', (size) => {
    const bytes = Uint8Array.from({ length: size + 2 }, (_, index) => index * 37);
    const writer = new ByteWriter(1);
    writer.text('-');
    writer.hex(bytes, 1, size + 1);
    expect(Buffer.from(writer.bytes.subarray(0, writer.at)).toString()).toBe(
      `-${Buffer.from(bytes.subarray(1, size + 1)).toString('hex')}`,
    );
  });
});

describe('SecondTexts', () => {
  it('cuts times where the text of a time has its point', () => {
    const seconds = new SecondTexts((text) => text);
    const times = fc.oneof(
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      // Both sides of a second.
      fc
        .tuple(fc.bigInt({ min: 1n, max: 18_446_744_072n }), fc.bigInt({ min: -2n, max: 2n }))
        .map(([second, ns]) => second * 1_000_000_000n + ns),
    );
    holds(
      fc.property(times, (time) => {
        seconds.take(Number(time >> 32n), Number(time & 0xffffffffn));
        const rest = String(seconds.rest).padStart(9, '0');
        expect(`${textOf(seconds.text)}${rest}Z`).toBe(formatTime(time));
      }),
      1000,
    );
  });
});

function textOf(text: PreparedText): string {
  const writer = new ByteWriter(8);
  writer.prepared(text);
  return new TextDecoder().decode(writer.bytes.subarray(0, writer.at));
}
