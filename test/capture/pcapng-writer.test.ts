import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { PcapngWriter, pcapngReader } from '../../src/capture/pcap/index.js';
import { holds } from '../seeded.js';
import { concat } from './build.js';
import { packetsOf, type Seen } from './collect.js';

interface Input {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  readonly time: bigint | undefined;
  readonly comment: string | undefined;
}

/** Every piece is copied and then overwritten, as the writer's contract allows. */
function written(packets: readonly Input[]): { file: Uint8Array; pieces: number[] } {
  const parts: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => {
    parts.push(bytes.slice());
    bytes.fill(0xa5);
  });
  for (const { from, to, bytes, time, comment } of packets) {
    // In the middle of other bytes, so that start and end matter.
    const around = concat(Uint8Array.of(1, 2, 3), bytes, Uint8Array.of(4, 5));
    writer.packet(from, to, around, 3, 3 + bytes.length, time, comment);
  }
  writer.end();
  return { file: concat(...parts), pieces: parts.map((part) => part.length) };
}

function expected(packets: readonly Input[]): Seen[] {
  return packets.map(({ from, to, bytes, time, comment }, index) => {
    return { frame: index + 1, time, from, to, hex: formatHex(bytes), comment };
  });
}

const REQUEST = Uint8Array.of(0x21, 1, 0, 0, 0x17, 0, 0, 0x56, 9);
const plain = { from: 3, to: 255, bytes: REQUEST, time: 1n, comment: undefined };

describe('PcapngWriter', () => {
  it('writes the bytes that protocol/capture-format.md describes', () => {
    const { file } = written([
      { ...plain, time: 0x0102_0304_0506_0708n },
      { ...plain, time: undefined },
    ]);
    const section = '0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000';
    const name = '020009 0067756e7961682d726d000000';
    const device = `01000000 30000000 fc000000 00000000 ${name} 0900010009000000 00000000 30000000`;
    const data = '000c000c67756e7961685f726d000000 00000000 0300ff00 210100001700005609 000000';
    const enhanced = `06000000 44000000 00000000 04030201 08070605 21000000 21000000 ${data} 44000000`;
    const simple = `03000000 34000000 21000000 ${data} 34000000`;
    expect(formatHex(file)).toBe(`${section}${device}${enhanced}${simple}`.replaceAll(' ', ''));
  });

  it('gives an empty capture without packets', () => {
    expect(packetsOf(pcapngReader, written([]).file)).toEqual([]);
  });

  it('keeps comments and missing times apart from each other', () => {
    const packets = [
      plain,
      { ...plain, time: undefined },
      { ...plain, time: undefined, comment: 'no clock' },
      { ...plain, time: 0n, comment: 'in 1970' },
      { ...plain, time: undefined, comment: '' },
      { ...plain, time: 2n ** 64n - 1n, comment: 'lines\nof – text\n' },
    ];
    expect(packetsOf(pcapngReader, written(packets).file)).toEqual(expected(packets));
  });

  it('gives back whatever it was given', () => {
    const vmid = fc.integer({ min: 0, max: 0xffff });
    const packet = fc.record({
      from: vmid,
      to: vmid,
      bytes: fc.uint8Array({ maxLength: 260 }),
      time: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined }),
      comment: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
    });
    holds(
      fc.property(fc.array(packet, { maxLength: 20 }), (packets) => {
        expect(packetsOf(pcapngReader, written(packets).file)).toEqual(expected(packets));
      }),
      300,
      252,
    );
  });

  it('hands over pieces of at most 64 KiB, and a block larger than that alone', () => {
    const packets = Array.from({ length: 3000 }, (_, index) => ({ ...plain, time: BigInt(index) }));
    const large = { ...plain, bytes: new Uint8Array(100_000).fill(0x5a) };
    const { file, pieces } = written([...packets, large, plain]);
    expect(packetsOf(pcapngReader, file)).toEqual(expected([...packets, large, plain]));
    expect(pieces.filter((size) => size > 65_536)).toHaveLength(1);
    expect(pieces.length).toBeGreaterThan(3);
  });

  it('splits a comment that one option cannot hold at its lines', () => {
    const comment = Array.from({ length: 9000 }, (_, index) => `line ${index} – with some text`).join('\n');
    const packets = [{ ...plain, comment }];
    expect(packetsOf(pcapngReader, written(packets).file)).toEqual(expected(packets));
  });

  it('cuts a comment line that one option cannot hold between characters', () => {
    const [packet] = packetsOf(pcapngReader, written([{ ...plain, comment: '–'.repeat(50_000) }]).file);
    expect(packet?.comment?.replaceAll('\n', '')).toBe('–'.repeat(50_000));
  });

  it.each([
    ['from', { from: 65_536 }],
    ['from', { from: -1 }],
    ['to', { to: 1.5 }],
    ['time', { time: -1n }],
    ['time', { time: 2n ** 64n }],
  ])('refuses %s out of range: %o', (path, change) => {
    expect(() => written([{ ...plain, ...change }])).toThrow(UsageError);
    expect(() => written([{ ...plain, ...change }])).toThrow(
      expect.objectContaining({ code: 'range', path }),
    );
  });

  it('does not hold what comes behind a large packet', () => {
    const large = { ...plain, bytes: new Uint8Array(1 << 20) };
    const { pieces } = written([large, ...Array.from({ length: 3000 }, () => plain)]);
    expect(pieces[1]).toBeGreaterThan(1 << 20);
    expect(pieces.length).toBeGreaterThan(3);
    expect(Math.max(...pieces.slice(2))).toBeLessThanOrEqual(1 << 16);
  });

  it('refuses bytes that are not there', () => {
    const writer = new PcapngWriter(() => undefined);
    expect(() => writer.packet(3, 255, REQUEST, 2, 10, 1n, undefined)).toThrow(UsageError);
    expect(() => writer.packet(3, 255, REQUEST, 5, 4, 1n, undefined)).toThrow(UsageError);
  });
});
