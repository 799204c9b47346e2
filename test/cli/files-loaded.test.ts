import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { files } from '../../vite.cli.config.js';
import { main } from './bundle.js';

const root = resolve(import.meta.dirname, '../..');

it.each(files)('the build finds what belongs into the file $name', ({ test }) => {
  const paths = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' });
  expect(paths.filter((path) => test.test(join('src', path)))).not.toEqual([]);
});

it('decode of a plain capture has Node load neither what starts processes nor what compresses', () => {
  const tell = 'data:text/javascript,process.on("exit", () => console.error(process.moduleLoadList.join()))';
  const words = ['--import', tell, main, 'decode', resolve(root, 'captures/vm-lifecycle.pcapng')];
  const loaded = spawnSync(process.execPath, words, { encoding: 'utf8' }).stderr.trimEnd().split(',');
  expect(loaded).toContain('NativeModule fs');
  for (const name of ['child_process', 'zlib']) expect(loaded).not.toContain(`NativeModule ${name}`);
});
