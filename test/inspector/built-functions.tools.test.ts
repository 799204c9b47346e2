import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { payloadsOf } from '../../src/docs/type-facts.js';

// In a process of its own: codecs that other tests have used have generated their functions, and later tests get none.
it('functions made when the page is built are all that decoding and printing generate', () => {
  const program = join(import.meta.dirname, 'built-functions.ts');
  const printed = execFileSync(process.execPath, ['--import', 'tsx', program], { encoding: 'utf8' });
  expect(Number(printed)).toBe(1 + protocol.messages.flatMap(payloadsOf).length);
});
