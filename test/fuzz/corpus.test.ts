import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { gunyahRm } from '../cli/run.js';
import { findingOf } from './finding.js';
import { recordedSessions } from './recorded-source.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-corpus-'));
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
  const finding = join(folder, 'finding-001.ndjson');
  writeFileSync(finding, findingOf(recordedSessions()[0] ?? []));
  const { stdout, code } = await gunyahRm(['fuzz', 'corpus', '--out', corpus, '--from', finding]);
  expect(code).toBe(0);
  expect(stdout).toBe(`${files().length} messages\n`);
}, 60_000);

function files(): string[] {
  return ['requests', 'replies', 'notifications'].flatMap((kind) =>
    readdirSync(join(corpus, kind)).map((name) => join(corpus, kind, name)),
  );
}

describe('a corpus', () => {
  it('has every message, of goldens and findings, each input once', () => {
    const names = files().map((file) => file.replace(/^.*\//, ''));
    for (const { name } of protocol.messages)
      expect(names.some((file) => file.startsWith(`${name}.`))).toBe(true);
    expect(names.filter((name) => name.startsWith('finding-001.')).length).toBeGreaterThan(0);
    expect(new Set(files().map((file) => readFileSync(file, 'hex'))).size).toBe(files().length);
  });

  it('consists of whole queue messages: each but the last of a file has 240 bytes', () => {
    for (const file of files().filter((name) => !name.includes('finding'))) {
      const bytes = readFileSync(file);
      expect(bytes[0]).toBe(0x21);
      for (let at = 0; at < bytes.length; at += protocol.limits.queue_message) expect(bytes[at]).toBe(0x21);
    }
  });

  it('has a dictionary of named byte strings', () => {
    const lines = readFileSync(dictionary, 'utf8').trimEnd().split('\n').slice(1);
    expect(lines).toContain('VM_START="\\x04\\x00\\x00\\x56"');
    for (const line of lines) expect(line).toMatch(/^\w+="(\\x[0-9a-f]{2})+"$/);
  });
});

describe('other fuzzers', () => {
  const inContinuousIntegration = process.env.CI !== undefined;

  it.skipIf(!hasLibFuzzer && !inContinuousIntegration)(
    'libFuzzer loads the corpus (without: clang, libclang-rt)',
    () => {
      const said = printed(libFuzzer, ['-runs=0', '-max_len=240', `-dict=${dictionary}`, corpus]);
      const count = readFileSync(dictionary, 'utf8').trimEnd().split('\n').length - 1;
      expect(said).toContain(`Dictionary: ${count} entries`);
      // The dictionary lies beside the inputs.
      expect(said).toContain(`${files().length + 1} files found`);
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
      ['-n', '-V', '1', '-x', dictionary, '-i', inputs, '-o', found, '--', target, '@@'],
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
