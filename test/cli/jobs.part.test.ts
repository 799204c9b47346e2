import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../src/base/random.js';
import { PcapngWriter, pcapngReader } from '../../src/capture/pcap/index.js';
import { isWhole, partOf } from '../part.js';
import { withSeed } from '../seeded.js';
import { gunyahRm, gunyahRmProcess } from './run.js';

const recorded = new URL('../recorded/everything.pcapng.gz', import.meta.url);

interface Sent {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  readonly time: bigint;
}

/** Recorded queue messages: `count` from the one with this number on. */
function sent(first: number, count: number): Sent[] {
  const all: Sent[] = [];
  const reader = pcapngReader(
    ({ from = 0, to = 0, data, start, end, time = 0n, frame }) => {
      if (frame >= first && frame < first + count)
        all.push({ from, to, bytes: data.slice(start, end), time });
    },
    () => {},
  );
  reader.push(gunzipSync(readFileSync(recorded)));
  reader.end();
  return all;
}

function pcapng(messages: readonly Sent[], seed: number): Buffer {
  const random = new Random(seed);
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
  for (const { from, to, bytes, time } of messages) {
    const untimed = random.below(40) === 0;
    const comment = random.below(30) === 0 ? 'a comment' : undefined;
    writer.packet(from, to, bytes, 0, bytes.length, untimed ? undefined : time, comment);
  }
  writer.end();
  return Buffer.concat(pieces);
}

/** Messages are lost, repeated, swapped, damaged, and come from several VMs at the same time. */
function disturbed(messages: readonly Sent[], seed: number): Sent[] {
  const random = new Random(seed);
  const all: Sent[] = [];
  for (const message of messages) {
    const draw = random.below(100);
    if (draw < 8) continue;
    if (draw < 14) all.push(message);
    if (draw < 20 && all.length > 2) all.splice(-2, 0, message);
    else if (draw < 26) {
      const bytes = message.bytes.slice(0, random.below(message.bytes.length + 1));
      if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      all.push({ ...message, bytes });
    } else if (draw < 50) {
      const vmid = 100 + random.below(5);
      const { from, to } = message;
      all.push(message, { ...message, from: from === 3 ? vmid : from, to: to === 3 ? vmid : to });
    } else all.push(message);
  }
  return all;
}

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-jobs-'));
const path = (name: string) => join(folder, name);
/** Captures of a few hundred packets, with the sizes of the pieces that they are cut into. */
const captures = [
  { name: 'plain.pcapng', sizes: [61, 1000] },
  { name: 'disturbed.pcapng', sizes: [53, 777, 9001] },
  { name: 'sections.pcapng', sizes: [40, 301] },
  { name: 'older.pcap', sizes: [64, 801] },
  { name: 'packed.pcapng.gz', sizes: [97] },
  { name: 'cut.pcapng', sizes: [59] },
] as const;

beforeAll(() =>
  withSeed(1721, (seed) => {
    const plain = pcapng(sent(2000, 250), seed);
    const bad = pcapng(disturbed([...sent(400, 200), ...sent(30_000, 100)], seed), seed);
    writeFileSync(path('plain.pcapng'), plain);
    writeFileSync(path('disturbed.pcapng'), bad);
    writeFileSync(path('sections.pcapng'), Buffer.concat([plain.subarray(), bad, plain]));
    writeFileSync(path('older.pcap'), pcap(disturbed(sent(900, 200), seed + 1)));
    writeFileSync(path('packed.pcapng.gz'), gzipSync(bad));
    writeFileSync(path('cut.pcapng'), bad.subarray(0, bad.length - 30));
  }),
);
afterAll(() => rmSync(folder, { recursive: true }));

