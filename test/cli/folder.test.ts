import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { FileError } from '../../src/node/file-error.js';
import { makeFolder } from '../../src/node/folder.js';
import { TemporaryFolder } from '../../src/node/temporary-folder.js';

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

it('says which folder for temporary files is missing', () => {
  const missing = join(folder, 'missing');
  // Of the systems that `tmpdir` knows each has a variable of its own.
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, missing);
  const temporary = new TemporaryFolder();
  try {
    const said = { file: missing, message: 'no such file or folder' };
    expect(() => temporary.path('a')).toThrow(expect.objectContaining(said));
  } finally {
    vi.unstubAllEnvs();
  }
});
