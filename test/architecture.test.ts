import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protocol } from '../schemas/index.js';
import { circles, fileGraph, folderGraph, importsOf, type Source, sourceOf } from './imports.js';

const root = resolve(import.meta.dirname, '..');

/** Folder → folders that it may import besides itself. The table of CONTRIBUTING.md, in full. */
const engine = ['src/base', 'src/wire', 'src/schema', 'src/codec', 'src/rpc', 'src/capture'];
const allowed: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(engine.map((folder, index) => [folder, engine.slice(0, index)])),
  schemas: ['src/schema'],
  'src/docs': engine,
  'src/export': [...engine, 'src/docs'],
  'src/tables': [...engine],
  'src/golden': [...engine, 'src/docs', 'src/export'],
  'src/transport': engine,
  'src/devicetree': engine,
  'src/hypervisor': engine,
  'src/rm': [...engine, 'src/transport', 'src/devicetree', 'src/hypervisor', 'schemas'],
  'src/machine': [...engine, 'src/transport', 'src/hypervisor', 'src/rm', 'schemas'],
  'src/host': [...engine, 'src/transport', 'src/hypervisor', 'schemas'],
  'src/sim': [...engine, 'src/transport', 'src/hypervisor', 'src/rm', 'src/machine', 'src/host', 'schemas'],
  'src/target': [...engine, 'src/rm', 'src/machine', 'schemas'],
  'src/fuzz': [
    ...engine,
    'src/transport',
    'src/devicetree',
    'src/hypervisor',
    'src/rm',
    'src/machine',
    'src/sim',
    'src/target',
    'src/golden',
    'schemas',
  ],
  'src/inspector': [...engine, 'src/docs', 'src/lint', 'schemas'],
  'src/relay': [...engine, 'src/serve', 'src/sim', 'src/target', 'schemas'],
  'src/conform': [...engine, 'src/devicetree', 'src/rm', 'src/machine', 'src/sim', 'src/target', 'schemas'],
  'src/lint': [...engine, 'src/rm', 'src/machine', 'src/host', 'src/sim', 'schemas'],
  'src/serve': [...engine, 'src/rm', 'src/machine', 'schemas'],
  'src/device': ['src/base'],
  'src/index.ts': [...engine, 'src/docs', 'schemas'],
  'src/node': [
    ...engine,
    'src/serve',
    'src/tables',
    'src/target',
    'src/relay',
    'src/fuzz',
    'src/inspector',
    'src/device',
    'schemas',
  ],
  'src/cli': [
    ...engine,
    'src/docs',
    'src/export',
    'src/golden',
    'src/rm',
    'src/host',
    'src/sim',
    'src/lint',
    'src/tables',
    'src/target',
    'src/conform',
    'src/fuzz',
    'src/serve',
    'src/relay',
    'src/device',
    'src/node',
    'schemas',
  ],
};

const sources: Source[] = ['src', 'schemas']
  .flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map(
      (name) => `${top}/${name.replaceAll('\\', '/')}`,
    ),
  )
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => sourceOf(path, readFileSync(join(root, path), 'utf8')));

