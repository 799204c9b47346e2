import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Files } from '../../src/node/files.js';
import { noStdio } from '../../src/node/stdio.js';
import { ownFolder } from '../own-folder.js';

describe('outputs', () => {
  it.each(['end', 'discard'] as const)(
    'give up their buffer when they %s: a folder of tables has thousands of files',
    (finish) => {
      const files = new Files(noStdio);
      const path = join(ownFolder(), 'lines.txt');
      const output = files.output(path, '--output');
      output.write('a line\n');
      const { writer } = output;
      expect(output.writer).toBe(writer);
      output[finish]();
      expect(output.writer).not.toBe(writer);
      expect(files.isOutputClosed).toBe(false);
      if (finish === 'end') expect(readFileSync(path, 'utf8')).toBe('a line\n');
      else expect(() => readFileSync(path)).toThrow('ENOENT');
    },
  );
});
