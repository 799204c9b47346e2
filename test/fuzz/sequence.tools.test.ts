import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sequenceHash } from './sequence.js';

it('an engine gives the same steps in any process', () => {
  const script = join(import.meta.dirname, 'sequence.ts');
  const hash = execFileSync(process.execPath, ['--import', 'tsx', script, 'sequence', '77', '4000'], {
    encoding: 'utf8',
  });
  expect(hash).toBe(sequenceHash(77, 4000));
  expect(hash).not.toBe(sequenceHash(78, 4000));
});
