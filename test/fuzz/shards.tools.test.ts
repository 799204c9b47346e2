import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partOf, readShard } from '../../src/fuzz/engine/shard.js';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-shards-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('--shard', () => {
  it.each([
    ['1/8', {}, 0, 8],
    ['8/8', {}, 7, 8],
    ['auto/4', { JOB_COMPLETION_INDEX: '3' }, 3, 4],
    ['auto', { SLURM_ARRAY_TASK_ID: '5', SLURM_ARRAY_TASK_MIN: '1', SLURM_ARRAY_TASK_COUNT: '8' }, 4, 8],
    ['auto/9', { SLURM_ARRAY_TASK_ID: '0', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_COUNT: '8' }, 0, 9],
    ['auto/2', { PARALLEL_SEQ: '2' }, 1, 2],
  ])('%s with %j', (text, variables, index, count) => {
    expect(readShard(text, variables)).toEqual({ index, count });
  });

  it.each(['0/8', '9/8', 'auto', 'auto/8', '1', 'x/y', ''])('refuses %s', (text) => {
    expect(() => readShard(text, {})).toThrow('--shard');
  });

  it('is divided into parts that have all of its cases', () => {
    const shard = { index: 1, count: 3 };
    const parts = [0, 1].map((part) => partOf(shard, part, 2));
    const serials = parts.flatMap(({ index, count }) => [0, 1, 2].map((serial) => serial * count + index));
    expect(serials.sort((one, other) => one - other)).toEqual([1, 4, 7, 10, 13, 16]);
  });
});

describe('shards of a campaign', () => {
  const out = join(folder, 'campaign');
  const places = [1, 2, 3, 4, 5, 6, 7, 8];
  const shards = places.map((shard) => join(out, `shard-${shard}-of-8`));
  beforeAll(async () => {
    for (const shard of places)
      await gunyahRm(['fuzz', '--runs', '2', '--plays', '5', '--out', out, '--shard', `${shard}/8`]);
  });

  const merged = async (name: string, ...folders: string[]) => {
    const to = join(folder, name);
    const { code, stderr } = await gunyahRm(['fuzz', 'merge', ...folders, '--out', to]);
    expect({ code, stderr }).toEqual({ code: findings(to).length > 0 ? 1 : 0, stderr: '' });
    return to;
  };
  const contents = (path: string) =>
    [
      'state.json',
      'summary.txt',
      'coverage.txt',
      'report.html',
      ...findings(path).map((name) => `findings/${name}`),
    ].map((name) => readFileSync(join(path, name), 'utf8'));
  const findings = (path: string) =>
    // A shard without findings has no folder for them.
    existsSync(join(path, 'findings'))
      ? readdirSync(join(path, 'findings')).filter((name) => name.endsWith('.ndjson'))
      : [];
  const causes = (path: string) =>
    findings(path).map(
      (name) =>
        JSON.parse(readFileSync(join(path, 'findings', name), 'utf8').split('\n', 1)[0] as string).fuzz.cause
          .key,
    );

  it('are merged in any order and in any steps to the same', async () => {
    const whole = await merged('whole', out);
    const [first = '', second = '', ...others] = shards;
    const left = await merged('left', await merged('first two', second, first), ...others);
    const right = await merged('right', first, await merged('the last', ...others.toReversed(), second));
    expect(contents(left)).toEqual(contents(whole));
    expect(contents(right)).toEqual(contents(whole));
    expect(causes(whole)).not.toEqual([]);
    expect(new Set(causes(whole))).toEqual(new Set(shards.flatMap(causes)));
    expect(readFileSync(join(whole, 'summary.txt'), 'utf8')).toContain('\n16 cases, ');
  });

  it('show together what one campaign with the same cases shows', async () => {
    const numbers = new Set<string>();
    for (const shard of shards)
      for (const [, number] of readFileSync(join(shard, 'state.json'), 'utf8').matchAll(/"firstCase":(\d+)/g))
        numbers.add(number as string);
    const alone: string[] = [];
    for (const number of numbers) {
      const { stdout } = await gunyahRm(['fuzz', '--case', number, '--plays', '0']);
      alone.push(...[...stdout.matchAll(/^ +1 {2}(panic \w+)$/gm)].map(([, key]) => key as string));
    }
    const whole = join(folder, 'whole');
    expect(new Set(causes(whole).filter((key) => key.startsWith('panic')))).toEqual(new Set(alone));
  });

  it('are refused when one is there twice, or when they are of different campaigns', async () => {
    const refused = async (...folders: string[]) =>
      (await gunyahRm(['fuzz', 'merge', ...folders, '--out', join(folder, 'refused')])).code;
    expect(await refused(out, shards[0] as string)).toBe(2);
    const other = join(folder, 'other');
    await gunyahRm(['fuzz', '--runs', '1', '--plays', '0', '--careful', '--out', other]);
    expect(await refused(out, other)).toBe(2);
  });

  it('run as processes with --jobs, in one folder with one list of findings', () => {
    const to = join(folder, 'jobs');
    const words = ['fuzz', '--jobs', '2', '--runs', '6', '--plays', '5', '--out', to];
    let stdout = '';
    try {
      execFileSync(process.execPath, [main, ...words], { stdio: 'pipe' });
    } catch (error) {
      const failed = error as { status: number; stdout: Buffer };
      expect(failed.status).toBe(1);
      stdout = failed.stdout.toString();
    }
    expect(stdout).toContain('\n6 cases, ');
    expect(stdout).toMatch(/^\d+ % of the time beside it for confirming and minimising$/m);
    expect(stdout).toMatch(/^\d+\.\d s at most between two updates on the terminal$/m);
    expect(readdirSync(to).sort()).toEqual(
      [
        'coverage.txt',
        'findings',
        'report.html',
        'shard-1-of-2',
        'shard-2-of-2',
        'state.json',
        'summary.txt',
      ].sort(),
    );
  });
});
