import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { hexReader } from '../../src/capture/hex/index.js';
import { detectFormat, type InputFormat, openReader } from '../../src/capture/input/index.js';
import { budget } from '../part.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';
import { ascii, concat, PcapngBuilder, pcapFile, tag, upperPdu, user0 } from './build.js';
import { collect, collectPieces, type MakeReader, placeOf } from './collect.js';
import { kernelDump } from './kernel-dump.js';

const REQUEST = Uint8Array.of(0x21, 1, 0, 0, 0x17, 0, 0, 0x56);
const REPLY = Uint8Array.of(0x21, 2, 0, 0, 0x17, 0, 0, 0x56, 0, 0, 0, 0, 0xff, 0xff, 3);
const NS = { code: 9, value: Uint8Array.of(9) };

function section(little: boolean): Uint8Array {
  return new PcapngBuilder(little)
    .interface(252, [{ code: 2, value: ascii('rm') }, NS])
    .interface(147)
    .interface(1)
    .enhanced(0, 1_700_000_000_000_000_000n, upperPdu(3, 255, REQUEST), [
      { code: 1, value: ascii('comment') },
    ])
    .enhanced(1, 7n, user0(255, 3, REPLY))
    .block(5, new Uint8Array(12))
    .simple(upperPdu(255, 3, REPLY))
    .enhanced(2, 7n, ascii('ethernet'))
    .obsolete(1, 8n, user0(3, 255, REQUEST))
    .enhanced(0, 9n, concat(tag(12, ascii('sip')), tag(0, new Uint8Array(0))))
    .enhanced(0, 10n, upperPdu(3, 128, REQUEST))
    .done();
}

const RECORDS = [
  { second: 1_700_000_000, fraction: 1, data: user0(3, 255, REQUEST) },
  { second: 1_700_000_000, fraction: 2, data: user0(255, 3, REPLY) },
  { second: 1_700_000_001, fraction: 3, data: Uint8Array.of(3) },
];

const BINARY: readonly (readonly [string, Exclude<InputFormat, 'ndjson'>, Uint8Array])[] = [
  ['pcapng', 'pcapng', concat(section(true), section(false))],
  ['pcap', 'pcap', pcapFile(true, 0xa1b2c3d4, 147, RECORDS)],
  ['pcap, big-endian', 'pcap', pcapFile(false, 0xa1b23c4d, 147, RECORDS)],
];

const DUMP = '00000000: 2101 0000 1700 0056  !......V\n00000008: 3333  33\n00000000: 2102 0000  !...\n';
const TEXT: readonly (readonly [string, Exclude<InputFormat, 'ndjson'>, Uint8Array])[] = [
  ['hex', 'hex', ascii('# é\n3>255 2101000017000056\r\n\n0xff>3 21 02 00 00\n33\n')],
  ['xxd -p', 'xxd-p', ascii(`${'21'.repeat(30)}\n${'33'.repeat(30)}\n44\n${'55'.repeat(30)}`)],
  ['xxd', 'xxd', ascii(DUMP)],
  [
    'hexdump',
    'hexdump',
    ascii(`00000000  ${'00 '.repeat(16)} |.....|\n*\n00000030  21 |!|\n00000031\n00000000  01\n00000001\n`),
  ],
  ['od', 'od', ascii(`0000000 ${'0000 '.repeat(8)}\n*\n0000030 0021\n0000031\n`)],
  [
    'dmesg',
    'dmesg',
    ascii(
      `[ 0.1] x\n${kernelDump(concat(REQUEST, REPLY), { prefix: 'offset', name: 'rm: ', ascii: true, groupSize: 4 }).join('\n')}\n[ 0.2] y\n`,
    ),
  ],
];

const readerOf =
  (format: Exclude<InputFormat, 'ndjson'>): MakeReader =>
  (sink, warn) =>
    openReader(protocol, format, sink, warn);

