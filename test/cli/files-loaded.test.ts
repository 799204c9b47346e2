import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { files } from '../../vite.cli.config.js';

const root = resolve(import.meta.dirname, '../..');

it.each(files)('the build finds what belongs into the file $name', ({ test }) => {
  const paths = readdirSync(resolve(root, 'src'), { recursive: true, encoding: 'utf8' });
  expect(paths.filter((path) => test.test(`src/${path.replaceAll('\\', '/')}`))).not.toEqual([]);
});
