import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-socket-'));
const pidFile = join(folder, 'pid');
const endings = join(folder, 'endings');
afterAll(() => rmSync(folder, { recursive: true }));

/** A script that ends the server that there is, starts a new one, and waits until it can be connected to. */
function restarting(socket: string, ...options: readonly string[]): string {
  const path = join(folder, 'restart');
  const server = `'${process.execPath}' '${main}' serve --socket '${socket}' ${options.join(' ')}`;
  writeFileSync(
    path,
    `#!/bin/sh
echo "$GUNYAH_RM_ENDING" >> '${endings}'
if [ -e '${pidFile}' ]; then kill -KILL $(cat '${pidFile}'); rm -f '${pidFile}' '${socket}'; fi
${server} > /dev/null 2>&1 &
echo $! > '${pidFile}'
while [ ! -S '${socket}' ] && kill -0 $!; do sleep 0.05; done
`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** Ends the server that the script has started last. */
function stop(): void {
  execFileSync('sh', ['-c', `kill $(cat '${pidFile}'); rm '${pidFile}'`]);
}

describe('a manager behind a socket', () => {
  it('that is made fresh for every case says what the reference says', async () => {
    const socket = join(folder, 'fresh.sock');
    const monitor = restarting(socket, '--careful');
    execFileSync(monitor, { stdio: 'ignore' });
    const args = [
      'fuzz',
      '--target',
      `socket:${socket}`,
      '--careful',
      '--monitor',
      monitor,
      '--limit',
      String(patienceMs),
    ];
    const { code, stdout, stderr } = await gunyahRm([...args, '--runs', '2']);
    stop();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^2 cases, \d+ steps/);
  });

  it('that nobody makes fresh is fuzzed until it is silent', async () => {
    const socket = join(folder, 'once.sock');
    execFileSync(restarting(socket), { stdio: 'ignore' });
    const args = [
      'fuzz',
      '--target',
      `socket:${socket}`,
      '--limit',
      '1500',
      '--time',
      String(patienceMs / 1000),
    ];
    const { code, stdout } = await gunyahRm(args);
    stop();
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}1 {2}hang on \w+\n/);
  });

  it('that is not there is no finding', async () => {
    const { code, stderr } = await gunyahRm(['fuzz', '--target', `socket:${folder}/none`, '--limit', '100']);
    expect(code).toBe(3);
    expect(stderr).toContain('no connection');
  });
});
