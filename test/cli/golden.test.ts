import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gunyahRm } from './run.js';

const golden = resolve(import.meta.dirname, '../../captures/golden');
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-golden-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command that prints nothing and has no complaint. */
async function written(...args: string[]): Promise<void> {
  expect(await gunyahRm(args)).toMatchObject({ code: 0, stdout: '', stderr: '' });
}

/** Runs a command that refuses to work, and says these texts of the reason. */
async function refused(args: string[], code: number, ...texts: string[]): Promise<void> {
  const run = await gunyahRm(args);
  expect(run).toMatchObject({ code, stdout: '' });
  for (const text of texts) expect(run.stderr).toContain(text);
}

describe('golden', () => {
  it('finds the checked-in fixtures unchanged, and says who else makes their bytes', async () => {
    const { code, stdout, stderr } = await gunyahRm(['golden', '--check', golden]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d{4} fixtures \(\d+ recorded, \d+ client, \d+ layout, 0 own\), 0 changed\n$/);
  });

  it('says which fixture changed and how, and ends with 1', async () => {
    const copy = join(folder, 'edited');
    cpSync(golden, copy, { recursive: true });
    const path = join(copy, 'VM_STATUS.json');
    const lines = readFileSync(path, 'utf8').split('\n');
    const edited = lines.map((line) =>
      line.includes('.typical"')
        ? line.replace('"RUNNING"', '"EXITED"').replace('8000000003', '8000000009')
        : line,
    );
    writeFileSync(path, edited.join('\n'));
    rmSync(join(copy, 'VM_SHUTDOWN.json'));
    const both = await gunyahRm(['golden', '--check', copy, '--message', 'VM_STATUS', 'VM_SHUTDOWN']);
    expect(both.code).toBe(1);
    expect(both.stdout).toContain('VM_STATUS.notification.typical: value.vm_status: "EXITED" -> "RUNNING"\n');
    expect(both.stdout).toContain('VM_SHUTDOWN.notification.smallest: not in the set\n');
    // Messages that are not asked for do not count.
    const one = await gunyahRm(['golden', '--check', copy, '--message', 'VM_START']);
    expect([one.code, one.stdout]).toEqual([0, expect.stringContaining(', 0 changed\n')]);
  });

  it('prints JSON', async () => {
    const json = await gunyahRm(['golden', '--message', 'VM_START']);
    const fixtures = JSON.parse(json.stdout) as { name: string }[];
    expect(fixtures.find(({ name }) => name === 'VM_START.request.typical')).toMatchObject({
      payload: '80000000',
      frames: ['210101000400005680000000'],
    });
  });

  it('writes the same files again', async () => {
    const out = join(folder, 'again');
    await written(
      'golden',
      '--compact',
      '--out',
      out,
      '--message',
      'VM_START',
      '0x51000013',
      'NOTIFY_VM_STATUS',
    );
    expect(readdirSync(out).sort()).toEqual(['MEM_SHARE.json', 'VM_START.json', 'VM_STATUS.json']);
    for (const name of readdirSync(out)) {
      expect(readFileSync(join(out, name), 'utf8')).toBe(readFileSync(join(golden, name), 'utf8'));
    }
  });

  it('writes C, Rust and raw files', async () => {
    const out = join(folder, 'others');
    for (const format of ['c', 'rust', 'bin']) {
      await written('golden', '--message', 'VM_START', '--format', format, '--out', out);
    }
    const text = (name: string) => readFileSync(join(out, name), 'utf8');
    expect(text('gunyah_rm_golden.h')).toContain('gunyah_rm_golden_vm_start_request_typical_payload[] = {');
    expect(text('gunyah_rm_golden.rs')).toContain('name: "VM_START.request.typical",');
    const raw = readFileSync(join(out, 'VM_START.request.typical.frames'));
    expect(raw.toString('hex')).toBe('210101000400005680000000');
  });

  it.each([
    [['--format', 'xml'], '--format: there is no format xml; possible: json, c, rust, bin'],
    [['--message', 'VM_STRAT'], '--message: there is no message VM_STRAT; did you mean VM_START'],
    [['--format', 'bin'], '--format: expected --out with bin, not bin'],
  ])('refuses %j', async (args, text) => {
    await refused(['golden', ...args], 2, text);
  });

  it('says so when there is nothing to check, or no set of fixtures', async () => {
    await refused(['golden', '--check', join(folder, 'nowhere')], 3, 'no such file');
    const broken = join(folder, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'VM_START.json'), '[{');
    await refused(['golden', '--check', broken], 1, 'VM_START.json: offset 0: this is not JSON');
  });
});

describe('golden --check of files that hold no fixtures', () => {
  const valid = {
    name: 'VM_START.request.typical',
    message: 'VM_START',
    id: '0x56000004',
    type: 'request',
    seq: 1,
    provenance: 'own',
    size: 4,
    frames: ['210101000400005680000000'],
  };

  it.each([
    ['[null]', 'line 1: offset 0: expected an object, not null'],
    ['{}', 'expected a list, not {}'],
    ['[\n{"name":5}]', 'line 2: name, '],
    [JSON.stringify([valid, { ...valid, frames: 5 }], null, 1), 'line 14: frames, '],
    [JSON.stringify([{ ...valid, frames: [] }]), 'line 1: frames, '],
    [JSON.stringify([{ ...valid, frames: ['2g'] }]), 'line 1: frames[0], '],
    [JSON.stringify([{ ...valid, error: [] }]), 'line 1: error, '],
    [JSON.stringify([{ ...valid, request: 'no' }]), 'line 1: request, '],
    ['['.repeat(20_000), 'this is not JSON'],
  ])('names file, line and key: %.30s', async (text, message) => {
    const odd = join(folder, 'odd');
    mkdirSync(odd, { recursive: true });
    writeFileSync(join(odd, 'VM_START.json'), text);
    await refused(['golden', '--check', odd, '--message', 'VM_START'], 1, 'VM_START.json: ', message);
  });
});

describe('export', () => {
  it.each([
    ['lua', 'local gunyah_rm = Proto("gunyah_rm"'],
    ['ksy', '  id: gunyah_rm\n'],
    ['c', '#ifndef GUNYAH_RM_H\n'],
    ['md', '# Messages of the Gunyah resource manager\n'],
    ['json-schema', '"$schema": "https://json-schema.org/draft/2020-12/schema"'],
    ['afl-mutator', 'size_t afl_custom_fuzz('],
  ])('%s', async (form, text) => {
    await written('export', form, '-o', join(folder, form));
    expect(readFileSync(join(folder, form), 'utf8')).toContain(text);
  });

  it('refuses the name of a form, a shell or a question that there is not, and says of what it is the name', async () => {
    await refused(['completion', 'bas'], 2, 'there is no shell bas; did you mean bash?');
    await refused(['query', 'slow', 'x'], 2, 'there is no question slow; did you mean slowest?');
    await refused(
      ['export', 'asn1'],
      2,
      'there is no form asn1; possible: lua, ksy, c, md, json-schema, afl-mutator',
    );
  });
});
