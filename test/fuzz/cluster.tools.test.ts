import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';

const examples = join(import.meta.dirname, '../../docs/examples');
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-cluster-'));
afterAll(() => rmSync(folder, { recursive: true }));
const SHARDS = 8;
/** Cases of each shard. */
const CASES = 20;
/** A manager that dies of each message in the same way: confirming many findings would take longer than the cases. */
const manager = `#!/bin/sh
echo ready
while read -r line; do echo abort overrun; done`;

/** What the scripts call: this package for fewer cases, with the folder of the test in the place of /. */
function places(name: string): { readonly home: string; readonly path: string } {
  const home = join(folder, name);
  mkdirSync(join(home, 'bin'), { recursive: true });
  const command = `#!/bin/sh
    for word; do
      shift
      case "$word" in
        --time) word=--runs;;
        3600) word=${CASES};;
        /campaign*) word='${home}'$word;;
        exec:/manager) word='exec:${home}/manager';;
      esac
      set -- "$@" "$word"
    done
    exec '${process.execPath}' '${main}' "$@"`;
  for (const [file, text] of [
    ['bin/gunyah-rm', command],
    ['manager', manager],
  ] as const) {
    writeFileSync(join(home, file), text);
    chmodSync(join(home, file), 0o755);
  }
  return { home, path: `${join(home, 'bin')}:${process.env.PATH}` };
}

/** Runs a script of a cluster once for each shard, all at the same time. @returns how each ended. */
function runShards(
  cwd: string,
  args: readonly string[],
  variables: (shard: number) => Readonly<Record<string, string>>,
): Promise<{ status: number; stderr: string }[]> {
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const run = (shard: number) =>
    new Promise<{ status: number; stderr: string }>((done) => {
      const env = { ...process.env, ...variables(shard) };
      execFile('sh', [...args], { cwd, env }, (error, _, stderr) =>
        done({ status: Number(error?.code ?? 0), stderr }),
      );
    });
  return Promise.all(shards.map(run));
}

async function expectAllShards(campaign: string): Promise<void> {
  for (let index = 1; index <= SHARDS; index++)
    expect(existsSync(join(campaign, `shard-${index}-of-${SHARDS}`, 'state.json'))).toBe(true);
  const all = join(campaign, 'all');
  expect((await gunyahRm(['fuzz', 'merge', campaign, '--out', all])).code).toBeLessThan(2);
  // Of the cases of every shard.
  expect(readFileSync(join(all, 'summary.txt'), 'utf8')).toMatch(
    new RegExp(`crash overrun\\n[^]* found ${SHARDS * CASES} times`),
  );
}

describe('the scripts for clusters, as printed', () => {
  it('Slurm: each task of the array is a shard', async () => {
    const { home, path: PATH } = places('slurm');
    const script = readFileSync(join(examples, 'fuzz-array.sh'), 'utf8');
    const [, first, last] = /^#SBATCH --array=(\d+)-(\d+)$/m.exec(script) ?? [];
    expect([first, last]).toEqual(['1', String(SHARDS)]);
    copyFileSync(join(examples, 'fuzz-array.sh'), join(home, 'fuzz-array.sh'));
    const tasks = await runShards(home, ['fuzz-array.sh'], (shard) => ({
      PATH,
      SLURM_ARRAY_TASK_ID: String(shard + 1),
      SLURM_ARRAY_TASK_MIN: '1',
      SLURM_ARRAY_TASK_COUNT: String(SHARDS),
    }));
    for (const { status, stderr } of tasks) expect(status, stderr).toBeLessThan(2);
    await expectAllShards(join(home, 'campaign'));
  });

  it('Kubernetes: each pod of the indexed Job is a shard, and findings are no failure', async () => {
    const { home, path: PATH } = places('kubernetes');
    const job = readFileSync(join(examples, 'fuzz-job.yaml'), 'utf8');
    expect(job).toMatch(/^ {2}completionMode: Indexed\n {2}completions: 8\n {2}parallelism: 8$/m);
    expect(job).toContain('command: [sh, -c]\n');
    const [, args = ''] = /^ {10}args:\n {12}- (.*)$/m.exec(job) ?? [];
    expect(args).toContain(`--shard auto/${SHARDS} `);
    const pods = await runShards(home, ['-c', args], (shard) => ({
      PATH,
      JOB_COMPLETION_INDEX: String(shard),
    }));
    for (const { status, stderr } of pods) expect(status, stderr).toBe(0);
    await expectAllShards(join(home, 'campaign'));
  });
});
