import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { exportC, structName } from '../../src/export/c.js';
import { fixedPart } from '../../src/export/members.js';
import { allParts } from '../../src/export/parts.js';
import { goldenC } from '../../src/golden/c.js';
import { goldenFiles } from '../../src/golden/files.js';
import { identifierOf } from '../../src/golden/identifier.js';
import { goldenRust } from '../../src/golden/rust.js';
import type { StructType } from '../../src/wire/index.js';
import reference from '../reference/messages.json' with { type: 'json' };
import { fixtures } from './fixtures.js';
import { comparable, cProgram, isWhole, rustProgram } from './native.js';
import { isInstalled, isWanted } from './tools.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-native-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compared = comparable(fixtures).length;
const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror'];

interface RefField {
  readonly name: string;
  readonly offset: number | null;
  readonly type: string;
}
type RefLayouts = Readonly<
  Record<string, { readonly size: number; readonly fixed: boolean; readonly fields: readonly RefField[] }>
>;

/** Struct → field → offset, by the independent table; lists by the place of their count. */
const wanted: [string, string, number][] = [
  ...Object.entries(reference.structs as unknown as Record<string, RefField[]>).flatMap(([name, list]) =>
    offsetsOf(name, list, protocol.structs.find(({ label }) => label === name) as StructType),
  ),
  ...allParts(protocol).flatMap(({ message, part, layout, key, selection }) => {
    const row = reference.messages.find(({ name }) => name === message.name) as unknown as RefLayouts;
    const list = row[part === 'notification' ? 'payload' : part]?.fields ?? [];
    // The one reply that the request decides is compared by its struct (heap_stats) and by its goldens.
    return selection === undefined ? offsetsOf(key, list, layout) : [];
  }),
];

function offsetsOf(key: string, list: readonly RefField[], layout: StructType): [string, string, number][] {
  const names = new Set(fixedPart(layout).members.map(({ name }) => name));
  return list
    .filter(({ name, offset }) => names.has(name) && offset !== null)
    .map(({ name, offset }) => [key, name, offset as number]);
}

describe('the C header', () => {
  const header = exportC(protocol);

  it('asserts the offset of every field as the independent table has it', () => {
    for (const [key, name, offset] of wanted) {
      expect(header).toContain(
        `GUNYAH_RM_ASSERT(offsetof(struct gunyah_rm_${key}, ${name}) == ${offset}, "offset of ${name}");`,
      );
    }
    expect(wanted.length).toBeGreaterThan(200);
  });

  it('asserts the size of every fixed layout as the independent table has it', () => {
    let count = 0;
    for (const part of allParts(protocol)) {
      const row = reference.messages.find(({ name }) => name === part.message.name) as unknown as RefLayouts;
      const layout = row[part.part === 'notification' ? 'payload' : part.part];
      if (layout?.fixed !== true || layout.size === 0 || part.layout.mayBeEmpty) continue;
      expect(header).toContain(`#define ${structName(part).toUpperCase()}_SIZE ${layout.size}\n`);
      count++;
    }
    expect(count).toBeGreaterThan(50);
  });

  it('gives every fixture a name of its own', () => {
    expect(new Set(fixtures.map(identifierOf)).size).toBe(fixtures.length);
  });

  writeFileSync(join(folder, 'gunyah_rm_golden.h'), goldenC(protocol, fixtures));
  writeFileSync(join(folder, 'check.c'), cProgram(fixtures));
  writeFileSync(join(folder, 'check.cpp'), cProgram(fixtures));
  const compilers = [
    ['gcc', '-std=c11', 'check.c'],
    ['clang', '-std=c11', 'check.c'],
    ['g++', '-std=c++17', 'check.cpp'],
    ['clang++', '-std=c++17', 'check.cpp'],
  ] as const;
  for (const [compiler, standard, source] of compilers) {
    const there = isWanted(compiler);
    it(`fills the structs as the goldens have them: ${compiler} ${there ? standard : 'is not installed'}`, () => {
      if (!there) return;
      execFileSync(compiler, [standard, ...strict, source, '-o', 'check'], { cwd: folder });
      expect(execFileSync(join(folder, 'check'), { cwd: folder, encoding: 'utf8' })).toBe(
        `${compared} compared, 0 bad\n`,
      );
    });
  }

  it('is compared with every golden of a fixed layout', () => {
    const fixed = fixtures.filter(
      ({ part, payload }) =>
        part.layout.fixedSize !== undefined && payload.length > (part.type === 'reply' ? 4 : 0),
    );
    expect(fixed.filter((fixture) => !isWhole(fixture))).toEqual([]);
    expect(fixed.length).toBeGreaterThan(400);
    expect(compared).toBeGreaterThan(fixed.length);
  });
});

describe('the Rust module', () => {
  const there = isInstalled('rustc');
  it(`fills the structs as the goldens have them, without std: rustc ${there ? '' : 'is not installed'}`, () => {
    if (!there) return;
    writeFileSync(join(folder, 'gunyah_rm_golden.rs'), goldenRust(protocol, fixtures));
    writeFileSync(
      join(folder, 'no_std.rs'),
      '#![no_std]\n#[path = "gunyah_rm_golden.rs"]\npub mod golden;\n',
    );
    writeFileSync(join(folder, 'check.rs'), rustProgram(fixtures, wanted));
    const options = ['--edition', '2021', '-D', 'warnings'];
    execFileSync(
      'rustc',
      [...options, '--crate-type', 'rlib', '--crate-name', 'golden_fixtures', 'no_std.rs'],
      { cwd: folder, stdio: 'pipe' },
    );
    execFileSync(
      'rustc',
      [...options, '-L', '.', '--extern', 'golden_fixtures', 'check.rs', '-o', 'check-rust'],
      { cwd: folder, stdio: 'pipe' },
    );
    expect(execFileSync(join(folder, 'check-rust'), { cwd: folder, encoding: 'utf8' })).toBe(
      `${compared} compared, ${fixtures.length} fixtures\n`,
    );
  });
});

it('raw files hold payload and frames', () => {
  const files = new Map(goldenFiles(protocol, fixtures, 'bin').map(({ name, content }) => [name, content]));
  expect(files.size).toBe(2 * fixtures.length);
  expect(files.get('VM_START.request.typical.payload')).toEqual(Uint8Array.of(0x80, 0, 0, 0));
  expect(files.get('VM_START.request.typical.frames')).toEqual(
    Uint8Array.of(0x21, 1, 1, 0, 4, 0, 0, 0x56, 0x80, 0, 0, 0),
  );
});
