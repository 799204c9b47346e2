import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordedTraces } from '../capture/ktrace/read.js';
import { gunyahRm } from './run.js';

const traces = new Map(recordedTraces().map((trace) => [trace.name, trace]));
let folder = '';

/** A file with the text of a recorded trace. */
function fileOf(name: string): string {
  const path = join(folder, `${name}.txt`);
  writeFileSync(path, traces.get(name)?.text ?? '', 'latin1');
  return path;
}

const json = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-ktrace-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('decode of kernel traces', () => {
  it('shows RM messages, and says how many of other queues are left out', async () => {
    const { code, stdout, stderr } = await gunyahRm([
      'decode',
      '--frames',
      '--json',
      fileOf('trace-6.12-v15'),
    ]);
    expect(code).toBe(0);
    const frames = json(stdout).map(({ from, to, raw }) => `${from}>${to} ${raw}`);
    expect(frames).toEqual(traces.get('trace-6.12-v15')?.frames);
    expect(stderr).toContain('13 messages of other queues are left out (--all-queues shows them)');
  });

  it('--all-queues shows those too, with their queue', async () => {
    const { stdout } = await gunyahRm(['decode', '--json', '--all-queues', fileOf('trace-6.12-v15')]);
    const others = json(stdout).filter(({ queue }) => queue !== undefined);
    expect(others.map(({ type }) => type)).toEqual(Array(13).fill('other'));
    expect(others[0]).toMatchObject({ queue: '0x4d1b8e2c000000a7', from: 3, clock: 'local' });
  });

  it('names the clock, and keeps it in NDJSON and pcapng', async () => {
    const trace = fileOf('dmesg-6.12');
    const first = await gunyahRm(['decode', '--json', trace]);
    expect(json(first.stdout)[1]).toMatchObject({ clock: 'mono', time: '1970-01-01T00:00:18.915603000Z' });
    const ndjson = join(folder, 'copy.ndjson');
    writeFileSync(ndjson, first.stdout);
    expect((await gunyahRm(['decode', '--json', ndjson])).stdout).toBe(first.stdout);
    const pcapng = join(folder, 'copy.pcapng');
    await gunyahRm(['decode', '--to', 'pcapng', '-o', pcapng, trace]);
    expect((await gunyahRm(['decode', '--json', pcapng])).stdout).toBe(first.stdout);
  });

  it('reports what was lost and cut as issues', async () => {
    const lost = await gunyahRm(['decode', '--json', fileOf('trace-6.12-v15-overwritten')]);
    expect(json(lost.stdout)[0].issues).toContainEqual({
      code: 'lost',
      path: '',
      offset: 0,
      expected: 0,
      actual: 785,
    });
    const cut = await gunyahRm(['decode', '--frames', '--json', fileOf('bpftrace-0.23-r-strlen64')]);
    const issues = json(cut.stdout).flatMap(({ issues = [] }) => issues);
    expect(issues.map(({ code, expected, actual }) => [code, expected, actual])).toEqual([
      ['cut', 240, 60],
      ['cut', 240, 60],
      ['cut', 76, 60],
    ]);
    expect([lost.code, cut.code]).toEqual([1, 1]);
  });

  it('says what to do when the tracer prints no bytes', async () => {
    const { code, stderr } = await gunyahRm(['decode', fileOf('perf-6.12-script')]);
    expect(code).toBe(1);
    expect(stderr).toContain('trace-cmd and perf print arrays as zeros');
  });

  it('takes a text without any trace for no capture', async () => {
    const path = join(folder, 'prose.txt');
    writeFileSync(path, 'nothing of interest happened here\n'.repeat(4000));
    const { code, stdout, stderr } = await gunyahRm(['decode', path]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('format');
    expect(readFileSync(path, 'utf8')).toContain('nothing');
  });
});
