import { execFile, spawn } from 'node:child_process';
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
const REQUEST = '3>255 210104000400005680000000\n';
const lines = (text: string) => text.split('\n').filter((line) => line !== '');

// They wait most of the time.
describe.concurrent('pipes', () => {
  const run = (command: string) =>
    new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
      execFile('bash', ['-o', 'pipefail', '-c', command], (error, stdout, stderr) =>
        done({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  const self = `${process.execPath} ${main}`;
  const everything = file('everything.pcapng', recorded('everything.pcapng'));

  it('decode | encode gives back every packet, byte for byte', async () => {
    const copy = join(folder, 'copy.pcapng');
    await run(`${self} decode --json ${everything} | ${self} encode - -o ${copy}`);
    const hex = (path: string) => run(`${self} decode --to hex ${path} | tee >(wc -l >&2) | sha256sum`);
    const [of, ofCopy] = await Promise.all([hex(everything), hex(copy)]);
    expect(ofCopy).toEqual(of);
    expect(of.stderr.trim()).toBe('50637');
  });

  it('end quietly when the reader goes away', async () => {
    const { stdout, stderr } = await run(`${self} decode ${everything} | head -1; echo "\${PIPESTATUS[0]}"`);
    expect(stderr).toBe('');
    expect(lines(stdout).at(-1)).toBe('0');
  });

  it('show what came before an error first', async () => {
    const both = await run(
      `{ head -c 3000 ${lifecycle}; printf '%1000d' 0; } | ${self} decode - --json 2>&1 | tail -1`,
    );
    expect(both.stdout).toMatch(/^gunyah-rm: standard input: /);
  });

  it('hold back nothing while a slow writer pauses', async () => {
    const { stdout } = await run(`(head -c 2000 ${lifecycle}; sleep 4) | ${self} decode --json - | head -1`);
    expect(JSON.parse(stdout)).toMatchObject({ no: 1 });
  });

  it('are written whole to a full disk or not at all', async () => {
    const { status, stderr } = await run(`${self} decode ${everything} > /dev/full`);
    expect([status, stderr]).toEqual([3, 'gunyah-rm: standard output: no space left on the device\n']);
  });
});

describe('a pipe that stays open', () => {
  /** Writes a line, waits until something is printed, then interrupts. */
  function interrupted(args: readonly string[], isPrinted: boolean) {
    return new Promise<{ code: number | null; stdout: string; wait: number }>((done) => {
      const child = spawn(process.execPath, [main, 'decode', '-', ...args]);
      let stdout = '';
      let start = 0;
      let wait = 0;
      child.stdout.on('data', (data) => {
        if (stdout === '') wait = performance.now() - start;
        stdout += data;
        if (isPrinted) child.kill('SIGINT');
      });
      child.on('close', (code) => done({ code, stdout, wait }));
      setTimeout(() => {
        start = performance.now();
        child.stdin.write(REQUEST);
        if (!isPrinted) setTimeout(() => child.kill('SIGINT'), 4000);
      }, 1500);
    });
  }

  it.concurrent('gives the first record at once, and ends with 130 when it is interrupted', async () => {
    const { code, stdout, wait } = await interrupted(['--json'], true);
    expect(JSON.parse(stdout)).toMatchObject({ no: 1, name: 'VM_START' });
    expect(code).toBe(130);
    // Some 30 ms, but other tests run meanwhile.
    expect(wait).toBeLessThan(3000);
  });

  it.concurrent('gives the counts so far when it is interrupted', async () => {
    const { code, stdout } = await interrupted(['--summary'], false);
    expect([code, stdout.split('\n')[0]]).toEqual([130, '1 records, 1 packets']);
  });
});
