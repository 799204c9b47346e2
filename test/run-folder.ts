import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Processes in other containers may use the same parent folder, and their numbers mean nothing here. */
const prefix = `gunyah-rm-sources-${hostname()}-`;

/**
 * Makes a folder for a process alone, which goes when this process ends. Those that killed processes have left go first.
 *
 * @param parent made if needed. @param pid of the process.
 */
export function runFolder(parent: string, pid = process.pid): string {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent)) {
    const owner = ownerOf(name);
    if (owner !== undefined && !isAlive(owner)) rmSync(join(parent, name), { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(parent, `${prefix}${pid}-`));
  // Not in `vitest.onClose`, which is not called when the run is interrupted.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * The process of a folder; undefined if it is none of this machine. The name of another machine may be that of this one
 * and something behind it.
 */
function ownerOf(name: string): number | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const [, pid] = /^(\d+)-[^-]+$/.exec(name.slice(prefix.length)) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process that must not be signalled is alive, too.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
