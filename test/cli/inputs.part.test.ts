import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import { INPUT_FORMATS, inputFormats } from '../../src/capture/input/index.js';
import { partOf } from '../part.js';
import { recorded } from '../recorded.js';
import { gunyahRm } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-inputs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const capture = resolve(import.meta.dirname, '../../captures/vm-lifecycle.pcapng');
const bytes = readFileSync(capture);
const REQUEST = '3>255 210104000400005680000000\n';

/** A frame of zstd (RFC 8878) with a window of 128 KiB: raw blocks, or a block of one byte repeated. */
function zstd(blocks: readonly (Uint8Array | { readonly byte: number; readonly count: number })[]): Buffer {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3)];
  for (const [index, block] of blocks.entries()) {
    const isRaw = block instanceof Uint8Array;
    const size = isRaw ? block.length : block.count;
    const head = (size << 3) | (isRaw ? 0 : 2) | (index === blocks.length - 1 ? 1 : 0);
    parts.push(Uint8Array.of(head & 0xff, (head >> 8) & 0xff, head >> 16));
    parts.push(isRaw ? block : Uint8Array.of(block.byte));
  }
  return Buffer.concat(parts);
}

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('describe --formats', () => {
  it('lists every format, and decodes the example of each', async () => {
    const { stdout } = await gunyahRm(['describe', '--formats']);
    const parts = stdout.split(/\n(?=\S)/);
    expect(parts.map((part) => part.split('\n')[0])).toEqual([...INPUT_FORMATS]);
    for (const part of parts) {
      const name = part.split('\n')[0] as string;
      const example = [...part.matchAll(/^ {4}(.*)$/gm)].map(([, line]) => line).join('\n');
      const isBinary = inputFormats.some((format) => format.name === name && 'begins' in format);
      const input = isBinary ? (parseHex(example.replaceAll('\n', '')) as Uint8Array) : `${example}\n`;
      for (const args of [[], ['--format', name]]) {
        const run = await gunyahRm(['decode', '-', '--json', ...args], { input });
        expect([name, run.stderr], name).toEqual([name, '']);
        expect(JSON.parse(run.stdout.split('\n')[0] as string), name).toHaveProperty('type', 'request');
      }
    }
  });
});

