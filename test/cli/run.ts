import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export const main = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

/** Runs the command line as built, without a terminal and without colour. */
export function gunyahRm(
  args: readonly string[],
  options: { input?: Uint8Array | string; env?: NodeJS.ProcessEnv } = {},
): Promise<Run> {
  return new Promise((done, failed) => {
    const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.env };
    const child = spawn(process.execPath, [main, ...args], { env });
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk;
    });
    child.on('error', failed);
    child.on('close', (code) => {
      const bytes = Buffer.concat(out);
      done({ code, stdout: bytes.toString(), stderr, bytes });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
