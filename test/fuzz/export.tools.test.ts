import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import type { Step } from '../../src/target/index.js';
import { gunyahRm } from '../cli/run.js';
import { findingOf } from './finding.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-export-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const frame = parseHex('2101000024000056') as Uint8Array;
const steps: readonly Step[] = [
  { kind: 'load', address: 0x89000000, bytes: Uint8Array.of(0xd0, 0x0d) },
  { kind: 'frame', from: 3, frame },
  { kind: 'receive_limit', vmid: 128, count: 2 },
  { kind: 'vcpu_halt', vmid: 128, state: 2, data: [1n, 0xffffffffffffffffn] },
  { kind: 'drain' },
];
const cause = { kind: 'crash', key: 'crash a < b */', text: 'SIGSEGV\n\u001b[31m "x" & y' } as const;

beforeAll(() => {
  mkdirSync(path('findings'));
  writeFileSync(path('findings/finding-001-a.ndjson'), findingOf(steps, cause));
  writeFileSync(path('findings/finding-002-b.ndjson'), findingOf([]));
});

describe('findings of a campaign for the tests of others', () => {
  it.each([
    ['cc', ['-std=c99']],
    ['c++', ['-x', 'c++', '-std=c++11']],
  ])('an array that %s takes, with every step', async (compiler, options) => {
    const { code } = await gunyahRm(['fuzz', 'export', folder, '--format', 'c', '-o', path('findings.h')]);
    expect(code).toBe(0);
    const main = `#include <stdio.h>
      #include "findings.h"
      int main(void) {
        for (size_t n = 0; n < sizeof gunyah_rm_findings / sizeof *gunyah_rm_findings; n++) {
          const struct gunyah_rm_finding *finding = &gunyah_rm_findings[n];
          printf("%s %zu\\n", finding->name, finding->count);
          for (size_t i = 0; i < finding->count; i++) {
            const struct gunyah_rm_step *step = &finding->steps[i];
            printf("%d %u %llx ", step->kind, step->vmid, (unsigned long long)step->value);
            for (size_t at = 0; at < step->size; at++) printf("%02x", step->bytes[at]);
            printf("\\n");
          }
        }
        return 0;
      }`;
    writeFileSync(path('main.c'), main);
    const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];
    execFileSync(compiler, [...options, ...strict, '-o', path('main'), path('main.c')]);
    expect(execFileSync(path('main'), { encoding: 'utf8' }).split('\n')).toEqual([
      'finding-001-a 5',
      '1 0 89000000 d00d',
      '0 3 0 2101000024000056',
      '3 128 2 ',
      '2 128 2 0100000000000000ffffffffffffffff',
      '4 0 0 ',
      'finding-002-b 0',
      '',
    ]);
  });

  it('JUnit that a parser of XML takes, a failing case for each', async () => {
    expect((await gunyahRm(['fuzz', 'export', folder, '--format', 'junit', '-o', path('a.xml')])).code).toBe(
      0,
    );
    const script = `import sys, xml.etree.ElementTree as tree
for case in tree.parse(sys.argv[1]).getroot().iter('testcase'):
  failure = case.find('failure')
  print(case.get('classname'), case.get('name'), failure.get('message'), failure.text.split('\\n')[-1])`;
    expect(execFileSync('python3', ['-c', script, path('a.xml')], { encoding: 'utf8' }).split('\n')).toEqual([
      'fuzz.crash finding-001-a crash a < b */ gunyah-rm fuzz reproduce finding-001-a.ndjson',
      'fuzz.reply finding-002-b reply: x gunyah-rm fuzz reproduce finding-002-b.ndjson',
      '',
    ]);
    expect(readFileSync(path('a.xml'), 'utf8')).not.toContain('\u001b');
  });

  it('neither of a folder without findings nor in another form', async () => {
    expect((await gunyahRm(['fuzz', 'export', path('nowhere'), '--format', 'c'])).code).not.toBe(0);
    expect((await gunyahRm(['fuzz', 'export', folder, '--format', 'x'])).code).toBe(2);
  });
});
