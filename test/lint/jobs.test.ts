import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import { Random } from '../../src/base/random.js';
import { PcapngWriter } from '../../src/capture/pcap/index.js';
import { gunyahRm } from '../cli/run.js';
import { withSeed } from '../seeded.js';
import { type StepLine, scenarios } from '../sim/scenarios.js';

const RM = 255;

let folder = '';
const path = (name: string) => join(folder, name);

/** Recordings one after the other as a capture, whose comments say everything else but what is loaded. */
function boots(comments: ReadonlyMap<number, string>): Buffer {
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
  let said: string[] = [];
  let count = 0;
  const put = (from: number, to: number, hex: string) => {
    const bytes = parseHex(hex) ?? new Uint8Array(0);
    said.push(...[comments.get(++count) ?? []].flat());
    writer.packet(from, to, bytes, 0, bytes.length, undefined, said.length > 0 ? said.join('\n') : undefined);
    said = [];
  };
  for (const { lines } of scenarios('rm23-lives.ndjson').slice(0, 12)) {
    said.push('{"op":"reboot"}');
    for (const { op, from, frame, refused, panic, out = [], ...keys } of lines.slice(
      1,
    ) as readonly StepLine[]) {
      if (frame !== undefined && from !== undefined && refused === undefined) put(from, RM, frame);
      else if (op !== undefined && ['reboot', 'vcpu_halt', 'receive_limit', 'drain'].includes(op))
        said.push(JSON.stringify({ op, ...keys }));
      if (panic !== undefined && frame !== undefined) said.push(`panic ${panic}`);
      for (const { to, frame } of out) put(RM, to, frame);
    }
  }
  writer.end();
  return Buffer.concat(pieces);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-lint-jobs-'));
  const recorded = (name: string) =>
    gunzipSync(readFileSync(new URL(`../recorded/${name}`, import.meta.url)));
  const memory = recorded('memory.pcapng.gz');
  writeFileSync(path('memory.pcapng'), memory);
  writeFileSync(path('framing.pcapng'), recorded('malformed-framing.pcapng.gz'));
  writeFileSync(path('boots.pcapng'), boots(new Map()));
  writeFileSync(path('bad operation.pcapng'), boots(new Map([[1000, '{"op":"reboot"}\n{"op":"reboott"}']])));
  writeFileSync(
    path('no file.pcapng'),
    boots(new Map([[1000, '{"op":"load","address":"0x0","file":"none"}']])),
  );
  writeFileSync(path('cut.pcapng'), memory.subarray(0, memory.length - 7));
  // Its pieces are as large as what zlib gives at a time.
  const packed = gzipSync(memory, { level: 0 });
  writeFileSync(path('packed.pcapng.gz'), packed);
  writeFileSync(path('cut.pcapng.gz'), packed.subarray(0, packed.length - 100));
  writeFileSync(path('recording.ndjson'), recorded('rm23-lives.ndjson.gz'));
  withSeed(5, (seed) => {
    const random = new Random(seed);
    const damaged = Uint8Array.from(memory);
    for (let count = 0; count < 10; count++) damaged[random.below(damaged.length)] = random.below(256);
    writeFileSync(path('damaged.pcapng'), damaged);
  });
  writeFileSync(path('none.bin'), new Uint8Array(70_000).fill(0x7f));
  writeFileSync(path('image.dtb'), new Uint8Array(64));
});
afterAll(() => rmSync(folder, { recursive: true }));

const cases: readonly (readonly [name: string, ...words: string[]])[] = [
  ['memory.pcapng'],
  ['memory.pcapng', '--json', '--notes'],
  ['framing.pcapng', '--format', 'sarif', '--peer', 'rm23,a14'],
  ['framing.pcapng', '--json', '--notes'],
  ['memory.pcapng', '--level', 'leaks', '--load', '0x80000000=image.dtb', '--notes'],
  ['boots.pcapng', '--json', '--notes'],
  ['boots.pcapng', '--level', 'fatal', '--manager', 'modern'],
  ['boots.pcapng', '--ignore', 'wire/truncated', '--platform', 'qemu'],
  ['bad operation.pcapng', '--json'],
  ['no file.pcapng', '--json'],
  ['cut.pcapng', '--json'],
  ['packed.pcapng.gz', '--json'],
  ['cut.pcapng.gz', '--json'],
  ['damaged.pcapng', '--json'],
  ['none.bin'],
  ['recording.ndjson', '--json'],
];

describe('a thread for the model changes nothing', () => {
  for (const [name, ...words] of cases)
    test(`${name} ${words.join(' ')}`, async () => {
      const own = words.map((word) => word.replace('image.dtb', path('image.dtb')));
      const args = ['lint', path(name), ...own];
      const alone = await gunyahRm([...args, '--jobs', '1'], { pieceSize: 100 });
      const shared = await gunyahRm([...args, '--jobs', '2'], { pieceSize: 100 });
      expect(alone.stdout.length + alone.stderr.length).toBeGreaterThan(50);
      expect(shared.stderr).toBe(alone.stderr);
      expect(shared.code).toBe(alone.code);
      expect(shared.stdout === alone.stdout).toBe(true);
    });
});

test('an interrupt ends it at the same piece of the file', async () => {
  const whole = ['lint', path('boots.pcapng'), '--json', '--notes', '--jobs'];
  const alone = await gunyahRm([...whole, '1'], { pieceSize: 100, stopAfter: 1 });
  const shared = await gunyahRm([...whole, '2'], { pieceSize: 100, stopAfter: 1 });
  const all = await gunyahRm([...whole, '1']);
  expect(shared).toEqual(alone);
  expect(shared.code).toBe(130);
  expect(shared.stdout.length).toBeGreaterThan(0);
  expect(shared.stdout.length).toBeLessThan(all.stdout.length);
});
