import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { isWanted } from '../golden/tools.js';
import { pageFolder } from './folder.js';
import { type Block, missingLine, type Page, pages, root } from './pages.js';

/** A background command that makes a socket is ready once the socket is there. */
function waitForSocket(line: string): string {
  const [, socket] = /--(?:socket|listen) (\S+).*&$/.exec(line) ?? [];
  return socket === undefined
    ? line
    : `${line}\nfor n in $(seq 1000); do [ -S ${socket} ] && break; sleep 0.1; done`;
}

/**
 * A real shell for the blocks of one page. `gunyah-rm` is the bundle, which starts much sooner than the source. What is
 * in the background ends with the block.
 */
function pageShell(page: Page) {
  const folder = pageFolder(page);
  const home = join(folder.path, 'home');
  // A program of its own, so that a signal for what is in the background reaches it.
  writeFileSync(join(home, 'gunyah-rm'), `#!/bin/sh\nexec node ${main} "$@"\n`, { mode: 0o755 });
  const run = (text: string) => {
    const script = [
      'set -euo pipefail',
      'trap \'jobs=$(jobs -p); [ -z "$jobs" ] || kill $jobs\' EXIT',
      ...text.split('\n').map(waitForSocket),
    ].join('\n');
    return spawnSync('bash', ['-c', script], {
      cwd: folder.path,
      env: { ...process.env, HOME: home, PATH: `${home}:${process.env.PATH}` },
      encoding: 'utf8',
      timeout: 280_000,
    });
  };
  return { ...folder, run };
}

const runs = ({ language, notRun }: Block) => language === 'sh' && notRun === undefined;
/** Installing and testing is what runs this test. */
const isDone = (line: string) => line === 'npm ci && npm test' || line.startsWith('alias ');

describe.each(pages.filter(({ blocks }) => blocks.some((block) => runs(block))))('$path', (page) => {
  // Made when the tests run: tests that are only listed would leave its folder behind.
  let shell: ReturnType<typeof pageShell>;
  beforeAll(() => {
    shell = pageShell(page);
  });
  afterAll(() => shell.remove());
  page.blocks.forEach((block, index) => {
    if (!runs(block)) return;
    it(`block ${index} runs in a shell: ${block.text.split('\n', 1)[0]}`, () => {
      const lines = block.text.split('\n').filter((line) => !isDone(line));
      const isFirst = page.path === 'README.md' && index === 0;
      const text = lines.join('\n').replaceAll('npm ci && ', '');
      const { status, stdout, stderr } = shell.run(
        // The first runs from source, as in a fresh clone.
        isFirst ? text : text.replaceAll('npx tsx src/cli/main.ts', 'gunyah-rm'),
      );
      expect(status, stdout + stderr).toBe(block.exitCode);
      const next = page.blocks[index + 1];
      // The others print to a terminal, and are compared in the first stage.
      if (block.tools !== undefined && next?.language === 'text' && next.notRun === undefined)
        expect(missingLine(next.text, stdout + stderr), stdout + stderr).toBeUndefined();
    });
  });
});

describe('pages', () => {
  const page = { path: '', text: '', blocks: [] };
  let shell: ReturnType<typeof pageShell>;
  beforeAll(() => {
    shell = pageShell(page);
  });
  afterAll(() => shell.remove());

  it('have programs whose types hold', () => {
    const programs = pages.flatMap(({ blocks }) => blocks.filter(({ language }) => language === 'ts'));
    const files = programs.map(({ text }, index) => {
      writeFileSync(join(shell.path, `program-${index}.ts`), text);
      return `program-${index}.ts`;
    });
    const paths = {
      'gunyah-rm': ['./src/index.ts'],
      'gunyah-rm/schemas': ['./schemas/index.ts'],
      'gunyah-rm/*': ['./src/*/index.ts'],
    };
    const settings = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: { paths, preserveSymlinks: true },
      include: [],
      files: [...files, 'src/wire/restructure.d.ts'],
    };
    writeFileSync(join(shell.path, 'settings.json'), JSON.stringify(settings));
    expect(shell.run('node_modules/.bin/tsc -p settings.json').stdout).toBe('');
  });

  it.skipIf(!isWanted('tshark'))('say how to install the dissector (without: tshark)', () => {
    const blocks = pages.flatMap((each) => each.blocks);
    const block = blocks.find(({ text }) => text.includes('export lua')) as Block;
    expect(shell.run(block.text).status).toBe(0);
    const filter = 'gunyah_rm.vm_start.request.vmid == 128';
    const shown = execFileSync('tshark', ['-r', 'captures/vm-lifecycle.pcapng', '-Y', filter], {
      cwd: root,
      env: { ...process.env, HOME: join(shell.path, 'home') },
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(shown).toMatch(/HLOS \(3\) → RM \(255\) +Gunyah RM .* request {2}VM_START/);
  });
});
