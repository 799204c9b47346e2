import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FileError } from '../../src/node/file-error.js';
import { makeFolder } from '../../src/node/folder.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-folder-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('makes a folder with those that it lies in, once or again', () => {
  const path = join(folder, 'a/b/c');
  makeFolder(path);
  makeFolder(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

it('refuses a path below a file, and one where no folder can be made', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'a'), join(file, 'a/b')])
    expect(() => makeFolder(path)).toThrow(FileError);
  if (process.platform === 'linux') expect(() => makeFolder('/proc/none/a')).toThrow(FileError);
});
