import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';
import { isWanted } from '../golden/tools.js';
import { buildSmallManager, small } from './small-manager.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-small-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

describe.runIf(isWanted('afl-clang-fast'))('the small manager in C', () => {
  beforeAll(() => buildSmallManager(folder, [process.execPath, main], Object.values(small)), 120_000);

  it.each([
    [small.covered, ['lend_interrupt', 'reset']],
    [small.plain, ['reset', 'reclaim']],
  ])(
    'as %s shows defects, each by its function',
    async (program, places) => {
      const target = ['--target', `exec:exec ${path(program)}`, '--no-reference'];
      const { code, stdout } = await gunyahRm(['fuzz', ...target, '--runs', '300', '--plays', '10']);
      expect(code).toBe(1);
      for (const place of places) expect(stdout).toMatch(new RegExp(`crash ${place}\n`));
      expect(/^\d+ edges of its code$/m.test(stdout)).toBe(program === small.covered);
    },
    120_000,
  );

  it('reads queue messages one behind the other, and notes what it dies of', () => {
    // VM_GET_VMID, then VM_IRQ_LEND of interrupt 0xffffffff.
    const input = Buffer.from('21010000240000562101020051000056' + '80000000ffffffff00000000', 'hex');
    const log = path('log');
    expect(() =>
      execFileSync(path(small.frames), { input, env: { ...process.env, DEFECTS_LOG: log }, stdio: 'pipe' }),
    ).toThrow();
    expect(existsSync(log) && readFileSync(log, 'utf8')).toMatch(/^1 \d+\.\d{3}\n$/);
  });
});
