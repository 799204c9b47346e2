import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gunyahRm, gunyahRmProcess } from './run.js';

const capture = resolve(import.meta.dirname, '../../captures/vm-lifecycle.pcapng');

describe('the binary', () => {
  it('prints what the same words give in this process, and ends with the same code', async () => {
    for (const args of [
      ['decode', '--json', capture],
      ['decode', capture, '--nonsense'],
      ['decode', resolve(capture, '../none')],
      ['--help'],
    ])
      expect(await gunyahRmProcess(args), args.join(' ')).toEqual(await gunyahRm(args));
  });

  it('reads standard input to its end', async () => {
    const { code, stdout } = await gunyahRmProcess(['decode', '--json', '-'], readFileSync(capture));
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(59);
  });
});
