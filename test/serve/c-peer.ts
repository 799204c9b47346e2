import { execFile, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const source = join(import.meta.dirname, 'peer.c');
const options = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror'];

/** What the tests of datagrams need and this machine lacks, if anything. */
export function missingForDatagrams(): string | undefined {
  const required: [string, () => unknown][] = [
    ['unix-dgram', () => createRequire(import.meta.url)('unix-dgram')],
    ['a C compiler (cc)', () => execFileSync('cc', ['--version'], { stdio: 'ignore' })],
  ];
  for (const [name, attempt] of required) {
    try {
      attempt();
    } catch {
      return name;
    }
  }
  return undefined;
}

/** Makes the C program. @throws when it does not compile without a warning. */
export function compilePeer(target: string): void {
  execFileSync('cc', [...options, '-o', target, source], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs it; what it has printed. Fails with its complaint when something is not as it should be. */
export async function runPeer(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { timeout: 280_000 });
  return stdout.trim();
}