describe('compressed files', () => {
  const gz = file('c.pcapng.gz', gzipSync(bytes));
  const zst = file('c.pcapng.zst', zstd([bytes.subarray(0, 3000), bytes.subarray(3000)]));

  it.each([
    ['gzip', gz],
    ['zstd', zst],
  ])('%s is read by every command, by name and from standard input', async (_, path) => {
    const plain = await gunyahRm(['decode', '--json', capture]);
    expect(await gunyahRm(['decode', '--json', path])).toEqual(plain);
    expect(await gunyahRm(['decode', '--json', '-'], { input: readFileSync(path) })).toEqual(plain);
    expect((await gunyahRm(['diff', capture, path])).code).toBe(0);
    const replayed = await gunyahRm(['replay', capture]);
    expect((await gunyahRm(['replay', path])).stdout.replaceAll(path, capture)).toBe(replayed.stdout);
  });

  const packings = [
    ['gzip', (content: Uint8Array) => gzipSync(content)],
    ['zstd', (content: Uint8Array) => zstd([content.subarray(0, 20), content.subarray(20)])],
  ] as const;

  /** What a command says about files, under names that do not tell how they are packed. */
  async function said(
    args: readonly string[],
    pack: (content: Uint8Array) => Uint8Array,
    ...contents: Uint8Array[]
  ) {
    const files = contents.map((content, index) => file(`said-${index}`, pack(content)));
    const { code, stdout, stderr } = await gunyahRm(
      args.flatMap((word) => (word === 'FILES' ? files : [word])),
    );
    return { code, stdout, stderr };
  }

  it.each(packings)('of %s mean what they hold, two at once, in every format', async (_, pack) => {
    for (const { name, example } of partOf(inputFormats)) {
      const isBinary = inputFormats.some((format) => format.name === name && 'begins' in format);
      const content = isBinary
        ? parseHex(example.replaceAll('\n', ''))
        : new TextEncoder().encode(`${example}\n`);
      const contents = [content as Uint8Array, content as Uint8Array];
      const args = ['decode', '--json', '--format', name, 'FILES'];
      const plain = await said(args, (bytes) => bytes, ...contents);
      expect(plain.stdout, name).toContain('"type":"request"');
      expect(await said(args, pack, ...contents), name).toEqual(plain);
    }
  });

  it.each(packings)('of %s mean the same to every command', async (_, pack) => {
    const lines = (await gunyahRm(['decode', '--json', capture])).bytes;
    const messages = recorded('everything.pcapng').subarray(0, 40_000);
    const scenario = readFileSync(resolve(import.meta.dirname, '../../captures/scenarios/donation.ndjson'));
    const simulated = (await gunyahRm(['simulate', '-', '-o', '-'], { input: scenario })).bytes;
    const cases: readonly (readonly [readonly string[], ...Uint8Array[]])[] = [
      [['decode', '--json', 'FILES'], messages],
      [['decode', '--json', 'FILES'], bytes, messages],
      [['decode', '--frames', '--hex', 'FILES'], bytes, lines],
      [['decode', '--summary', 'FILES'], messages, bytes],
      [['decode', '--to', 'pcapng', 'FILES'], lines, bytes],
      [['diff', 'FILES'], bytes, lines],
      [['diff', 'FILES'], bytes, messages],
      [['lint', 'FILES'], messages],
      [['lint', '--json', 'FILES'], bytes],
      [['replay', 'FILES'], bytes],
      [['replay', 'FILES'], simulated],
      [['simulate', 'FILES'], scenario],
      [['encode', '--to', 'hex', 'FILES'], lines],
    ];
    for (const [args, ...contents] of partOf(cases)) {
      const plain = await said(args, (content) => content, ...contents);
      expect([plain.stdout !== '', plain.code === 2], args.join(' ')).toEqual([true, false]);
      expect(await said(args, pack, ...contents), args.join(' ')).toEqual(plain);
    }
  });

  it('are written by the ending of the name', async () => {
    const path = join(folder, 'out.pcapng.gz');
    expect((await gunyahRm(['decode', capture, '-o', path])).code).toBe(0);
    const plain = join(folder, 'out.pcapng');
    await gunyahRm(['decode', capture, '-o', plain]);
    expect(gunzipSync(readFileSync(path)).equals(readFileSync(plain))).toBe(true);
    const lines = file('lines.ndjson.gz', gzipSync((await gunyahRm(['decode', '--json', capture])).bytes));
    const copy = join(folder, 'copy.pcapng.gz');
    expect((await gunyahRm(['encode', lines, '-o', copy])).code).toBe(0);
    expect((await gunyahRm(['diff', capture, copy])).code).toBe(0);
    const empty = join(folder, 'empty.json.gz');
    await gunyahRm(['decode', capture, '--json', '--filter', 'seq == 60000', '-o', empty]);
    expect(gunzipSync(readFileSync(empty))).toHaveLength(0);
  });

  it('that are cut or damaged give what comes before, and say so', async () => {
    const cut = await gunyahRm(['decode', '--json', '-'], { input: gzipSync(bytes).subarray(0, 900) });
    expect([cut.code, cut.stdout.split('\n').length > 5]).toEqual([1, true]);
    expect(cut.stderr).toMatch(/^gunyah-rm: standard input: .*whole gzip data, not data that ends too early/);
    const { code, stderr } = await gunyahRm(['decode', '-'], { input: zstd([bytes]).subarray(0, 900) });
    expect([code, /zstd/.test(stderr)]).toEqual([1, true]);
    const wide = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 18 << 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect((await gunyahRm(['decode', '-'], { input: wide })).stderr).toMatch(/128 MiB/);
  });

  it.each(packings)('of %s that were packed twice are refused by what they are', async (name, pack) => {
    const { code, stderr } = await said(
      ['decode', '--json', 'FILES'],
      (content) => pack(pack(content)),
      bytes,
    );
    expect(code).toBe(1);
    expect(stderr).toContain(`expected a file that is packed once, not ${name} data in ${name} data`);
  });

  it('that unpack to gigabytes take little memory', async () => {
    const lines = Buffer.from(REQUEST);
    const blocks = Array.from({ length: 8192 }, () => ({ byte: 0x61, count: 128 * 1024 }));
    const before = process.memoryUsage.rss();
    const { code, stdout, stderr } = await gunyahRm(['decode', '--json', '-'], {
      input: zstd([lines, ...blocks]),
    });
    // The line of a gigabyte is refused after a megabyte.
    expect([code, stdout.split('\n').length]).toEqual([1, 2]);
    expect(stderr).toContain('line 2');
    expect(process.memoryUsage.rss() - before).toBeLessThan(512 * 1024 * 1024);
  });
});

it('decode reads what encode --to bin has written', async () => {
  const lines = await gunyahRm(['decode', '--json', capture]);
  const { bytes: input } = await gunyahRm(['encode', '-', '--to', 'bin'], { input: lines.bytes });
  const raws = async (run: Promise<{ stdout: string }>) =>
    (await run).stdout.split('\n').map((line) => line && JSON.parse(line).raw);
  const whole = await raws(gunyahRm(['decode', '--frames', '--json', capture]));
  expect(await raws(gunyahRm(['decode', '--frames', '--json', '-'], { input }))).toEqual(whole);
});
