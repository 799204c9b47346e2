import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocol } from '../schemas/index.js';

const root = resolve(import.meta.dirname, '..');

/** Folder → folders that it may import besides itself. The table of CONTRIBUTING.md, in full. */
const engine = ['src/base', 'src/wire', 'src/schema', 'src/codec', 'src/rpc', 'src/capture'];
const allowed: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(engine.map((folder, index) => [folder, engine.slice(0, index)])),
  schemas: ['src/schema'],
  'src/docs': engine,
  'src/export': [...engine, 'src/docs'],
  'src/golden': [...engine, 'src/docs', 'src/export'],
  'src/transport': engine,
  'src/devicetree': engine,
  'src/hypervisor': engine,
  'src/rm': [...engine, 'src/transport', 'src/devicetree', 'src/hypervisor', 'schemas'],
  'src/machine': [...engine, 'src/transport', 'src/hypervisor', 'src/rm', 'schemas'],
  'src/host': [...engine, 'src/transport', 'src/hypervisor', 'schemas'],
  'src/sim': [...engine, 'src/transport', 'src/hypervisor', 'src/rm', 'src/machine', 'src/host', 'schemas'],
  'src/fuzz': [
    ...engine,
    'src/transport',
    'src/devicetree',
    'src/hypervisor',
    'src/rm',
    'src/machine',
    'src/sim',
    'src/golden',
    'schemas',
  ],
  'src/inspector': [...engine, 'src/docs', 'schemas'],
  'src/serve': [...engine, 'src/rm', 'src/machine', 'schemas'],
  'src/index.ts': [...engine, 'src/docs', 'schemas'],
  'src/node': [...engine, 'src/serve', 'src/fuzz', 'src/inspector', 'schemas'],
  'src/cli': [
    ...engine,
    'src/docs',
    'src/export',
    'src/golden',
    'src/rm',
    'src/host',
    'src/sim',
    'src/fuzz',
    'src/serve',
    'src/node',
    'schemas',
  ],
};

interface Source {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
}

const sources: Source[] = ['src', 'schemas']
  .flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map((name) => `${top}/${name}`),
  )
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, code: text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') };
  });

function folderOf(path: string): string {
  return Object.keys(allowed).find((folder) => path === folder || path.startsWith(`${folder}/`)) ?? path;
}

function importsOf({ path, code }: Source): string[] {
  return [...code.matchAll(/from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm)].map((match) => {
    const name = match[1] ?? match[2] ?? (match[3] as string);
    return name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : name;
  });
}

describe('architecture', () => {
  it('has files to look at, and every file belongs to a folder of the table', () => {
    expect(sources.length).toBeGreaterThan(60);
    expect(sources.map(({ path }) => path).filter((path) => !(folderOf(path) in allowed))).toEqual([]);
  });

  it('imports in one direction', () => {
    const wrong = sources.flatMap((source) => {
      const own = folderOf(source.path);
      return importsOf(source)
        .filter((name) => name.startsWith('src/') || name.startsWith('schemas/'))
        .filter(
          (name) => folderOf(name) !== own && !allowed[own]?.includes(folderOf(name.replace(/\.js$/, '.ts'))),
        )
        .map((name) => `${source.path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('has no import cycle between files', () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const done = new Set<string>();
    const visit = (path: string, trail: readonly string[]): string[] => {
      if (trail.includes(path)) return [[...trail.slice(trail.indexOf(path)), path].join(' -> ')];
      const source = byPath.get(path);
      if (source === undefined || done.has(path)) return [];
      // Type imports are erased and may go both ways.
      const code = source.code.replace(/^import type [\s\S]*?;$/gm, '');
      const found = importsOf({ ...source, code }).flatMap((name) =>
        visit(name.replace(/\.js$/, '.ts'), [...trail, path]),
      );
      done.add(path);
      return found;
    };
    expect(sources.flatMap(({ path }) => visit(path, []))).toEqual([]);
  });

  it('touches Node in src/node only, and restructure in src/wire only', () => {
    const users = (pattern: RegExp) =>
      new Set(sources.filter(({ code }) => pattern.test(code)).map(({ path }) => folderOf(path)));
    expect([...users(/from 'node:/)]).toEqual(['src/node']);
    expect([...users(/from 'restructure'/)]).toEqual(['src/wire']);
    expect([...users(/\bprocess\./)].sort()).toEqual(['src/cli', 'src/node']);
  });

  it('is handed time and randomness', () => {
    const pattern =
      /Date\.now|new Date\b|Math\.random|performance\.now|hrtime|setTimeout|setInterval|crypto\./;
    // A page has timers; what it shows of a capture it has from the worker, which has none.
    const users = sources
      .filter(({ path, code }) => !path.startsWith('src/inspector/page/') && pattern.test(code))
      .map(({ path }) => path);
    // The live server's: when a message came, when to try again; and time limits of fuzzed programs.
    expect(users.sort()).toEqual([
      'src/node/clock.ts',
      'src/node/fuzz/exec-target.ts',
      'src/node/fuzz/socket-target.ts',
      'src/node/fuzz/step-wait.ts',
      'src/node/tap.ts',
      'src/node/unix-dgram.ts',
    ]);
  });

  it('names no message in the engine', () => {
    const names = new RegExp(`\\b(${protocol.messages.map(({ name }) => name).join('|')})\\b`);
    const inEngine = sources.filter(({ path }) => engine.includes(folderOf(path)));
    expect(inEngine.filter(({ code }) => names.test(code)).map(({ path }) => path)).toEqual([]);
  });

  it('hides members at run time too, as #name', () => {
    // Constructors have no other way of being private.
    const pattern = /\bprivate (?!constructor\b)/;
    // Declared types are data, of which tests change copies: a copy has no #members.
    const declared = ['src/wire/list.ts', 'src/wire/struct.ts', 'src/wire/variant.ts'];
    const users = sources.filter(({ code }) => pattern.test(code)).map(({ path }) => path);
    expect(users.sort()).toEqual(declared);
  });

  it('keeps files small enough to hold', () => {
    const long = sources.filter(({ text }) => text.split('\n').length > 400).map(({ path }) => path);
    expect(long).toEqual([]);
  });
});
