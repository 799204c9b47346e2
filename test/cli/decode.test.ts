import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recorded } from '../recorded.js';
import { gunyahRm } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lifecycle = file('lifecycle.pcapng', recorded('vm-lifecycle.pcapng'));
const malformed = file('malformed.pcapng', recorded('malformed-framing.pcapng'));
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('decode', () => {
  it('prints a block per message, without colour in a pipe', async () => {
    const { code, stdout, stderr } = await gunyahRm(['decode', lifecycle]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('    7  22:13:20.007000    HLOS -> RM      request    MEM_LEND  seq 3\n');
    expect(stdout).toContain('[0] vmid 128, rights X | W | R\n');
    expect(stdout.includes('\x1b')).toBe(false);
  });

  it('says that a text has no message, which is no problem', async () => {
    const log = file('boot.log', '[    0.000000] Linux version\n[    0.000001] eth0: link up\n');
    const { code, stdout, stderr } = await gunyahRm(['decode', log]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe(
      `gunyah-rm: ${log}: no message found in 2 lines, read as dmesg (describe --formats shows what is looked for)\n`,
    );
    expect((await gunyahRm(['decode', '--quiet', log])).stderr).toBe('');
  });

  it('prints a line per message on a terminal, and all fields with -v', async () => {
    const terminal = { columns: 80, env: { NO_COLOR: '1' } };
    const first = await gunyahRm(['decode', lifecycle], terminal);
    expect(lines(first.stdout)).toHaveLength(58);
    expect(first.stdout).toContain(' HLOS > RM MEM_LEND         32 MiB to VM 128 at 0x88000000\n');
    const verbose = await gunyahRm(['decode', lifecycle, '-v'], terminal);
    expect(verbose.stdout).toContain('[0] vmid 128, rights X | W | R\n');
    const piped = await gunyahRm(['decode', lifecycle, '--oneline']);
    expect(lines(piped.stdout)).toHaveLength(58);
    for (const word of ['-v', '--hex', '--json', '--summary', '--frames'])
      expect((await gunyahRm(['decode', lifecycle, '--oneline', word])).code).toBe(2);
  });

  it('colours when it is forced to, and not when that is refused', async () => {
    const forced = await gunyahRm(['decode', lifecycle], { env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain('\x1b[');
    const refused = await gunyahRm(['decode', lifecycle], { env: { FORCE_COLOR: '0' } });
    expect(refused.stdout.includes('\x1b')).toBe(false);
  });

  it('reads standard input, classic pcap, and what it printed itself', async () => {
    const expected = lines((await gunyahRm(['decode', '--json', lifecycle])).stdout);
    expect(expected).toHaveLength(58);
    const fromPcap = await gunyahRm(['decode', '--json', '-'], { input: recorded('vm-lifecycle.pcap') });
    expect(lines(fromPcap.stdout).map((line) => JSON.parse(line).payload)).toEqual(
      expected.map((line) => JSON.parse(line).payload),
    );
    const again = await gunyahRm(['decode', '--json', '-'], { input: `${expected.join('\n')}\n` });
    expect(lines(again.stdout)).toEqual(expected);
  });

  it('prints queue messages with --frames, and their place', async () => {
    const { stdout } = await gunyahRm(['decode', '--frames', '--json', malformed]);
    const frames = lines(stdout).map((line) => JSON.parse(line));
    expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, index) => index + 1));
    expect(new Set(frames.map(({ type }) => type))).toEqual(
      new Set(['request', 'reply', 'notification', 'continuation', 'malformed']),
    );
    expect(frames.every(({ raw, size }) => raw.length === 2 * size)).toBe(true);
  });

  it('fits queue messages into the width of a terminal, and says the same as in a pipe', async () => {
    const plain = (await gunyahRm(['decode', '--frames', malformed])).stdout;
    const env = { NO_COLOR: '1' };
    const { stdout } = await gunyahRm(['decode', '--frames', malformed], { columns: 80, env });
    expect(Math.max(...lines(plain).map(({ length }) => length))).toBeGreaterThan(90);
    expect(Math.max(...lines(stdout).map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(stdout.replace(/\s+/g, ' ')).toBe(plain.replace(/\s+/g, ' '));
  });

  it('turns its frames back into the same packets', async () => {
    const frames = await gunyahRm(['decode', '--frames', '--json', malformed]);
    const hex = await gunyahRm(['encode', '-'], { input: frames.stdout });
    expect(hex.stdout).toBe((await gunyahRm(['decode', '--to', 'hex', malformed])).stdout);
  });

  it('filters messages, also when it converts', async () => {
    const filter = ['--filter', 'name == VM_STATUS and payload.vm_status == RUNNING'];
    const { stdout } = await gunyahRm(['decode', lifecycle, '--json', ...filter]);
    expect(lines(stdout).map((line) => JSON.parse(line).payload.vm_status)).toEqual(['RUNNING']);
    const hex = await gunyahRm(['decode', lifecycle, '--to', 'hex', ...filter]);
    expect(lines(hex.stdout)).toEqual(['255>3 21030200080010568000000003000000']);
  });

  it('sums up as text and as JSON', async () => {
    const text = await gunyahRm(['decode', lifecycle, '--summary']);
    expect(text.stdout).toMatch(/^58 records, 60 packets\n/);
    expect(text.stdout).toMatch(/VM_GET_STATE +8 +8 +- +1\.000 ms/);
    const { stdout } = await gunyahRm(['decode', malformed, '--summary', '--json']);
    const summary = JSON.parse(stdout);
    expect(Object.keys(summary)).toEqual([
      'records',
      'packets',
      'messages',
      'errors',
      'latency_ns',
      'unanswered',
      'issues',
    ]);
    expect(summary.issues.count).toBeGreaterThan(summary.messages['(malformed)'].malformed - 1);
    expect(summary.unanswered.list[0]).toHaveProperty('seq');
  });

  it('sums up only what passes the filter', async () => {
    const run = await gunyahRm([
      'decode',
      malformed,
      '--summary',
      '--json',
      '--filter',
      'name == VM_GET_VMID',
    ]);
    const { unanswered, messages } = JSON.parse(run.stdout);
    expect(Object.keys(messages)).toEqual(['VM_GET_VMID']);
    expect(unanswered.list.every(({ name }: { name: string }) => name === 'VM_GET_VMID')).toBe(true);
  });

  it('shows the bytes with --hex', async () => {
    const { stdout } = await gunyahRm(['decode', lifecycle, '--hex', '--filter', 'no == 3']);
    expect(stdout).toContain('0000  00 00 00 00');
  });

  it('makes the exit code 1 when messages have problems', async () => {
    const { code, stdout } = await gunyahRm(['decode', malformed, '--json']);
    expect(code).toBe(1);
    expect(lines(stdout).length).toBeGreaterThan(700);
  });
});

describe('what bad input gets', () => {
  const refused = async (args: string[], code: number, message: RegExp, input?: string) => {
    const run = await gunyahRm(args, input === undefined ? {} : { input });
    expect(run.stderr).toMatch(message);
    expect(lines(run.stderr).filter((line) => !line.startsWith('('))).toHaveLength(1);
    expect(run.code).toBe(code);
    return run;
  };

  it('a truncated file: everything before the cut, then the error with its offset', async () => {
    const path = file('cut.pcapng', recorded('vm-lifecycle.pcapng'));
    truncateSync(path, 3000);
    const { stdout } = await refused(
      ['decode', path, '--json'],
      1,
      /cut\.pcapng: .*offset 2948: 292 bytes are needed, 52 are there/,
    );
    expect(lines(stdout)).toHaveLength(30);
    const cut = await refused(['decode', path, '--to', 'hex'], 1, /bytes are needed/);
    expect(lines(cut.stdout)).toHaveLength(32);
  });

  it('an unknown format, an empty file, a directory, no file', async () => {
    await refused(
      ['decode', file('junk', 'what is this\n')],
      1,
      /junk: offset 0: the format is not recognised: expected pcapng, .*found 77 68 61/,
    );
    await refused(['decode', file('empty', '')], 1, /empty: offset 0: the input is empty/);
    await refused(['decode', folder], 3, /: is a directory/);
    await refused(['decode', join(folder, 'none')], 3, /none: no such file/);
    await refused(['decode', lifecycle, '-o', join(folder, 'none/out')], 3, /no such file/);
    await refused(['encode', join(folder, 'none')], 3, /no such file/);
  });

  it('another link type, a packet that is too short, block lengths that lie', async () => {
    const bytes = recorded('vm-lifecycle.pcapng');
    const view = (copy: Uint8Array) => new DataView(copy.buffer, copy.byteOffset);
    // The interface block stands behind the section header, whose length is in its second word.
    const section = view(bytes).getUint32(4, true);
    const ethernet = bytes.slice();
    view(ethernet).setUint16(section + 8, 1, true);
    expect((await gunyahRm(['decode', file('ethernet.pcapng', ethernet)])).stderr).toMatch(/link_type/);
    const lying = bytes.slice();
    view(lying).setUint32(section + 4, 7, true);
    await refused(['decode', file('lying.pcapng', lying)], 1, /lying\.pcapng: .*offset \d+: .*7/);
    const classic = recorded('vm-lifecycle.pcap').slice();
    view(classic).setUint32(24 + 8, 2, true);
    const short = await gunyahRm(['decode', file('short.pcap', classic.subarray(0, 24 + 16 + 2)), '--json']);
    expect(short).toMatchObject({ code: 1, stdout: '' });
    expect(short.stderr).toMatch(/short\.pcap: packet 1, offset 24: /);
  });

  it('NDJSON with an unknown field or a value out of range', async () => {
    const start = (payload: object) => JSON.stringify({ name: 'VM_START', payload });
    const input = `${start({ vmid: 1 })}\n${start({ vmid: 70_000 })}\n`;
    const { stdout } = await refused(
      ['encode', '-'],
      1,
      /line 2: payload\.vmid, offset \d+: 70000 is out of range: it must be 0 to 65535/,
      input,
    );
    expect(stdout).toBe('3>255 210100000400005601000000\n');
    await refused(['encode', '-'], 1, /there is no field vmdi; did you mean vmid\?/, start({ vmdi: 1 }));
  });

  it('names in any letter case are accepted, and unknown ones suggest others', async () => {
    const line = (name: string, payload: object) => JSON.stringify({ name, payload });
    const started = await gunyahRm(['encode', '-'], { input: line('vm_start', { vmid: 1 }) });
    expect(started.stdout).toBe('3>255 210100000400005601000000\n');
    const status = { vmid: 1, vm_status: 'running', os_status: 'None', app_status: 0 };
    const sent = await gunyahRm(['encode', '-'], { input: line('VM_STATUS', status) });
    expect(sent.stdout).toContain('0100000003000000');
    await refused(
      ['encode', '-'],
      1,
      /there is no message VM_STRAT; did you mean VM_START/,
      line('VM_STRAT', {}),
    );
    const wrong = line('VM_STATUS', { ...status, vm_status: 'RUNNIG' });
    await refused(['encode', '-'], 1, /there is no vm_status RUNNIG; did you mean RUNNING\?/, wrong);
    await refused(['encode', '-'], 1, /there is no key nam; did you mean name\?/, '{"nam":"VM_START"}');
    await refused(['describe', 'VM_STRAT'], 2, /there is no message VM_STRAT; did you mean VM_START/);
    await refused(['simulate', '-', '--seed', 'x'], 2, /"x" is not a number: it must be 0 to 0xffffffff/);
    await refused(['replay', '-'], 1, /found "!!!"/, '!!!\n');
    expect((await gunyahRm(['describe', '-22'])).stdout).toContain('ARGUMENT_INVALID');
    expect((await gunyahRm(['golden', '--message', 'vm_start', '--format', 'JSON'])).code).toBe(0);
  });

  it('an output that is the input, and an output beside an input that is not there', async () => {
    const copy = file('same.pcapng', recorded('vm-lifecycle.pcapng'));
    await refused(
      ['decode', copy, '--to', 'pcapng', '-o', copy],
      2,
      /--output: expected another file than what is read/,
    );
    expect(new Uint8Array(readFileSync(copy))).toEqual(new Uint8Array(recorded('vm-lifecycle.pcapng')));
    const kept = file('kept', 'keep');
    await refused(['decode', join(folder, 'none'), '--json', '-o', kept], 3, /no such file/);
    expect(readFileSync(kept, 'utf8')).toBe('keep');
  });

  it('a time that pcapng cannot hold: written without, and said', async () => {
    const line = JSON.stringify({ name: 'VM_START', payload: { vmid: 1 }, time: '1960-01-01T00:00:00Z' });
    const path = join(folder, 'old.pcapng');
    await refused(['encode', '-', '-o', path], 1, /packet 1: written without its time/, line);
    expect((await gunyahRm(['decode', path, '--to', 'hex'])).stdout).toBe('3>255 210100000400005601000000\n');
  });

  it('bytes on stderr that a terminal must not obey', async () => {
    await refused(['encode', '-'], 1, /\\u001b/, '{"name":"VM_START","payload":\x1b[31m}');
    await refused(['encode', lifecycle], 1, /the input is pcapng, not ndjson/);
  });

  it('wrong usage: exit code 2', async () => {
    await refused(['decode', lifecycle, '--filter', 'nam == 1'], 2, /column 1: .*name/);
    await refused(
      ['decode', lifecycle, '--rules', 'v99'],
      2,
      /there is no set of rules v99; possible: rm, a14/,
    );
    await refused(['decode', lifecycle, '--format', 'pdf'], 2, /format/);
    await refused(['decode', lifecycle, '--to', 'pdf'], 2, /--to/);
    await refused(['decode', lifecycle, '--to', 'hex', '--json'], 2, /--to/);
    await refused(['decode', lifecycle, '--nonsense'], 2, /unknown option/);
    await refused(['decode'], 2, /missing required argument/);
    await refused(['nonsense'], 2, /unknown command|too many arguments/);
  });
});

it('an empty input gives an empty output', async () => {
  expect(await gunyahRm(['encode', '-'])).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

it('the version is that of the package', async () => {
  const { version } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'));
  expect((await gunyahRm(['--version'])).stdout).toBe(`${version}\n`);
});