/** Classic pcap of link type 147. */
function pcap(messages: readonly Sent[]): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(0xa1b23c4d, 0);
  head.writeUInt16LE(2, 4);
  head.writeUInt32LE(147, 20);
  const records = messages.flatMap(({ from, to, bytes, time }) => {
    const record = Buffer.alloc(20);
    record.writeUInt32LE(Number(time / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(time % 1_000_000_000n), 4);
    record.writeUInt32LE(bytes.length + 4, 8);
    record.writeUInt32LE(bytes.length + 4, 12);
    record.writeUInt16LE(from, 16);
    record.writeUInt16LE(to, 18);
    return [record, bytes];
  });
  return Buffer.concat([head, ...records]);
}

const forms = [
  ['--json'],
  [],
  ['--hex'],
  ['--oneline'],
  ['--frames', '--json'],
  ['--frames'],
  ['--summary'],
  ['--summary', '--json'],
  ['--summary', '--filter', 'type == request and from == 3'],
  ['--json', '--filter', 'error != OK or payload.vmid == 128'],
  ['--json', '--rules', 'v17'],
  ['-T', 'fields', '-e', 'no', '-e', 'request', '-e', 'payload.vmid', '--header', '--separator', 'csv'],
  ['--json', '--limit', '20'],
  ['--to', 'hex'],
  ['--to', 'pcapng', '--filter', 'type == reply'],
];

const cases = captures.flatMap(({ name, sizes }) => forms.map((words) => ({ name, sizes, words })));

describe('any number of jobs prints the same', () => {
  for (const { name, sizes, words } of partOf(cases))
    test(`${name} ${words.join(' ')}`, async () => {
      const args = ['decode', path(name), ...words];
      const alone = await gunyahRm([...args, '--jobs', '1']);
      expect(alone.bytes.length).toBeGreaterThan(100);
      for (const [index, pieceSize] of sizes.entries()) {
        const jobs = [2, 3, 7][index % 3];
        const shared = await gunyahRm([...args, '--jobs', String(jobs)], { pieceSize });
        expect(shared.stderr).toBe(alone.stderr);
        expect(shared.code).toBe(alone.code);
        expect(shared.bytes.equals(alone.bytes), `${jobs} jobs, pieces of ${pieceSize} bytes`).toBe(true);
      }
    });
});

describe('threads are started where most messages become records', () => {
  const wanted: readonly (readonly [started: number, ...words: string[]])[] = [
    [2, '--json'],
    [2, '--frames', '--json'],
    [0, '--summary'],
    [0, '--summary', '--filter', 'type == request'],
    [0, '--json', '--filter', 'name == "VM_HOST_GET_TYPE"'],
  ];
  for (const [started, ...words] of wanted)
    test(words.join(' '), async () => {
      let count = 0;
      await gunyahRm(['decode', path('plain.pcapng'), ...words, '--jobs', '3'], {
        pieceSize: 4000,
        threadStarts: () => count++,
      });
      expect(count).toBe(started);
    });
});

// Processes with a large capture: in the second stage only.
if (isWhole)
  test('threads do the same', async () => {
    const bad = readFileSync(path('disturbed.pcapng'));
    const large = path('large.pcapng');
    // Sizes from which these commands start threads.
    for (const [size, ...words] of [
      [66 << 20, 'decode', '--filter', 'seq == 7'],
      [9 << 20, 'lint'],
    ] as const) {
      writeFileSync(large, Buffer.concat(Array.from({ length: Math.ceil(size / bad.length) }, () => bad)));
      const runs = [];
      for (const jobs of ['1', '3'])
        runs.push(await gunyahRmProcess([...words, '--json', large, '--jobs', jobs]));
      const [alone, shared] = runs;
      expect(shared?.code).toBe(alone?.code);
      expect(shared?.stderr).toBe(alone?.stderr);
      expect(shared?.stdout === alone?.stdout).toBe(true);
      expect(alone?.stdout.length).toBeGreaterThan(1000);
    }
  });

test('more jobs than there may be are refused', async () => {
  expect((await gunyahRm(['decode', path('plain.pcapng'), '--jobs', '0'])).code).toBe(2);
});
