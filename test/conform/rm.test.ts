import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CaseResult, managerCases, runCase } from '../../src/conform/index.js';
import { runLocally, SimTarget, type SimTargetOptions } from '../../src/target/index.js';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';
import { Server, Workshop } from '../serve/server.js';
import { mutants } from './mutants.js';

const cases = managerCases();
/** For managers that answer. */
const patient = ['--limit', String(patienceMs)];

/** What the cases show of a simulated manager. @param select those that run. */
function resultsOf(options: SimTargetOptions = {}, select = (_name: string) => true): CaseResult[] {
  const target = new SimTarget(options);
  return cases
    .filter(({ name }) => select(name))
    .map((item) => {
      target.reset();
      return runLocally(runCase(item, { steps: target.steps, isFresh: true, isLoaded: false }), target);
    });
}

const wrong = (results: readonly CaseResult[]) =>
  results
    .filter(({ status }) => status !== 'passed')
    .map(({ case: { name }, status }) => `${status} ${name}`);

describe('the cases for managers', () => {
  it('are hundreds, in all chapters, with names and rules of their own', () => {
    expect(cases.length).toBeGreaterThan(500);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const { name, chapter, rule, source, steps } of cases) {
      expect(name.startsWith(`${chapter}/`)).toBe(true);
      expect(rule).toMatch(/^[A-Z].*\.$/);
      expect(source).not.toBe('');
      expect(steps.length).toBeGreaterThan(0);
    }
  });

  it('pass on the simulated manager', () => {
    expect(wrong(resultsOf())).toEqual([]);
  });

  it("fail where today's manager answers more, and nowhere else", async () => {
    const { managers } = await import('../../src/rm/index.js');
    const failed = wrong(resultsOf({ profile: managers.modern }));
    expect(failed.length).toBeGreaterThan(5);
    expect(failed.filter((text) => !text.startsWith('failed unknown/'))).toEqual([]);
  });

  it.each(Object.entries(mutants))('catch %s', (_bug, { manager, caughtBy }) => {
    expect(wrong(resultsOf({ manager }, (name) => name === caughtBy))).toEqual([`failed ${caughtBy}`]);
  });
});

const workshop = new Workshop();

describe('conform rm', () => {
  it('refuses a filter that names no case: a report of nothing would look like success', async () => {
    for (const words of [['rm'], ['rm', '--list'], ['client', '--socket', 'none.sock']]) {
      const { code, stderr } = await gunyahRm(['conform', ...words, '--filter', 'nothing like this']);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('--filter: expected a text that some case'),
      ]);
    }
  });

  it('prints a line for each chapter, and the cases without running them', async () => {
    const { code, stdout } = await gunyahRm([
      'conform',
      'rm',
      '--filter',
      'framing/',
      '--filter',
      'full queues',
    ]);
    expect(stdout).toMatch(
      /^Header and framing {2}\d+ passed\nFull queues {9}\d+ passed\n\d+ cases: \d+ passed\n$/,
    );
    expect(code).toBe(0);
    const list = await gunyahRm(['conform', 'rm', '--list', '--format', 'json', '--filter', 'required']);
    const rows = list.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(rows.map(({ level }) => level))).toEqual(new Set(['required']));
  });

  it('shows both messages of a failure, and writes a recording that replay takes', async () => {
    const out = workshop.file('out');
    const args = [
      'conform',
      'rm',
      '--manager',
      'modern',
      '--filter',
      'unknown/VM_GET_VPM',
      '--filter',
      'unknown/GET_IDENT',
    ];
    const { code, stdout } = await gunyahRm([...args, '--out', out]);
    expect(code).toBe(1);
    expect(stdout).toContain(
      'failed unknown/GET_IDENT (observed): expected reply 0x00000001 UNIMPLEMENTED to VM 3, came',
    );
    expect(stdout).toContain('  ! error     UNIMPLEMENTED  OK\n');
    expect(stdout).toMatch(/expected {2}2102000101000000ffffffff\n {4}actual {4}21020001010000000000000/);
    const file = /recording: (\S+)/.exec(stdout)?.[1] as string;
    expect(readFileSync(file, 'utf8')).toContain('"scenario":"conform: unknown/GET_IDENT"');
    const again = await gunyahRm(['replay', '--manager', 'modern', file]);
    expect(again).toMatchObject({ code: 0, stdout: '1 steps, 1 equal, 0 different\n' });
    expect((await gunyahRm(['replay', file])).stdout).toContain('0 equal, 1 different');
  });

  it.skipIf(process.platform === 'win32')(
    'runs on a socket what needs no boot, twice (needs unix sockets)',
    async () => {
      const path = workshop.file('conform.sock');
      await Server.ready(['--socket', path]);
      const some = ['fragments/', 'memory/', 'lives/'].flatMap((name) => ['--filter', name]);
      for (let run = 0; run < 2; run++) {
        const { code, stdout } = await gunyahRm([
          'conform',
          'rm',
          '--target',
          `socket:${path}`,
          ...patient,
          ...some,
        ]);
        expect(stdout).toMatch(/\n\d+ cases: \d+ passed, \d+ skipped\n$/);
        expect(code).toBe(0);
      }
      await Server.stopAll();
      expect((await gunyahRm(['conform', 'rm', '--target', `socket:${path}`, '--limit', '100'])).code).toBe(
        3,
      );
    },
  );

  it.skipIf(process.platform === 'win32')(
    'hears what a VM gets before it has sent anything, once the devicetree is loaded (needs unix sockets)',
    async () => {
      const [path, tree] = [workshop.file('loaded.sock'), workshop.file('conform.dtb')];
      expect((await gunyahRm(['conform', 'rm', '--write-devicetree', tree])).code).toBe(0);
      await Server.ready(['--socket', path, '--load', `0x89000000=${tree}`]);
      const args = [
        'conform',
        'rm',
        '--target',
        `socket:${path}`,
        ...patient,
        '--loaded',
        '--filter',
        'notifications/shutdown',
      ];
      expect((await gunyahRm(args)).stdout).toContain('1 cases: 1 passed\n');
      await Server.stopAll();
    },
  );

  it('blocks what is left when a manager that nobody makes fresh has ended', async () => {
    const { stdout, code } = await gunyahRm([
      'conform',
      'rm',
      '--target',
      'exec:echo ready; read line; exit 1',
      '--filter',
      'framing/seq-1',
    ]);
    expect(stdout).toContain('the manager has ended: crash: exit 1');
    expect(code).toBe(1);
  });
});
