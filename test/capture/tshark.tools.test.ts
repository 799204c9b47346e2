import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { PcapngWriter } from '../../src/capture/pcap/index.js';
import { ascii, concat, PcapngBuilder, pcapFile, upperPdu, user0 } from './build.js';
import { packetsOf, type Seen } from './collect.js';

// An implementation of the formats that nobody on this project wrote, asked about our files. Where it is not
// installed this says so and compares nothing.
const isInstalled = spawnSync('tshark', ['--version']).status === 0;

const MESSAGE = Uint8Array.of(0x21, 1, 0, 0, 0x17, 0, 0, 0x56, 0xff);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Shown {
  readonly frame: number;
  /** Seconds with nine decimals; empty for none. */
  readonly epoch: string;
  readonly comment: string;
  readonly hex: string;
}

function tshark(file: Uint8Array): Shown[] {
  const path = join(folder, 'capture');
  writeFileSync(path, file);
  const run = (...args: string[]) =>
    execFileSync('tshark', ['-r', path, ...args], { encoding: 'utf8', stdio: 'pipe' });
  const fields = run('-T', 'fields', '-e', 'frame.number', '-e', 'frame.time_epoch', '-e', 'frame.comment');
  const raw: { _source: { layers: { frame_raw: string[] } } }[] = JSON.parse(
    run('-T', 'jsonraw', '-j', 'frame'),
  );
  const rows = fields.split('\n').slice(0, -1);
  return rows.map((row, index) => {
    const [frame, epoch = '', comment = ''] = row.split('\t');
    return { frame: Number(frame), epoch, comment, hex: raw[index]?._source.layers.frame_raw[0] ?? '' };
  });
}

function ours(file: Uint8Array): Seen[] {
  const format = detectFormat(file);
  if (format === undefined || format === 'ndjson') throw new Error('not a capture');
  return packetsOf((sink, warn) => openReader(protocol, format, sink, warn), file);
}

function expectAgreement(file: Uint8Array): void {
  const shown = tshark(file);
  const read = ours(file);
  expect(shown).toHaveLength(read.length);
  for (const [index, { frame, epoch, comment, hex }] of shown.entries()) {
    const seen = read[index] as Seen;
    expect(frame).toBe(seen.frame);
    expect(comment).toBe((seen.comment ?? '').replaceAll('\n', '\\n'));
    const vmids = user0(seen.from as number, seen.to as number, new Uint8Array(0));
    expect(hex.endsWith(Buffer.from(vmids).toString('hex') + seen.hex)).toBe(true);
    // A packet without time is shown without, or as 1970 if its block needed a timestamp (see PcapngWriter).
    if (seen.time === undefined) expect(['', '0.000000000']).toContain(epoch);
    else
      expect(epoch).toBe(
        `${seen.time / 1_000_000_000n}.${String(seen.time % 1_000_000_000n).padStart(9, '0')}`,
      );
  }
}

function written(): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => parts.push(bytes.slice()));
  writer.packet(3, 255, MESSAGE, 0, 9, 1_700_000_000_123_456_789n, undefined);
  writer.packet(255, 3, MESSAGE, 0, 8, undefined, undefined);
  writer.packet(3, 255, MESSAGE, 0, 9, 1_700_000_000_123_456_790n, 'text – and\na second line');
  writer.packet(3, 255, MESSAGE, 0, 9, undefined, 'no clock');
  writer.packet(3, 255, MESSAGE, 0, 0, 0n, undefined);
  writer.packet(3, 255, MESSAGE, 0, 7, undefined, undefined);
  writer.end();
  return concat(...parts);
}

function built(little: boolean): Uint8Array {
  const section = new PcapngBuilder(little);
  return section
    .interface(252, [{ code: 9, value: Uint8Array.of(9) }])
    .interface(147)
    .interface(147, [{ code: 9, value: Uint8Array.of(0x8a) }])
    .interface(147, [section.option(14, 1_700_000_000n, 8)])
    .enhanced(0, 1_700_000_000_000_000_001n, upperPdu(3, 255, MESSAGE), [{ code: 1, value: ascii('here') }])
    .enhanced(1, 1_700_000_000_000_001n, user0(255, 3, MESSAGE))
    .enhanced(2, 1_700_000_000_512n, user0(3, 255, MESSAGE))
    .enhanced(3, 42n, user0(3, 255, MESSAGE))
    .simple(upperPdu(3, 255, MESSAGE))
    .obsolete(1, 7n, user0(3, 255, MESSAGE))
    .done();
}

const records = [
  { second: 1_700_000_000, fraction: 123_456, data: user0(3, 255, MESSAGE) },
  { second: 1_700_000_001, fraction: 0, data: user0(255, 3, MESSAGE) },
];

const FILES: readonly (readonly [string, Uint8Array])[] = [
  ['what the writer writes', written()],
  ['pcapng, little-endian', built(true)],
  ['pcapng, big-endian', built(false)],
  ['pcapng, two sections', concat(built(true), built(false))],
  ['pcap, little-endian, microseconds', pcapFile(true, 0xa1b2c3d4, 147, records)],
  ['pcap, big-endian, nanoseconds', pcapFile(false, 0xa1b23c4d, 147, records)],
];

describe('tshark', () => {
  if (isInstalled) {
    it.each(FILES)('agrees on %s', (_, file) => expectAgreement(file));
  } else {
    it('is not installed: nothing was compared', () => expect(isInstalled).toBe(false));
  }
});
