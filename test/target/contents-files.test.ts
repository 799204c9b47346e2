import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { FileError } from '../../src/node/file-error.js';
import { ContentsFiles } from '../../src/node/target/contents-files.js';

it('keeps what was asked for lately, however long ago it was asked for first', () => {
  const files = new ContentsFiles();
  const often = Uint8Array.of(1, 2, 3);
  const name = files.of(often);
  for (let other = 0; other < 5000; other++) {
    files.of(new Uint8Array(4));
    if (other % 1000 === 0) expect(files.of(often)).toBe(name);
  }
  expect([...readFileSync(name)]).toEqual([...often]);
  files.remove();
  expect(existsSync(dirname(name))).toBe(false);
});

it('writes to the next folder from when it cannot write to one any more', () => {
  const home = mkdtempSync(join(tmpdir(), 'gunyah-rm-contents-'));
  const parents = ['absent', 'first', 'second'].map((name) => join(home, name));
  for (const parent of parents.slice(1)) mkdirSync(parent);
  const files = new ContentsFiles(parents);
  const [one, other] = [Uint8Array.of(1), Uint8Array.of(2)];
  expect(dirname(dirname(files.of(one)))).toBe(parents[1]);
  rmSync(parents[1] as string, { recursive: true });
  const path = files.of(other);
  expect(dirname(dirname(path))).toBe(parents[2]);
  expect([...readFileSync(path)]).toEqual([2]);
  rmSync(home, { recursive: true });
  expect(() => files.of(Uint8Array.of(3))).toThrow(FileError);
});
