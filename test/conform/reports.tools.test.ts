import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-reports-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A run in which cases pass, fail, are blocked and are skipped. */
const args = ['conform', 'rm', '--manager', 'modern', '--filter', 'unknown/', '--filter', 'framing/'];

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const needs = (program: string) => !has(program) && process.env.CI === undefined;

async function report(form: string): Promise<{ path: string; counts: Record<string, number> }> {
  const path = join(folder, `report.${form}`);
  expect((await gunyahRm([...args, '--format', form, '-o', path])).code).toBe(1);
  const { stdout } = await gunyahRm([...args, '--format', 'json']);
  return { path, counts: JSON.parse(stdout.trim().split('\n').at(-1) as string) };
}

describe('reports of conform', () => {
  it.skipIf(needs('python3'))(
    'are JUnit that an XML parser reads, with counts that agree (needs python3)',
    async () => {
      const { path, counts } = await report('junit');
      const program = `
import json, sys
import xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == 'testsuites'
suites = root.findall('testsuite')
cases = [case for suite in suites for case in suite.findall('testcase')]
for suite in suites:
    own = suite.findall('testcase')
    assert int(suite.get('tests')) == len(own)
    assert int(suite.get('failures')) == sum(case.find('failure') is not None for case in own)
for case in cases:
    assert case.get('classname') and case.get('name') and float(case.get('time')) >= 0
print(json.dumps({
    'tests': int(root.get('tests')), 'cases': len(cases),
    'failures': int(root.get('failures')),
    'found': sum(case.find('failure') is not None for case in cases),
    'text': [case.find('failure').text for case in cases if case.find('failure') is not None][0],
}))`;
      const script = join(folder, 'read.py');
      writeFileSync(script, program);
      const read = JSON.parse(execFileSync('python3', [script, path], { encoding: 'utf8' }));
      expect(read).toMatchObject({
        tests: counts.cases,
        cases: counts.cases,
        failures: counts.failed,
        found: counts.failed,
      });
      expect(read.text).toContain('! error     UNIMPLEMENTED');
    },
  );

  it.skipIf(needs('prove'))('are TAP that prove reads (needs perl)', async () => {
    const { path, counts } = await report('tap');
    let summary = '';
    try {
      summary = execFileSync('prove', ['--exec', 'cat', path], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      summary = String((error as { stdout: string }).stdout);
    }
    expect(summary).toContain(`Failed ${counts.failed}/${counts.cases} subtests`);
    expect(summary).not.toMatch(/Parse errors/);
  });
});
