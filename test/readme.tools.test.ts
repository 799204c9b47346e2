import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from './cli/bundle.js';
import { isWanted } from './golden/tools.js';
import { commands, examples, readme, root } from './readme-text.js';

/** The commands run in a copy, so that what they write does not land in the checkout. */
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
  // Installing and testing is what runs this test.
  const runnable = commands
    .map((command) => command.replace(/^npm ci && /, ''))
    .filter((command) => command !== 'npm test');
  // The first runs from source, as in a fresh clone; the others run the bundle, which starts much sooner.
  it.each(runnable.map((command, index) => [command, index] as const))('%s', (command, index) => {
    const output = shell(
      index === 0 ? command : command.replaceAll('npx tsx src/cli/main.ts', `node ${main}`),
    );
    const [, written] = / -o (copy\.\w+)/.exec(command) ?? [];
    if (written !== undefined) expect(existsSync(join(folder, written))).toBe(true);
    else if (!command.includes(' diff ')) expect(output.length).toBeGreaterThan(50);
  });

  it('has examples whose types hold', () => {
    const files = examples.map((text, index) => {
      writeFileSync(join(folder, `example-${index}.ts`), text);
      return `example-${index}.ts`;
    });
    const paths = {
      'gunyah-rm': ['./src/index.ts'],
      'gunyah-rm/schemas': ['./schemas/index.ts'],
      'gunyah-rm/*': ['./src/*/index.ts'],
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(root, 'tsconfig.json'),
        compilerOptions: { paths },
        include: [],
        files: [...files, 'src/wire/restructure.d.ts'],
      }),
    );
    expect(shell('node node_modules/typescript/bin/tsc -p .')).toBe('');
  });

  it.skipIf(!isWanted('tshark'))('says how to install the dissector (without: tshark)', () => {
    const command = /`(mkdir -p \S+ && .* export lua -o \S+)`/.exec(readme)?.[1] as string;
    const options = {
      cwd: root,
      env: { ...process.env, HOME: folder },
      encoding: 'utf8',
      stdio: 'pipe',
    } as const;
    execFileSync('bash', ['-ec', command], options);
    const filter = 'gunyah_rm.vm_start.request.vmid == 128';
    const shown = execFileSync('tshark', ['-r', 'captures/vm-lifecycle.pcapng', '-Y', filter], options);
    expect(shown).toMatch(/HLOS \(3\) → RM \(255\) +Gunyah RM .* request {2}VM_START/);
  });
});
