import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { error, protocol } from '../schemas/index.js';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = (language: string) =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text]) => text as string,
  );
const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

/** The examples run in a copy, so that what they write does not land in the checkout. */
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-readme-'));
for (const name of ['src', 'schemas', 'captures', 'package.json', 'tsconfig.json', 'vite.config.ts']) {
  cpSync(join(root, name), join(folder, name), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shell(command: string): string {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', command], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

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

  // Installing and testing is what runs this test.
  const runnable = commands
    .map((command) => command.replace(/^npm ci && /, ''))
    .filter((command) => command !== 'npm test');
  // The first runs from source, as in a fresh clone; the others run what globalSetup built, which starts much sooner.
  const built = `node ${join(root, 'dist/src/cli/main.js')}`;
  it.each(runnable.map((command, index) => [command, index] as const))('%s', (command, index) => {
    const output = shell(index === 0 ? command : command.replaceAll('npx tsx src/cli/main.ts', built));
    const [, written] = / -o (copy\.\w+)/.exec(command) ?? [];
    if (written !== undefined) expect(existsSync(join(folder, written))).toBe(true);
    else if (!command.includes(' diff ')) expect(output.length).toBeGreaterThan(50);
  });

  const examples = blocks('ts').map((text, index) => {
    const file = `example-${index}.ts`;
    const local = text
      .replaceAll("from 'gunyah-rm'", "from './src/index.js'")
      .replaceAll(/from 'gunyah-rm\/(\w+)'/g, "from './src/$1/index.js'");
    writeFileSync(join(folder, file), local);
    return file;
  });
  const expected = [
    /^128\ntruncated vmid 0 2 1\n$/,
    /"vm_status":"RUNNING"/,
    /vmid 0 2 128\n.*2 4 0\nvm_status 4 5 3/s,
    /^128 0\nEBADMSG rm VM_STATE\n$/,
    /^EINVAL vm\[128\]\.VM_INIT\.error MEM_INVALID\n0 \[\]\n$/,
  ];
  it.each(examples.map((file, index) => [file, index] as const))('%s prints what it says', (file, index) => {
    expect(shell(`node --import tsx ${file}`)).toMatch(expected[index] as RegExp);
  });

  it('has examples whose types hold', () => {
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        include: [],
        files: [...examples, 'src/wire/restructure.d.ts'],
      }),
    );
    expect(shell('node node_modules/typescript/bin/tsc -p .')).toBe('');
  });

  it('shows decoded messages as they are printed', () => {
    const shown = /```\n( {6}7 [\s\S]*?)```/.exec(readme)?.[1] as string;
    expect(shell('npx tsx src/cli/main.ts decode captures/vm-lifecycle.pcapng')).toContain(shown);
  });

  it('points at files that are there, and messages that exist', () => {
    for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)]+)\)/g))
      expect(existsSync(join(root, path as string))).toBe(true);
    for (const [name] of readme.matchAll(/\b(VM|MEM)_[A-Z_]+\b/g))
      expect(protocol.byName.has(name) || name in error.values).toBe(true);
  });
});
