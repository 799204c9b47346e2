import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownFolder } from './own-folder.js';
import { runFolder } from './run-folder.js';

it('removes what ended processes of this machine have left', () => {
  const parent = join(ownFolder(), 'cache');
  const { pid: ended } = spawnSync(process.execPath, ['--version']);
  const left = runFolder(parent, ended);
  const used = runFolder(parent, process.ppid);
  const others = [
    'gunyah-rm-sources-',
    `gunyah-rm-sources-another.machine-${ended}-a`,
    `gunyah-rm-sources-${hostname()}-${ended}-1-a`,
    'vite',
  ];
  for (const name of others) mkdirSync(join(parent, name));
  const own = runFolder(parent);
  expect(existsSync(left)).toBe(false);
  for (const folder of [used, own, ...others.map((name) => join(parent, name))])
    expect(existsSync(folder)).toBe(true);
});
