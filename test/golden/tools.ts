import { spawnSync } from 'node:child_process';

export function isInstalled(name: string): boolean {
  const { error } = spawnSync(name, ['--version'], { stdio: 'ignore' });
  return error === undefined;
}

/** Whether tests use a program: where it is installed, and in CI in any case, so that its lack shows there. */
export function isWanted(name: string): boolean {
  return process.env.CI !== undefined || isInstalled(name);
}
