import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-interrupted-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Causes of the findings that a campaign has written. */
const causesIn = (out: string) =>
  readdirSync(join(out, 'findings'))
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => JSON.parse(readFileSync(join(out, 'findings', name), 'utf8').split('\n', 1)[0] as string))
    .map(({ fuzz }) => fuzz.cause.key as string);

/** A campaign that is ended by a signal once it has found something. */
async function interrupted(
  out: string,
  signal: NodeJS.Signals,
): Promise<{ code: number | null; told: string[] }> {
  const child = spawn(process.execPath, [main, 'fuzz', '--time', '600', '--out', out]);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const closed = new Promise<number | null>((done) => child.on('close', done));
  while (!/panic/.test(stderr)) await sleep(20);
  child.kill(signal);
  const code = await closed;
  return { code, told: [...stderr.matchAll(/gunyah-rm: (panic \w+)/g)].map(([, key]) => key as string) };
}

describe.concurrent('a campaign that is interrupted', () => {
  it('has all that it has told of when it is killed', async () => {
    const out = join(folder, 'killed');
    const { told } = await interrupted(out, 'SIGKILL');
    expect(causesIn(out)).toEqual(expect.arrayContaining(told));
    // What was found is known when it goes on, although nobody had saved where it was.
    const { stdout } = await gunyahRm(['fuzz', '--runs', '1', '--plays', '0', '--out', out]);
    for (const key of told) expect(stdout).toContain(`  ${key}\n`);
  });

  // Windows has no signals that a process can take.
  it.skipIf(process.platform === 'win32')('ends with its reports when it is asked to', async () => {
    const out = join(folder, 'stopped');
    const { code } = await interrupted(out, 'SIGINT');
    expect(code).toBe(1);
    expect(existsSync(join(out, 'report.html'))).toBe(true);
    expect(existsSync(join(out, 'state.json'))).toBe(true);
  });
});
