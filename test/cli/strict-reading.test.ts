import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { STATE_VERSION } from '../../src/node/fuzz/saved-state.js';
import { gunyahRm } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-strict-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = (...lines: unknown[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const fuzz = { number: 1, seed: 1, case: 1, target: 'sim', cause: { kind: 'panic', key: 'panic x' } };
const frame = '2101000024000056';

describe('recordings, scenarios and findings', () => {
  const first = { scenario: 's', platform: { queue_depth: 8 } };
  it.each([
    ['in a message', [first, { from: 3, frame, ouy: [] }], 2, 'ouy', 'out'],
    [
      'in an answer',
      [first, { from: 3, frame, out: [{ to: 3, frame, from: 3 }] }],
      2,
      'out[0].from',
      'frame',
    ],
    ['in an operation', [first, { op: 'receive_limit', vmid: 3, count: 1, counts: 2 }], 2, 'counts', 'count'],
    ['in a note', [first, { op: 'remark', text: '', tex: '' }], 2, 'tex', 'text'],
    ['in the first line', [{ ...first, manger: 'rm23' }], 1, 'manger', 'manager'],
    ['of the platform', [{ ...first, platform: { queue_deph: 8 } }], 1, 'platform.queue_deph', 'queue_depth'],
    ['of a finding', [{ ...first, fuzz: { ...fuzz, sed: 1 } }], 1, 'fuzz.sed', 'seed', 'fuzz reproduce'],
    ['of a delay', [{ ...first, delays: { putns: 1 } }], 1, 'delays.putns', 'put_ns', 'simulate'],
    ['of a scenario', [first, { from: 3, frame, expct: 'OK' }], 2, 'expct', 'expect', 'simulate'],
    ['of a result that nothing has', [first, { op: 'run', result: 'OK' }], 2, 'result', '', 'simulate'],
  ])('have no unknown key %s', async (_where, lines, number, path, near, command = 'replay') => {
    const file = join(folder, 'odd.ndjson');
    writeFileSync(file, text(...lines));
    const { code, stderr } = await gunyahRm([...command.split(' '), file]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}: line ${number}: `);
    expect(stderr).toContain(`: ${path}, offset 0: `);
    expect(stderr).toMatch(new RegExp(`there is no key ${path.split('.').at(-1)}.*\\b${near}\\b`));
  });

  it.each([
    [
      'an answer that is no list',
      ['replay', 'simulate'],
      [{ scenario: 's' }, { from: 3, frame, out: 5 }],
      2,
      'out',
    ],
    [
      'an answer to nobody',
      ['replay', 'simulate'],
      [{ scenario: 's' }, { from: 3, frame, out: [{}] }],
      2,
      'out[0].to',
    ],
    ['a platform that is none', ['replay', 'simulate'], [{ scenario: 's', platform: 5 }], 1, 'platform'],
    [
      'a depth that is none',
      ['replay'],
      [{ scenario: 's', platform: { queue_depth: '8' } }],
      1,
      'queue_depth',
    ],
    [
      'data that is no list',
      ['replay'],
      [{ scenario: 's' }, { op: 'vcpu_halt', vmid: 3, state: 2, data: 1 }],
      2,
      'data',
    ],
    ['a flag that is none', ['simulate'], [{ scenario: 's', careful: 'yes' }], 1, 'careful'],
    ['a line that is none', ['replay', 'simulate'], [{ scenario: 's' }, null], 2, ''],
    [
      'a finding without a cause',
      ['fuzz reproduce'],
      [{ scenario: 's', fuzz: { ...fuzz, cause: null } }],
      1,
      'fuzz.cause',
    ],
    [
      'a finding of an odd kind',
      ['fuzz reproduce'],
      [{ scenario: 's', fuzz: { ...fuzz, cause: { kind: 'x', key: '' } } }],
      1,
      'fuzz.cause.kind',
    ],
    [
      'a finding with an odd number',
      ['fuzz reproduce'],
      [{ scenario: 's', fuzz: { ...fuzz, number: 'one' } }],
      1,
      'fuzz.number',
    ],
    ['a finding of nothing', ['fuzz reproduce'], [{ scenario: 's', fuzz: null }], 1, 'fuzz'],
  ])('name file, line and key: %s', async (_what, commands, lines, number, key) => {
    const file = join(folder, 'odd.ndjson');
    writeFileSync(file, text(...lines));
    for (const command of commands) {
      const { code, stderr } = await gunyahRm([...command.split(' '), file]);
      expect(stderr).toContain(`${file}: line ${number}: `);
      expect(stderr).toContain(key === '' ? 'an object' : `: ${key}, offset `);
      expect(code).toBe(1);
    }
  });
});

describe('the folder of a campaign', () => {
  const out = join(folder, 'campaign');
  const command = ['fuzz', '--runs', '1', '--message', 'VM_START', '--out', out];

  it.each([
    ['null', 'offset 0: expected an object'],
    ['[[[', 'offset 0: this is not JSON'],
    ['{"origin":{}}', 'version'],
    ['{"version":VERSION,"origin":{}}', 'serial'],
    [
      '{"version":VERSION,"origin":{},"serial":1,"cases":1,"steps":1,"history":[{}],"counts":{},"coverage":{}}',
      'history[0].elapsedMs',
    ],
    [
      '{"version":VERSION,"origin":{},"serial":1,"cases":1,"steps":1,"history":[],"spent":{"elapsedMs":1,"refiningMs":0},"counts":[],"coverage":{}}',
      'counts',
    ],
    [
      '{"version":VERSION,"origin":{},"serial":1,"cases":1,"steps":1,"history":[],"spent":{"elapsedMs":1,"refiningMs":0},"counts":{},"coverage":{"endings":[]}}',
      'coverage.pairs',
    ],
  ])('with a state that is none: %.50s', async (state, message) => {
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'state.json'), state.replace('VERSION', String(STATE_VERSION)));
    const { code, stderr } = await gunyahRm(command);
    expect(stderr).toContain(`${join(out, 'state.json')}: ${message}`);
    expect(code).toBe(1);
  });

  it('with a finding that is none', async () => {
    rmSync(out, { recursive: true });
    mkdirSync(join(out, 'findings'), { recursive: true });
    const finding = join(out, 'findings', 'finding-001.ndjson');
    writeFileSync(finding, text({ scenario: 's' }, { from: 3, frame: 5 }));
    const { code, stderr } = await gunyahRm(command);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${finding}: line 2: frame, `)]);
  });
});
