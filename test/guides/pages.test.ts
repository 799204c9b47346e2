import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { error, protocol } from '../../schemas/index.js';
import { gunyahRm } from '../cli/run.js';
import { pageFolder } from './folder.js';
import { type Block, missingLine, pages, root } from './pages.js';
import { runLines } from './shell.js';

const LANGUAGES = ['sh', 'text', 'ts', 'c', 'json'];

async function runProgram(file: string): Promise<string> {
  let printed = '';
  const log = vi.spyOn(console, 'log').mockImplementation((...values) => {
    printed += `${format(...values)}\n`;
  });
  try {
    await import(file);
  } finally {
    log.mockRestore();
  }
  return printed;
}

describe.each(pages)('$path', (page) => {
  // Made when the tests run: tests that are only listed would leave it behind.
  let folder: ReturnType<typeof pageFolder>;
  const home = process.cwd();
  beforeAll(() => {
    folder = pageFolder(page);
    process.chdir(folder.path);
  });
  afterAll(() => {
    process.chdir(home);
    folder.remove();
  });

  async function print(block: Block, index: number): Promise<string> {
    if (block.language === 'ts') {
      const file = join(folder.path, `program-${index}.ts`);
      writeFileSync(file, block.text);
      return runProgram(file);
    }
    const { code, printed } = await runLines(block.text);
    expect(code, printed).toBe(block.exitCode);
    return printed;
  }

  it('has blocks of known languages only', () => {
    expect(page.blocks.filter(({ language }) => !LANGUAGES.includes(language))).toEqual([]);
  });

  // Blocks run one after the other in one folder, as a reader runs them.
  page.blocks.forEach((block, index) => {
    const isProgram = block.language === 'ts' || block.language === 'sh';
    if (!isProgram || block.tools !== undefined || block.notRun !== undefined) return;
    it(`block ${index} runs: ${block.text.split('\n', 1)[0]}`, async () => {
      const printed = await print(block, index);
      const next = page.blocks[index + 1];
      if (next?.language === 'text' && next.notRun === undefined)
        expect(missingLine(next.text, printed), printed).toBeUndefined();
    });
  });

  it('points at files and headings that are there', () => {
    for (const [, target] of page.text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      const [path, heading] = (target as string).split('#') as [string, string?];
      const file = path === '' ? page.path : join(dirname(page.path), path);
      expect(existsSync(join(root, file)), `${page.path} points at ${target}`).toBe(true);
      if (heading !== undefined) expect(anchors(file), `${page.path} points at ${target}`).toContain(heading);
    }
  });

  it('names messages that exist', () => {
    const isName = (name: string) => protocol.byName.has(name) || name in error.values;
    const names = [...page.text.matchAll(/\b(?:VM|MEM)_[A-Z_]+\b/g)].map(([name]) => name);
    expect(names.filter((name) => !isName(name))).toEqual([]);
  });
});

function anchors(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    (title as string)
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

const [readme] = pages as [(typeof pages)[0]];

describe('README', () => {
  it('has one command that installs and decodes, and one that installs and tests, as CI does', () => {
    const installs = [...readme.text.matchAll(/^npm ci.*$/gm)].map(([line]) => line);
    expect(installs).toHaveLength(2);
    expect(installs[0]).toContain('decode captures/');
    expect(installs[1]).toBe('npm ci && npm test');
    const ci = readFileSync(join(root, '.ci/run'), 'utf8');
    expect(ci).toMatch(/^npm ci$/m);
    expect(ci).toMatch(/^npm test$/m);
  });

  it('lists every command, and no other', async () => {
    const { stdout } = await gunyahRm(['--help']);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[|\s{2,})/gm)].map(([, name]) => name as string);
    const listed = [...readme.text.matchAll(/^\| `([a-z]+)/gm)].map(([, name]) => name as string);
    expect(commands.length).toBeGreaterThan(15);
    expect([...new Set(listed)].sort()).toEqual(commands.filter((name) => name !== 'help').sort());
  });

  it('leads to every guide', () => {
    for (const { path } of pages.slice(1)) expect(readme.text).toContain(`](${path})`);
  });
});

describe('other documents', () => {
  const documents = ['CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'captures/README.md'];

  it.each(documents)('%s points at files that are there', (path) => {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g))
      expect(existsSync(join(root, dirname(path), target as string)), `${path} points at ${target}`).toBe(
        true,
      );
  });

  it('CONTRIBUTING names files and folders that are there', () => {
    const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
    const names = [...text.matchAll(/`((?:src|test|schemas|captures)\/[\w./-]*)`/g)].map(
      ([, name]) => name as string,
    );
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => !name.includes('NAME') && !existsSync(join(root, name)))).toEqual([]);
  });
});
