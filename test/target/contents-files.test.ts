import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ContentsFiles } from '../../src/node/target/contents-files.js';

const files = new ContentsFiles();

afterEach(() => files.remove());

it('keeps what was asked for lately, however long ago it was asked for first', () => {
  const often = Uint8Array.of(1, 2, 3);
  const name = files.of(often);
  for (let other = 0; other < 5000; other++) {
    files.of(new Uint8Array(4));
    if (other % 1000 === 0) expect(files.of(often)).toBe(name);
  }
  expect([...readFileSync(name)]).toEqual([...often]);
});

it('takes another folder when the first one takes no more', () => {
  const first = dirname(files.of(Uint8Array.of(1)));
  rmSync(first, { recursive: true });
  const names = [2, 3].map((byte) => files.of(Uint8Array.of(byte)));
  expect(names.map((name) => [...readFileSync(name)])).toEqual([[2], [3]]);
  expect(names.map(dirname)).not.toContain(first);
  expect(dirname(names[0] as string)).toBe(dirname(names[1] as string));
});

it('leaves no folder behind', () => {
  const folder = dirname(files.of(Uint8Array.of(1)));
  files.remove();
  expect(existsSync(folder)).toBe(false);
});
