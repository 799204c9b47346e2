import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
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
    // The writer waits for the first line, so nothing would ever come if that were held back.
    const told = join(folder, 'told');
    const writer = `head -c 2000 ${lifecycle}; until [ -s ${told} ]; do sleep 0.1; done`;
    await run(`(${writer}) | ${self} decode --json - | (head -1 > ${told}; cat > /dev/null)`);
    expect(JSON.parse(readFileSync(told, 'utf8'))).toMatchObject({ no: 1 });
  });

  it('are written whole to a full disk or not at all', async () => {
    const { status, stderr } = await run(`${self} decode ${everything} > /dev/full`);
    expect([status, stderr]).toEqual([3, 'gunyah-rm: standard output: no space left on the device\n']);
  });
});

describe('a pipe that stays open', () => {
  /** Writes to the command, waits, and interrupts it. */
  async function interrupted(
    option: string,
    input: string,
    wait: (child: ChildProcessWithoutNullStreams, isTaken: Promise<unknown>) => Promise<unknown>,
  ) {
    const child = spawn(process.execPath, [main, 'decode', '-', option]);
    const printed = text(child.stdout);
    const closed = once(child, 'close');
    await wait(child, new Promise((done) => child.stdin.write(input, done)));
    child.kill('SIGINT');
    const [code] = await closed;
    return { code, stdout: await printed };
  }

  it.concurrent('gives the first record at once, and ends with 130 when it is interrupted', async () => {
    const { code, stdout } = await interrupted('--json', REQUEST, ({ stdout }) => once(stdout, 'data'));
    expect(JSON.parse(stdout)).toMatchObject({ no: 1, name: 'VM_START' });
    expect(code).toBe(130);
  });

  it.concurrent('gives the counts so far when it is interrupted', async () => {
    // Far more than a pipe holds: when it is taken, most of it has been read.
    const { code, stdout } = await interrupted('--summary', REQUEST.repeat(20_000), (_, isTaken) => isTaken);
    const [, records, packets] = /^(\d+) records, (\d+) packets\n/.exec(stdout) ?? [];
    expect([code, records]).toEqual([130, packets]);
    expect(Number(records)).toBeGreaterThan(1000);
  });
});
