import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gunyahRm, gunyahRmProcess } from '../cli/run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const findingsIn = (out: string) =>
  readdirSync(join(out, 'findings'))
    .filter((name) => name.endsWith('.ndjson'))
    .map((name) => join(out, 'findings', name));

/** The first line of a finding. */
function about(file: string): { fuzz: { cause: { key: string }; reproduce: string[]; state: string } } {
  return JSON.parse(readFileSync(file, 'utf8').split('\n', 1)[0] as string);
}

describe('fuzz', () => {
  const out = join(folder, 'campaign');

  it('finds, says how to find it again, and exits with 1', async () => {
    const { code, stdout, stderr } = await gunyahRm(['fuzz', '--runs', '12', '--plays', '30', '--out', out]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^ {2}1 {2}panic \w+\n {5}\d+ steps \(smallest\), found .*\n {5}gunyah-rm fuzz --target sim --seed 1 --case \d+\n/,
    );
    expect(stdout).toMatch(
      /\n12 cases, \d+ steps in .* findings\n\d+ % of the time .*\n\d+\.\d s at most .*\n$/,
    );
    expect(stderr).toContain('gunyah-rm: panic ');
    expect(readFileSync(join(out, 'summary.txt'), 'utf8')).toBe(stdout);
    expect(readFileSync(join(out, 'coverage.txt'), 'utf8')).toMatch(/VM_ALLOC_VMID +OK/);
  });

  it('leaves findings that each reproduce in a process of its own, from the file and from its line', async () => {
    for (const file of findingsIn(out).slice(0, 2)) {
      const { fuzz } = about(file);
      expect(fuzz.reproduce[0]).toBe(`gunyah-rm fuzz reproduce ${basename(file)}`);
      const fromFile = await gunyahRmProcess(['fuzz', 'reproduce', file]);
      expect(fromFile.code).toBe(1);
      expect(fromFile.stdout).toContain(`as found: ${fuzz.cause.key}, in step`);
      const fromLine = await gunyahRm(fuzz.reproduce[1]?.split(' ').slice(1) ?? []);
      expect(fromLine.code).toBe(1);
      expect(fromLine.stdout).toContain(`  1  ${fuzz.cause.key}\n`);
    }
  });

  it('writes findings as recordings', async () => {
    const { code, stdout } = await gunyahRm(['replay', ...findingsIn(out)]);
    expect(stdout).toMatch(/^(\d+) steps, \1 equal, 0 different\n$/);
    expect(code).toBe(0);
  });

  it('writes a page for each finding: what happened, the session with names, how to play it again', () => {
    for (const file of findingsIn(out)) {
      const page = readFileSync(file.replace(/ndjson$/, 'md'), 'utf8');
      const { fuzz } = about(file);
      expect(page).toMatch(/^# Finding \d+: the target dies at .+\n\nThe target died while it handled step /);
      expect(page).toContain(fuzz.cause.key.replace(/^panic /, ''));
      expect(page).toContain('It is a place where the public manager is known to die: ');
      expect(page).toContain(`    ${fuzz.reproduce[0]}\n`);
      expect(page).toMatch(/^1\. (HLOS|VM \d+): request \w+ seq /m);
      expect(page.includes('/dts-v1/;')).toBe(readFileSync(file, 'utf8').includes('"data":"d00dfeed'));
    }
  });

  it('writes a page that needs nothing else', () => {
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).not.toMatch(/<script|https?:|<link|<img|undefined|NaN/);
    expect(page.match(/<svg/g)).toHaveLength(4);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('goes on from there', async () => {
    const { stdout } = await gunyahRm(['fuzz', '--runs', '5', '--plays', '0', '--out', out]);
    expect(stdout).toMatch(/\n17 cases/);
    expect(stdout).toMatch(/^ {2}1 {2}panic \w+\n {5}\d+ steps \(smallest\)/);
  });

  it('leaves findings that are merged with the seed of their campaign', async () => {
    const [other, all] = [join(folder, 'other'), join(folder, 'all')];
    await gunyahRm(['fuzz', '--seed', '7', '--runs', '4', '--plays', '0', '--out', other]);
    const { code, stdout } = await gunyahRm(['fuzz', 'merge', other, '--out', all]);
    expect(code).toBe(1);
    for (const file of findingsIn(all)) expect(stdout).toContain(`\n     ${about(file).fuzz.reproduce[1]}\n`);
    expect(stdout).toContain(' --seed 7 --case ');
    expect(readFileSync(join(all, 'report.html'), 'utf8')).toContain(' --seed 7 --case ');
  });

  it('is not overwritten by what others have found, but what was merged is', async () => {
    const [other, all] = [join(folder, 'other'), join(folder, 'all')];
    const before = findingsIn(out);
    for (const words of [
      ['fuzz', 'merge', other, '--out', out],
      ['fuzz', '--jobs', '2', '--runs', '2', '--out', out],
    ]) {
      const { code, stderr } = await gunyahRm(words);
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('no campaign of its own'),
      });
    }
    expect(findingsIn(out)).toEqual(before);
    // Of an earlier merging with more seeds.
    mkdirSync(join(all, 'seeds'));
    for (const name of ['seed-00004.ndjson', 'own.txt']) writeFileSync(join(all, 'seeds', name), 'stale');
    expect((await gunyahRm(['fuzz', 'merge', out, other, '--out', all])).code).toBe(1);
    expect(readdirSync(join(all, 'seeds'))).toEqual(['own.txt']);
  });

  it('does not go on with another campaign', async () => {
    const { code, stderr } = await gunyahRm(['fuzz', '--seed', '2', '--runs', '5', '--out', out]);
    expect(code).toBe(2);
    expect(stderr).toContain('--out');
  });

  it('does not go on with a campaign of an older version', async () => {
    const old = join(folder, 'old');
    mkdirSync(old);
    writeFileSync(join(old, 'state.json'), '{"origin":{}}');
    const { code, stderr } = await gunyahRm(['fuzz', '--runs', '1', '--out', old]);
    expect(code).toBe(1);
    expect(stderr).toContain('begin another folder');
  });

  it('does the same under the same seed', async () => {
    const run = async () => (await gunyahRm(['fuzz', '--runs', '4', '--plays', '50', '--seed', '7'])).stdout;
    const [one, other] = await Promise.all([run(), run()]);
    const timeless = (text: string) => text.replace(/in .* s \(\d+ a second\)|\d+ %|\d+\.\d s at most/g, '');
    expect(timeless(one)).toBe(timeless(other));
  });

  it.each([
    ['--target', 'program:x'],
    ['--seed', '-1'],
    ['--message', 'VM_NOTHING'],
    ['--platform', 'moon'],
    ['--target', 'socket:x', '--reference'],
  ])('refuses %s %s', async (...args) => {
    expect((await gunyahRm(['fuzz', '--runs', '1', ...args])).code).toBe(2);
  });
});

describe('reproduce', () => {
  it('plays any recording', async () => {
    const file = join(folder, 'recording.ndjson');
    const lines = [{ scenario: 'x' }, { from: 3, frame: '2101000024000056' }, { op: 'remark', text: 'x' }];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const { code, stdout } = await gunyahRm(['fuzz', 'reproduce', file]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'nothing wrong in 1 steps\n' });
  });

  it('says what a target cannot do', async () => {
    const file = join(folder, 'halt.ndjson');
    const lines = [{ scenario: 'x' }, { op: 'vcpu_halt', vmid: 3, state: 2 }];
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const target = 'exec:echo ready; while read line; do echo ok; done';
    const { code, stderr } = await gunyahRm(['fuzz', 'reproduce', file, '--target', target]);
    expect(code).toBe(2);
    expect(stderr).toContain('vcpu_halt');
  });
});
