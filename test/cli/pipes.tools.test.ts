import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { recorded } from '../recorded.js';
import { main } from './bundle.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-pipes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const lifecycle = file('lifecycle.pcapng', recorded('vm-lifecycle.pcapng'));
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('pipes', () => {
  const run = (command: string) => spawnSync('bash', ['-o', 'pipefail', '-c', command], { encoding: 'utf8' });
  const self = `${process.execPath} ${main}`;
  const everything = file('everything.pcapng', recorded('everything.pcapng'));

  it('decode | encode gives back every packet, byte for byte', () => {
    const copy = join(folder, 'copy.pcapng');
    run(`${self} decode --json ${everything} | ${self} encode - -o ${copy}`);
    const hex = (path: string) => run(`${self} decode --to hex ${path} | sha256sum`).stdout;
    expect(hex(copy)).toBe(hex(everything));
    expect(run(`${self} decode --to hex ${copy} | wc -l`).stdout.trim()).toBe('50637');
  });

  it('end quietly when the reader goes away', () => {
    const { stdout, stderr } = run(`${self} decode ${everything} | head -1; echo "\${PIPESTATUS[0]}"`);
    expect(stderr).toBe('');
    expect(lines(stdout).at(-1)).toBe('0');
  });

  it('show what came before an error first', () => {
    const both = run(
      `{ head -c 3000 ${lifecycle}; printf '%1000d' 0; } | ${self} decode - --json 2>&1 | tail -1`,
    );
    expect(both.stdout).toMatch(/^gunyah-rm: standard input: /);
  });

  it('hold back nothing while a slow writer pauses', () => {
    const { stdout } = run(`(head -c 2000 ${lifecycle}; sleep 4) | ${self} decode --json - | head -1`);
    expect(JSON.parse(stdout)).toMatchObject({ no: 1 });
  });

  it('are written whole to a full disk or not at all', () => {
    const { status, stderr } = run(`${self} decode ${everything} > /dev/full`);
    expect([status, stderr]).toEqual([3, 'gunyah-rm: standard output: no space left on the device\n']);
  });
});