function folderOf(path: string): string {
  return Object.keys(allowed).find((folder) => path === folder || path.startsWith(`${folder}/`)) ?? path;
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
        .filter((name) => folderOf(name) !== own && !allowed[own]?.includes(folderOf(name)))
        .map((name) => `${source.path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('enters the rooms of src/capture by their index', () => {
    const roomOf = (path: string) => /^src\/capture\/[^/]+\//.exec(path)?.[0];
    const wrong = sources.flatMap((source) =>
      importsOf(source)
        .filter((name) => roomOf(name) !== undefined && roomOf(name) !== roomOf(source.path))
        .filter((name) => !/\/index\.[jt]s$/.test(name))
        .map((name) => `${source.path} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  it('has no circle of files or of folders, types included', () => {
    const files = fileGraph(sources);
    expect(circles(files)).toEqual([]);
    expect(circles(folderGraph(files))).toEqual([]);
  });

  it('touches Node in src/node only, and restructure in src/wire only', () => {
    const users = (pattern: RegExp) =>
      new Set(sources.filter(({ code }) => pattern.test(code)).map(({ path }) => folderOf(path)));
    expect([...users(/from 'node:/)]).toEqual(['src/node']);
    expect([...users(/from 'restructure'/)]).toEqual(['src/wire']);
    expect([...users(/\bprocess\./)].sort()).toEqual(['src/cli', 'src/node']);
  });

  it('loads no manager to decode', () => {
    // Types are not loaded, and neither is what is imported when it is needed.
    const graph = fileGraph(
      sources.map(({ path, text, code }) => ({
        path,
        text,
        code: code.replace(/^(im|ex)port type [^;]*;|\bimport\('[^']*'\)/gm, ''),
      })),
    );
    const loaded = new Set(
      ['main.ts', 'run.ts', 'program.ts', 'commands/decode/index.ts'].map((name) => `src/cli/${name}`),
    );
    for (const path of loaded) for (const other of graph.get(path) ?? []) loaded.add(other);
    expect(loaded.size).toBeGreaterThan(200);
    const folders = [...new Set([...loaded].map(folderOf))].sort();
    expect(folders).toEqual([...engine, 'schemas', 'src/cli', 'src/node'].sort());
  });

  it('is handed time and randomness', () => {
    const pattern =
      /Date\.now|new Date\b|Math\.random|performance\.now|hrtime|setTimeout|setInterval|crypto\./;
    // A page has timers; what it shows of a capture it has from the worker, which has none.
    const users = sources
      .filter(({ path, code }) => !path.startsWith('src/inspector/page/') && pattern.test(code))
      .map(({ path }) => path);
    // The live server's: when a message came, when to try again, how long readers of a tap may take; how long a device may clean up; and time limits of fuzzed programs. `destination.ts` names unfinished files.
    expect(users.sort()).toEqual([
      'src/node/client-server.ts',
      'src/node/clock.ts',
      'src/node/compiler.ts',
      'src/node/destination.ts',
      'src/node/device-script.ts',
      'src/node/follow.ts',
      'src/node/fuzz/drive.ts',
      'src/node/input.ts',
      'src/node/patient-pipe.ts',
      'src/node/tap-server.ts',
      'src/node/tap.ts',
      'src/node/target/connected-target.ts',
      'src/node/target/dgram-connector.ts',
      'src/node/target/step-wait.ts',
      'src/node/target/stream-connector.ts',
      'src/node/target/target-process.ts',
      'src/node/timing.ts',
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

describe('the search for circles', () => {
  const planted = (files: Readonly<Record<string, string>>) =>
    fileGraph(Object.entries(files).map(([path, text]) => sourceOf(path, text)));

  it('finds one through a type, an export, and a dynamic import', () => {
    const files = {
      'src/a/one.ts': "import type { Two } from './two.js';\nexport const one = 1;\n",
      'src/a/two.ts': "export { three } from '../b/three.js';\nimport { base } from '../base/base.js';\n",
      'src/b/three.tsx': "const later = () => import('../a/one.js');\n",
      'src/base/base.ts': "import { x } from 'package';\n// import { one } from '../a/one.js';\n",
    };
    expect(circles(planted(files))).toEqual([['src/a/one.ts', 'src/a/two.ts', 'src/b/three.tsx']]);
    const { 'src/a/one.ts': _, ...rest } = files;
    expect(circles(planted({ ...rest, 'src/a/one.ts': 'export const one = 1;\n' }))).toEqual([]);
  });

  it('finds one of folders where no file is in a circle, and a file that imports itself', () => {
    const files = planted({
      'src/a/one.ts': "import { two } from '../b/two.js';\n",
      'src/a/other.ts': 'export const other = 1;\n',
      'src/b/two.ts': "import { other } from '../a/other.js';\n",
    });
    expect(circles(files)).toEqual([]);
    expect(circles(folderGraph(files))).toEqual([['src/a', 'src/b']]);
    expect(circles(planted({ 'src/self.ts': "import { self } from './self.js';\n" }))).toEqual([
      ['src/self.ts'],
    ]);
  });

  it('finds one that is planted into these sources', () => {
    const error = sources.find(({ path }) => path === 'src/base/error.ts') as Source;
    const planted = sourceOf(
      error.path,
      `import type { Protocol } from '../schema/index.js';\n${error.text}`,
    );
    const found = circles(fileGraph([...sources.filter((source) => source !== error), planted]));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('src/base/error.ts');
  });
});
