import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';
import { buildFdt } from '../devicetree/build.js';
import { scenarioFolder } from '../sim/lines.js';
import { scenarios } from '../sim/scenarios.js';
import { exampleVm } from '../sim/tree.js';
import { gunyahRm, gunyahRmProcess } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-simulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = (name: string) => resolve(scenarioFolder, `${name}.ndjson`);
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function ndjson(name: string, values: readonly unknown[]): string {
  return file(name, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}

describe('simulate', () => {
  it('prints messages as decode does, and a last line', async () => {
    const { code, stdout, stderr } = await gunyahRm(['simulate', example('boot')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('HLOS -> RM      request    VM_ALLOC_VMID  seq 0\n');
    expect(lines(stdout).at(-1)).toMatch(/^16 steps, 0 unmet expectations, \d+ ns$/);
  });

  it('prints a line per step with --steps, panics by name, and what faults did', async () => {
    const { code, stdout } = await gunyahRm(['simulate', example('crash'), '--steps']);
    expect(code).toBe(0);
    expect(lines(stdout).filter((line) => /step \d+: .*: ok$/.test(line))).toHaveLength(25);
    expect(stdout).toContain('panic vm_dealloc_unknown_vmid: VM_DEALLOC_VMID');
    expect(stdout).toContain('"message":"VM_GET_CRASH_MSG"}: 1 of 1 messages');
  });

  it('writes the same capture in two processes, and another with another seed', async () => {
    const noisy = ndjson('noisy.ndjson', [
      { scenario: 'noisy', seed: 1, delays: { jitter_ns: 5000 } },
      { op: 'fault', rule: { kind: 'flip', match: { probability: 0.3 } } },
      { op: 'fault', rule: { kind: 'reorder', match: { probability: 0.3 }, ns: 9000 } },
      ...Array.from({ length: 40 }, (_, at) => ({
        at: at * 4000,
        from: 3,
        name: 'VM_GET_VMID',
        payload: {},
      })),
    ]);
    const capture = async (name: string, ...more: string[]) => {
      const path = join(folder, `${name}.pcapng`);
      const { code } = await gunyahRmProcess(['simulate', noisy, '-o', path, ...more]);
      expect(code).toBe(0);
      return readFileSync(path);
    };
    const [one, two, other] = await Promise.all([
      capture('one'),
      capture('two'),
      capture('other', '--seed', '2'),
    ]);
    expect(one.length).toBeGreaterThan(3000);
    expect(one.equals(two)).toBe(true);
    expect(one.equals(other)).toBe(false);
    const toStdout = await gunyahRm(['simulate', noisy, '-o', '-']);
    expect(toStdout.bytes.equals(one)).toBe(true);
  });

  it('ends with 1 when something expected did not happen', async () => {
    const path = ndjson('unmet.ndjson', [
      { scenario: 'unmet' },
      { from: 3, name: 'VM_GET_VMID', payload: {}, expect: 'DENIED' },
    ]);
    const { code, stdout } = await gunyahRm(['simulate', path]);
    expect(code).toBe(1);
    expect(stdout).toContain('step 1: expected to 3: {"type":"reply","error":"DENIED"} | actual to 3: reply');
    const json = await gunyahRm(['simulate', path, '--json']);
    expect(lines(json.stdout).map((line) => JSON.parse(line))).toMatchObject([
      { no: 1, name: 'VM_GET_VMID' },
      { no: 2, error: 'OK' },
      { step: 1 },
      { steps: 1, unmet: 1, faults: [] },
    ]);
  });

  it('names faults of the public manager with --check', async () => {
    const range = (ipa: string) => ({ ipa, size: '0x1000' });
    const append = [
      { scenario: 'append' },
      {
        from: 3,
        name: 'MEM_LEND',
        payload: {
          mem_type: 'NORMAL',
          flags: ['APPEND'],
          label: 0,
          acl_entries: [{ vmid: 4, rights: ['R'] }],
          sgl_entries: [range('0xa0000000')],
          attr_entries: [],
        },
        expect: 'OK',
      },
      {
        from: 3,
        name: 'MEM_APPEND',
        payload: { mem_handle: 0, flags: [], sgl_entries: [range('0xa0001000'), range('0x1000')] },
        expect: 'MEM_INVALID',
      },
    ];
    const path = ndjson('append.ndjson', append);
    const { code, stdout } = await gunyahRm(['simulate', path, '--check']);
    expect(code).toBe(0);
    expect(stdout).toContain(
      'check parcel_size: parcel 0 holds 4096 bytes and counts 8192 (A failed MEM_APPEND',
    );
    const careful = await gunyahRm(['simulate', path, '--check', '--careful']);
    expect([careful.code, careful.stdout.includes('check ')]).toEqual([0, false]);
  });

  it('explains its format', async () => {
    const { code, stdout } = await gunyahRm(['simulate', '--help-format']);
    expect(code).toBe(0);
    expect(stdout).toContain('{"op":"vcpu_halt"');
  });

  it('tells what is wrong with a scenario, a file or an option', async () => {
    const broken = file('broken.ndjson', '{"scenario":"broken"}\n{"from":3,\n');
    expect(await gunyahRm(['simulate', broken])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('line 2'),
    });
    const missing = ndjson('missing.ndjson', [
      { scenario: 'x' },
      { op: 'load', address: '0', file: 'no.dtb' },
    ]);
    expect(await gunyahRm(['simulate', missing])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no.dtb'),
    });
    expect((await gunyahRm(['simulate'])).code).toBe(2);
    expect((await gunyahRm(['simulate', example('boot'), '--seed', 'x'])).code).toBe(2);
    expect((await gunyahRm(['simulate', example('boot'), '--platform', 'x'])).code).toBe(2);
    expect((await gunyahRm(['simulate', join(folder, 'nothing')])).code).toBe(3);
  });

  it('has the devicetree of its examples in its folder', () => {
    const blob = readFileSync(join(scenarioFolder, 'dtb', 'example.dtb'));
    expect(blob.equals(buildFdt(exampleVm()))).toBe(true);
  });
});

describe('replay', () => {
  // One that needs no file.
  const recording =
    scenarios('rm23.ndjson').find(({ lines }) =>
      lines.every((line) => !JSON.stringify(line).includes('"load"')),
    )?.lines ?? [];

  it('counts equal steps, over several files', async () => {
    const path = ndjson('recording.ndjson', recording);
    const { code, stdout, stderr } = await gunyahRm(['replay', path, path]);
    const steps = 2 * (recording.length - 1);
    expect([code, stdout, stderr]).toEqual([0, `${steps} steps, ${steps} equal, 0 different\n`, '']);
  });

  it('prints a line per difference, both sides decoded, and ends with 1', async () => {
    const path = ndjson('different.ndjson', [
      { scenario: 'different' },
      { from: 3, frame: '2101000024000056', out: [{ to: 3, frame: '21020000240000560300000003000000' }] },
      { from: 3, frame: '2101010024000056', out: [{ to: 3, frame: '21020100240000560000000003000000' }] },
      { from: 3, frame: '2101020024000056', out: [], panic: 'somewhere' },
    ]);
    const { code, stdout } = await gunyahRm(['replay', path]);
    expect(code).toBe(1);
    expect(lines(stdout)).toEqual([
      `${path}: step 1: expected to 3: reply VM_GET_VMID seq 0 DENIED 03000000 | actual to 3: reply VM_GET_VMID seq 0 OK {"vmid":3}`,
      `${path}: step 3: expected panic somewhere | actual to 3: reply VM_GET_VMID seq 2 OK {"vmid":3}`,
      '3 steps, 1 equal, 2 different',
    ]);
    const json = await gunyahRm(['replay', '--json', path]);
    expect(lines(json.stdout).map((line) => JSON.parse(line))).toMatchObject([
      {
        file: path,
        step: 1,
        expected: { out: [{ to: 3 }], messages: [{ error: 'DENIED' }] },
        actual: { messages: [{ error: 'OK', payload: { vmid: 3 } }] },
      },
      { step: 3, expected: { panic: 'somewhere' } },
      { steps: 3, equal: 1, different: 2 },
    ]);
  });

  it('reads captures that simulate made', async () => {
    const path = join(folder, 'share.pcapng');
    expect((await gunyahRm(['simulate', example('share'), '-o', path])).code).toBe(0);
    writeFileSync(join(folder, 'example.dtb'), buildFdt(exampleVm()));
    const { code, stdout } = await gunyahRm(['replay', path]);
    expect([code, stdout.endsWith(' equal, 0 different\n')]).toEqual([0, true]);
    const decoded = await gunyahRm(['decode', '--json', path]);
    const again = await gunyahRm(['replay', file('share.ndjson', decoded.stdout)]);
    expect([again.code, again.stdout]).toEqual([0, stdout]);
    const careful = await gunyahRm(['replay', '--platform', 'qemu', '--careful', path]);
    expect(careful.code).toBe(0);
  });

  it('loads files for captures of others', async () => {
    const path = resolve(scenarioFolder, '../vm-lifecycle.pcapng');
    const without = await gunyahRm(['replay', path]);
    expect(without.code).toBe(1);
    expect(without.stderr).toMatch(
      /this capture does not say what was in memory\..* --load ADDRESS=FILE\.\n$/,
    );
    const blob = join(folder, 'vm.dtb');
    const { deviceTree } = await import('../sim/scenarios.js');
    writeFileSync(blob, deviceTree('vm.dtb') as Uint8Array);
    const { code, stdout, stderr } = await gunyahRm(['replay', path, '--load', `0x89000000=${blob}`]);
    expect([code, stdout, stderr]).toEqual([0, '25 steps, 25 equal, 0 different\n', '']);
  });

  it('says nothing of --load where a recording differs', async () => {
    // A recording without what it recorded differs.
    const lines = [{ scenario: 'differs' }, { from: 3, frame: '210100000100005600000000', out: [] }];
    const { code, stderr } = await gunyahRm(['replay', ndjson('differs.ndjson', lines)]);
    expect([code, stderr]).toEqual([1, '']);
  });

  it('goes on with the next file after one that is none', async () => {
    const good = ndjson('good.ndjson', recording);
    const { code, stdout, stderr } = await gunyahRm(['replay', file('text.txt', 'hello, world\n'), good]);
    expect(code).toBe(1);
    expect(lines(stderr)).toHaveLength(1);
    expect(stdout).toContain(`${recording.length - 1} equal`);
  });
});

describe('simulate and replay', () => {
  it.each([['simulate'], ['replay']])('%s prints what it has before it waits for more', async (command) => {
    const [first, ...rest] = readFileSync(example('boot'), 'utf8').trim().split('\n');
    // A recording without what it recorded differs at each step.
    const step = { from: 3, frame: '2101000001000056' + '00000000', out: [] };
    const steps = command === 'replay' ? [JSON.stringify(step), JSON.stringify(step)] : [rest[1], rest[1]];
    const pieces = [first, ...steps].map((line) => Buffer.from(`${line}\n`));
    const printed: number[] = [];
    let size = 0;
    await run([command, '-'], {
      ...noStdio,
      read: (into) => {
        printed.push(size);
        return pieces.shift()?.copy(into) ?? 0;
      },
      write: (bytes) => {
        size += bytes.length;
        return true;
      },
    });
    expect(printed.at(-1)).toBeGreaterThan(0);
    expect(size).toBeGreaterThan(printed.at(-1) as number);
  });
});
