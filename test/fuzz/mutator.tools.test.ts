import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { isWanted } from '../golden/tools.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-mutator-'));
const path = (name: string) => join(folder, name);
const parser = join(import.meta.dirname, 'parser.c');
const strict = ['-O1', '-Wall', '-Wextra', '-Werror'];
/** The other kind of entries, five of them, and nothing behind them. */
const DEEP = 4;
/** A text of 40 bytes with its padding. AFL++ spends most of a short run on its inputs, so it gets a single one. */
const TEXT = { defect: 2, seed: 'VM_LOOKUP_URI.request.typical' };
const RUNS = { libFuzzer: 100_000, afl: 20_000 };

afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, said: `${stdout}${stderr}` };
}

function compile(compiler: string, args: readonly string[]): void {
  expect(run(compiler, [...strict, ...args])).toMatchObject({ status: 0 });
}

beforeAll(async () => {
  for (const [form, file] of [
    ['afl-mutator', 'mutator.c'],
    ['c', 'gunyah_rm.h'],
  ] as const)
    expect((await gunyahRm(['export', form, '-o', path(file)])).code).toBe(0);
  expect((await gunyahRm(['fuzz', 'corpus', '--out', path('corpus')])).code).toBe(0);
  mkdirSync(path('seeds'));
  for (const name of readdirSync(path('corpus/requests')).filter((file) => file.endsWith('.typical')))
    copyFileSync(path(`corpus/requests/${name}`), path(`seeds/${name}`));
});

describe.runIf(isWanted('clang'))('the mutator for other fuzzers', () => {
  it('is C99 without undefined behaviour, for whatever input', () => {
    compile('clang', ['-std=c99', '-Wpedantic', '-c', '-o', path('strict.o'), path('mutator.c')]);
    const inputs = join(import.meta.dirname, 'mutator-inputs.c');
    const sanitize = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
    compile('clang', [...sanitize, '-o', path('inputs'), inputs, path('mutator.c')]);
    const files = readdirSync(path('corpus/requests')).map((name) => path(`corpus/requests/${name}`));
    const { status, said } = run(path('inputs'), files);
    expect({ status, said }).toMatchObject({ status: 0 });
    const [count = 0, changed = 0] = (said.match(/\d+/g) ?? []).map(Number);
    expect(count).toBeGreaterThan(20_000);
    expect(changed / count).toBeGreaterThan(0.9);
  });

  it('leads libFuzzer to a deep defect, which plain bytes do not reach in as many executions', () => {
    const target = ['-fsanitize=fuzzer', `-DDEFECT=${DEEP}`, '-I', folder, parser];
    compile('clang', [...target, '-o', path('plain')]);
    compile('clang', [...target, '-DGUNYAH_RM_LIBFUZZER', path('mutator.c'), '-o', path('grammar')]);
    const dictionary = `-dict=${path('corpus/gunyah-rm.dict')}`;
    const fuzz = (program: string) => {
      const options = ['-seed=1', `-runs=${RUNS.libFuzzer}`, '-max_len=2048', dictionary];
      // What libFuzzer finds goes to the first folder.
      const found = path(`${program}-new`);
      mkdirSync(found);
      return run(path(program), [...options, found, path('seeds')]);
    };
    expect(fuzz('plain')).toMatchObject({ status: 0 });
    expect(fuzz('grammar').said).toContain('deadly signal');
  });

  it.runIf(isWanted('afl-clang-fast'))('leads AFL++ there too', () => {
    compile('clang', ['-shared', '-fPIC', '-o', path('mutator.so'), path('mutator.c')]);
    mkdirSync(path('seed'));
    copyFileSync(path(`seeds/${TEXT.seed}`), path(`seed/${TEXT.seed}`));
    const target = ['-DFOR_AFL', `-DDEFECT=${TEXT.defect}`, '-I', folder, parser];
    expect(run('afl-clang-fast', [...target, '-o', path('target')], { AFL_QUIET: '1' }).status).toBe(0);
    const crashes = (out: string, env: NodeJS.ProcessEnv) => {
      const options = ['-t', '60000', '-s', '1', '-E', String(RUNS.afl), '-i', path('seed'), '-o', path(out)];
      const { said } = run('afl-fuzz', [...options, '--', path('target')], {
        AFL_NO_UI: '1',
        AFL_SKIP_CPUFREQ: '1',
        AFL_NO_AFFINITY: '1',
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES: '1',
        ...env,
      });
      const stats = readFileSync(path(`${out}/default/fuzzer_stats`), 'utf8');
      expect(Number(/^execs_done +: (\d+)/m.exec(stats)?.[1]), said).toBeGreaterThanOrEqual(RUNS.afl);
      return Number(/^saved_crashes +: (\d+)/m.exec(stats)?.[1]);
    };
    expect(crashes('plain-found', {})).toBe(0);
    const mutator = { AFL_CUSTOM_MUTATOR_LIBRARY: path('mutator.so'), AFL_CUSTOM_MUTATOR_ONLY: '1' };
    expect(crashes('grammar-found', mutator)).toBeGreaterThan(0);
  });
});
