import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-fuzzers-'));
const corpus = join(folder, 'corpus');
const dictionary = join(corpus, 'gunyah-rm.dict');
const source = join(import.meta.dirname, 'harness.c');

afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program to its end; what it printed, on both. */
function printed(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', program, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
}

function has(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

const libFuzzer = join(folder, 'libfuzzer-target');
const hasLibFuzzer = has(() =>
  printed('clang', ['-DLIBFUZZER', '-fsanitize=fuzzer', '-o', libFuzzer, source]),
);
const hasAfl = has(() => execFileSync('sh', ['-c', 'command -v afl-fuzz && command -v cc']));

beforeAll(async () => {
  expect((await gunyahRm(['fuzz', 'corpus', '--out', corpus])).code).toBe(0);
});

describe('other fuzzers', () => {
  const inContinuousIntegration = process.env.CI !== undefined;

  it.skipIf(!hasLibFuzzer && !inContinuousIntegration)(
    'libFuzzer loads the corpus (without: clang, libclang-rt)',
    () => {
      const said = printed(libFuzzer, ['-runs=0', '-max_len=240', `-dict=${dictionary}`, corpus]);
      const inputs = ['requests', 'replies', 'notifications'].flatMap((kind) =>
        readdirSync(join(corpus, kind)),
      );
      const count = readFileSync(dictionary, 'utf8').trimEnd().split('\n').length - 1;
      expect(said).toContain(`Dictionary: ${count} entries`);
      // The dictionary lies beside the inputs.
      expect(said).toContain(`${inputs.length + 1} files found`);
    },
  );

  it.skipIf(!hasAfl && !inContinuousIntegration)('AFL++ loads the corpus (without: afl++)', () => {
    const target = join(folder, 'afl-target');
    const found = join(folder, 'found');
    mkdirSync(found);
    printed('cc', ['-o', target, source]);
    const inputs = join(corpus, 'notifications');
    const said = printed(
      'afl-fuzz',
      ['-t', '60000', '-n', '-V', '1', '-x', dictionary, '-i', inputs, '-o', found, '--', target, '@@'],
      {
        AFL_NO_UI: '1',
        AFL_SKIP_CPUFREQ: '1',
        AFL_NO_AFFINITY: '1',
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES: '1',
      },
    );
    expect(said).toContain(`Loaded a total of ${readdirSync(inputs).length} seeds`);
  });
});
