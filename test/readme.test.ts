import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { error, protocol } from '../schemas/index.js';
import { gunyahRm } from './cli/run.js';
import { commands, examples, readme, root } from './readme-text.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('CONTRIBUTING', () => {
  it('names files and folders that are there', () => {
    const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const names = [...text.matchAll(/`((?:src|test|schemas|captures)\/[\w./-]*)`/g)].map(
      ([, name]) => name as string,
    );
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !name.includes('NAME') && !existsSync(join(root, name)))).toEqual([]);
  });
});

describe('README', () => {
  it('has one command that installs and decodes, and one that installs and tests, as CI does', () => {
    const installs = commands.filter((command) => command.startsWith('npm ci'));
    expect(installs).toHaveLength(2);
    expect(installs[0]).toContain('decode captures/');
    expect(installs[1]).toBe('npm ci && npm test');
    const ci = readFileSync(join(root, '.ci/run'), 'utf8');
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).toMatch(/^npm test$/m);
  });

  const expected = [
    /^128\ntruncated vmid 0 2 1\n$/,
    /"vm_status":"RUNNING"/,
    /vmid 0 2 128\n.*2 4 0\nvm_status 4 5 3/s,
    /^128 0\nEBADMSG rm VM_STATE\n$/,
    /^EINVAL vm\[128\]\.VM_INIT\.error MEM_INVALID\n0 \[\]\n$/,
  ];
  it.each(examples.map((text, index) => [index, text] as const))(
    'example %i prints what it says',
    async (index, text) => {
      const file = join(folder, `example-${index}.ts`);
      writeFileSync(file, text);
      let printed = '';
      const log = vi.spyOn(console, 'log').mockImplementation((...values) => {
        printed += `${format(...values)}\n`;
      });
      try {
        await import(file);
      } finally {
        log.mockRestore();
      }
      expect(printed).toMatch(expected[index] as RegExp);
    },
  );

  it('shows decoded messages as they are printed', async () => {
    const shown = /```\n( {6}7 [\s\S]*?)```/.exec(readme)?.[1] as string;
    const { stdout } = await gunyahRm(['decode', join(root, 'captures/vm-lifecycle.pcapng')]);
    expect(stdout).toContain(shown);
  });

  it('points at files that are there, and messages that exist', () => {
    for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)]+)\)/g))
      expect(existsSync(join(root, path as string))).toBe(true);
    for (const [name] of readme.matchAll(/\b(VM|MEM)_[A-Z_]+\b/g))
      expect(protocol.byName.has(name) || name in error.values).toBe(true);
  });
});