describe.each([...BINARY, ...TEXT])('%s in pieces', (_, format, file) => {
  const make = readerOf(format);
  const whole = collect(make, file);

  it('is a file with packets and without error', () => {
    expect(whole.error).toBeUndefined();
    expect(whole.packets.length).toBeGreaterThan(0);
  });

  it('reads the same cut in two anywhere, and byte by byte', () => {
    for (let cut = 0; cut <= file.length; cut += 1) {
      expectEqual(collectPieces(make, file, [cut, file.length - cut]), whole);
    }
    expectEqual(collect(make, file, 1), whole);
  });

  it('reads the same in pieces of any sizes', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 40 });
    holds(
      fc.property(sizes, (some) => {
        const left = file.length - some.reduce((sum, size) => sum + size, 0);
        expectEqual(collectPieces(make, file, left > 0 ? [...some, left] : some), whole);
      }),
      budget(200),
      147,
    );
  });
});

describe.each(BINARY)('%s cut short', (_, format, file) => {
  it('gives the packets before the cut and says where the cut item begins', () => {
    const make = readerOf(format);
    const whole = collect(make, file);
    let cleanEnds = 0;
    for (let size = 0; size < file.length; size += 1) {
      const { packets, error } = collect(make, file.subarray(0, size));
      expectEqual(packets, whole.packets.slice(0, packets.length));
      if (error === undefined) {
        cleanEnds += 1;
        continue;
      }
      expectIs(error.code, 'truncated');
      expect(error.offset).toBeLessThanOrEqual(size);
      // Up to the cut item the file is whole: the same packets and a clean end, or no file at all.
      const before = collect(make, file.subarray(0, error.offset));
      expectEqual(before.packets, packets);
      expectIs(error.offset === 0 || before.error === undefined, true);
    }
    expectIs(cleanEnds, format === 'pcapng' ? 23 : 3);
  });
});

describe.each([...BINARY, ...TEXT])('%s with damage', (_, format, file) => {
  it('raises nothing but WireError, whole or in pieces alike', () => {
    const make = readerOf(format);
    const change = fc.record({
      at: fc.integer({ min: 0, max: file.length - 1 }),
      to: fc.oneof(fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xff, 0x0a, 0x20), fc.integer({ min: 0, max: 255 })),
    });
    holds(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 64 }),
        (changes, piece) => {
          const damaged = file.slice();
          for (const { at, to } of changes) damaged[at] = to;
          const whole = collect(make, damaged);
          const pieces = collect(make, damaged, piece);
          expectEqual(pieces.packets, whole.packets);
          expectEqual(pieces.warnings, whole.warnings);
          expectEqual(placeOf(pieces.error), placeOf(whole.error));
          const recognised = detectFormat(damaged);
          if (recognised !== undefined && recognised !== 'ndjson') collect(readerOf(recognised), damaged);
        },
      ),
      budget(2000),
      21,
    );
  });
});

describe('bytes of any kind', () => {
  it.each(['pcapng', 'pcap', 'hex', 'xxd', 'xxd-p', 'hexdump', 'od', 'dmesg'] as const)(
    '%s raises only WireError',
    (format) => {
      const bytes = fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        fc.string({ unit: 'binary', maxLength: 200 }).map(ascii),
      );
      const line = fc.stringMatching(/^[0-9a-f:*> |x\n[\].]{0,120}$/).map(ascii);
      holds(
        fc.property(fc.oneof(bytes, line), (file) => {
          collect(readerOf(format), file);
          collect((sink, warn) => hexReader(sink, warn), file, 7);
        }),
        budget(1000),
        33,
      );
    },
  );
});

it('gathers a large block from single bytes', () => {
  const large = user0(3, 255, new Uint8Array(300_000).fill(0x21));
  const builder = new PcapngBuilder()
    .interface(147)
    .enhanced(0, 1n, large)
    .enhanced(0, 2n, user0(3, 255, REQUEST));
  const { packets, error } = collect(readerOf('pcapng'), builder.done(), 1);
  expect(error).toBeUndefined();
  expect(packets.map(({ hex }) => hex)).toEqual(['21'.repeat(300_000), '2101000017000056']);
});
