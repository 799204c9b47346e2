import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
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
});
