import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Files } from '../../src/node/files.js';
import { heldMemory } from '../held-memory.js';
import { ownFolder } from '../own-folder.js';
import { noStdio } from './run.js';

describe('outputs', () => {
  it('that have been ended hold no buffers: a folder of tables has thousands of files', () => {
    const folder = ownFolder();
    const files = new Files(noStdio);
    const count = 200;
    const before = heldMemory();
    for (let number = 0; number < count; number++) {
      const output = files.output(join(folder, `${number}.txt`), '--output');
      output.write('a line\n');
      output.end();
    }
    // A buffer has 256 KiB.
    expect(heldMemory() - before).toBeLessThan(count * 10_000);
    expect(readdirSync(folder)).toHaveLength(count);
    expect(files.isOutputClosed).toBe(false);
  });
});
