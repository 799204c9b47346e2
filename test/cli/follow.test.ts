import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';
import { recorded } from '../recorded.js';
import { gunyahRm } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-follow-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function file(content: Uint8Array | string): string {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, content);
  return path;
}

const start = (vmid: number) => `3>255 21010100040000568${vmid.toString(16)}000000\n`;

/** A command that runs until it is stopped, with the lines that it has printed. */
class Running {
  text = '';
  #stop = () => {};
  readonly #ended: Promise<number>;

  constructor(...words: string[]) {
    this.#ended = run(words, {
      ...noStdio,
      write: (bytes) => {
        this.text += Buffer.from(bytes).toString();
        return true;
      },
      onStop: (stop) => {
        this.#stop = stop;
      },
    });
  }

  /** Waits until as many lines are there. */
  async lines(count: number): Promise<string[]> {
    while (this.text.split('\n').length - 1 < count) await sleep(5);
    return this.text.split('\n').slice(0, -1);
  }

  stop(): Promise<number> {
    this.#stop();
    return this.#ended;
  }
}

describe('decode --follow', () => {
  it('prints what is added, until it is interrupted', async () => {
    const path = file(start(0));
    const running = new Running('decode', '--follow', path, '--oneline');
    await running.lines(1);
    appendFileSync(path, start(1).slice(0, 20));
    appendFileSync(path, start(1).slice(20) + start(2));
    expect((await running.lines(3)).map((line) => /VM 1\d\d/.exec(line)?.[0])).toEqual([
      'VM 128',
      'VM 129',
      'VM 130',
    ]);
    expect(await running.stop()).toBe(130);
  });

  it('goes on in the file that takes its place, after the rest of the old one, and in one that is cut', async () => {
    const path = file(start(0));
    const running = new Running('decode', '--follow', path, '--json');
    await running.lines(1);
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, start(1));
    await running.lines(2);
    writeFileSync(path, start(2) + start(3));
    await running.lines(4);
    writeFileSync(path, start(4));
    const records = (await running.lines(5)).map((line) => JSON.parse(line));
    expect(records.map(({ payload }) => payload.vmid)).toEqual([128, 129, 130, 131, 132]);
    expect(records.map(({ frame }) => frame)).toEqual([1, 2, 3, 4, 5]);
    await running.stop();
  });

  it('waits for a file that is gone, and reads captures that are rotated', async () => {
    const capture = recorded('vm-lifecycle.pcapng');
    const path = file(capture.subarray(0, 3000));
    const running = new Running('decode', '--follow', path, '--oneline');
    const before = await running.lines(10);
    appendFileSync(path, capture.subarray(3000));
    expect((await running.lines(58)).slice(0, before.length)).toEqual(before);
    renameSync(path, `${path}.1`);
    await sleep(120);
    writeFileSync(path, capture);
    expect((await running.lines(116))[115]).toMatch(/^ +116 /);
    await running.stop();
  });

  it('converts while it follows, and stops at --limit', async () => {
    const path = file(start(0));
    const output = join(folder, 'live.hex');
    const done = gunyahRm(['decode', '--follow', path, '-o', output, '--limit', '2']);
    await sleep(100);
    appendFileSync(path, start(1) + start(2));
    expect((await done).code).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe(start(0) + start(1));
  });

  it.each([[['a', 'b']], [['-']]])('takes one file, not %o', async (names) => {
    const { code, stderr } = await gunyahRm(['decode', '--follow', ...names]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--follow: expected one file')]);
  });

  it('needs the file at the beginning', async () => {
    expect((await gunyahRm(['decode', '--follow', join(folder, 'none')])).code).toBe(3);
  });
});

describe('decode --to with --limit', () => {
  const path = file(recorded('vm-lifecycle.pcapng'));

  it.each([0, 1, 7])('writes the packets of the first %i messages', async (limit) => {
    const { stdout } = await gunyahRm(['decode', path, '--to', 'hex', '--limit', String(limit)]);
    const all = await gunyahRm(['decode', path, '--to', 'hex']);
    expect(stdout).toBe(
      all.stdout
        .split('\n')
        .slice(0, limit)
        .map((line) => `${line}\n`)
        .join(''),
    );
  });

  it('counts the messages that match', async () => {
    const words = ['decode', path, '--to', 'hex', '--limit', '2', '--filter', 'type == notification'];
    const { stdout } = await gunyahRm(words);
    expect(stdout.split('\n')).toHaveLength(3);
  });
});

describe('decode --stats', () => {
  it('prints a row for each interval, and the total', async () => {
    const path = file(start(0));
    const running = new Running('decode', '--follow', path, '--stats', 'every', '60ms', '--json');
    const counted = (rows: readonly string[]) => rows.reduce((sum, row) => sum + JSON.parse(row).messages, 0);
    /** Waits until the rows count as many messages. */
    const until = async (messages: number) => {
      for (let count = 1; counted(await running.lines(count)) < messages; count++);
    };
    await until(1);
    appendFileSync(path, start(1) + start(2));
    await until(3);
    expect(await running.stop()).toBe(130);
    const lines = running.text.trim().split('\n');
    expect(JSON.parse(lines.pop() as string)).toMatchObject({
      time: 'total',
      messages: 3,
      requests: 3,
      waiting: 1,
    });
    expect(counted(lines)).toBe(3);
    const rows = lines.map((line) => JSON.parse(line));
    expect(rows[0]).toMatchObject({ errors: 0, issues: 0 });
  });

  it('prints the names of the columns, and latencies where there is room', async () => {
    const path = file(recorded('vm-lifecycle.pcapng'));
    const wide = await gunyahRm(['decode', path, '--stats', '5s']);
    expect(wide.stdout.split('\n')[0]).toMatch(/^ +time +messages .* waiting +median +p99$/);
    expect(wide.stdout.split('\n')[2]).toMatch(
      /^ +total +58 +\d+\.\d +25 +25 +8 +3 +0 +0 +1\.000 ms +3\.000 ms$/,
    );
    const narrow = await gunyahRm(['decode', path, '--stats', '5s'], { columns: 80 });
    for (const line of narrow.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each(['0', '5x', '', '2d', '-1s'])('refuses "%s"', async (interval) => {
    expect((await gunyahRm(['decode', 'x', `--stats=${interval}`])).code).toBe(2);
  });

  it.each([['--summary'], ['--frames'], ['--oneline'], ['--to', 'hex']])(
    'stands alone, without %s',
    async (...words) => {
      expect((await gunyahRm(['decode', 'x', '--stats', '5s', ...words])).code).toBe(2);
    },
  );
});
