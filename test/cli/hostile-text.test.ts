import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PcapngWriter } from '../../src/capture/pcap/index.js';
import { gunyahRm } from './run.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-text-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** CSI as C0 and as C1, DEL, an override of the writing direction, an isolate, a separator of lines. */
const hostile = '\x1b[2J\x9b31m\x7f\u202egnp.exe\u2066\u2028end';
const controls = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const label = 'label\u202e\u2066';

function commented(): string {
  const pieces: Uint8Array[] = [];
  const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
  const frame = Buffer.from('210101000400005680000000', 'hex');
  writer.packet(3, 255, frame, 0, frame.length, 1n, hostile);
  writer.end();
  return file('commented.pcapng', Buffer.concat(pieces));
}

const line = (value: object) => `${JSON.stringify(value)}\n`;

describe('text from data', () => {
  const capture = commented();
  const other = file(
    'other.ndjson',
    line({ from: 3, name: 'VM_START', payload: { vmid: 1 }, comment: hostile }),
  );
  const console_ = file(
    'console.ndjson',
    line({ name: 'VM_CONSOLE_WRITE', payload: { vmid: 1, data: Buffer.from(label).toString('hex') } }) +
      line({ from: 3, name: 'VM_LOOKUP_NAME', payload: { name: label } }),
  );
  const scenario = file(
    'hostile-scenario.ndjson',
    line({ scenario: 'text' }) +
      line({ op: 'remark', text: hostile }) +
      line({ from: 3, name: 'VM_GET_VMID', expect: [{ payload: { vmid: hostile } }] }) +
      line({ from: 3, frame: '2101000024000056', panic: hostile }),
  );
  const bad = file('bad.ndjson', line({ from: 3, name: hostile }));
  const strange = file(`${hostile.replace('/', '')}.txt`, 'zz');

  it.each([
    ['decode', capture],
    ['decode', '--json', capture],
    ['decode', '--frames', '--json', capture],
    ['decode', '--json', console_],
    ['decode', console_],
    ['diff', capture, other],
    ['diff', '--json', capture, other],
    ['simulate', '--steps', scenario],
    ['simulate', '--json', scenario],
    ['simulate', scenario],
    ['replay', scenario],
    ['replay', '--json', scenario],
    ['decode', bad],
    ['encode', bad],
    ['decode', strange],
    ['decode', `${strange}.not`],
    ['describe', hostile],
    ['decode', capture, '--filter', hostile],
    ['decode', capture, hostile],
  ])('%s %s %s prints no character that a terminal obeys', async (...args) => {
    const { stdout, stderr, code } = await gunyahRm(args);
    expect(stdout + stderr).not.toBe('');
    expect(stdout).not.toMatch(controls);
    expect(stderr).not.toMatch(controls);
    expect(code).toBeLessThan(4);
  });

  it('is the same after parsing', async () => {
    const { stdout } = await gunyahRm(['decode', '--json', capture]);
    expect(JSON.parse(stdout)).toMatchObject({ comment: hostile });
    expect(stdout).toContain('\\u009b31m');
    const encoded = await gunyahRm(['encode', '-', '--to', 'pcapng'], { input: stdout });
    const again = await gunyahRm(['decode', '--json', '-'], { input: encoded.bytes });
    expect(again.stdout).toBe(stdout);
  });
});
