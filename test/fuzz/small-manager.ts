import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const pathOf = (name: string) => join(import.meta.dirname, name);
const manager = pathOf('small-manager.c');
const coverage = pathOf('../../docs/examples/coverage.c');

/** Programs with the small manager: the line protocol with and without coverage, and queue messages for AFL++. */
export const small = { covered: 'covered', plain: 'plain', frames: 'frames' } as const;
export type SmallProgram = (typeof small)[keyof typeof small];
/** Constants of the manager as a dictionary, which is written when it is built for AFL++. */
export const constantsOfSmall = 'constants.dict';

/** Builds them in a folder. @param gunyahRm the command that exports the header. */
export function buildSmallManager(
  folder: string,
  gunyahRm: readonly [program: string, ...args: string[]],
  programs: readonly SmallProgram[],
): void {
  const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    execFileSync(program, args, {
      cwd: folder,
      env: { ...process.env, AFL_QUIET: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const [program, ...args] = gunyahRm;
  run(program, [...args, 'export', 'c', '-o', 'gunyah_rm.h']);
  // Optimised code computes conditions without branches, and has no edges for them.
  const strict = [
    '-O0',
    '-g',
    '-std=gnu11',
    '-Wall',
    '-Wextra',
    '-Wno-unused-parameter',
    '-Werror',
    '-I',
    folder,
  ];
  const lines = pathOf('small-manager-lines.c');
  const builds: Readonly<Record<SmallProgram, () => void>> = {
    covered: () => {
      const instrumented = ['-fsanitize-coverage=trace-pc-guard,trace-cmp'];
      run('clang', [...strict, ...instrumented, '-c', manager, '-o', 'small-manager.o']);
      run('clang', [...strict, '-O1', '-c', coverage, '-o', 'coverage.o']);
      run('clang', [...strict, '-DCOVERAGE', lines, 'small-manager.o', 'coverage.o', '-o', small.covered]);
    },
    plain: () => run('clang', [...strict, manager, lines, '-o', small.plain]),
    frames: () =>
      run('afl-clang-fast', [...strict, manager, pathOf('small-manager-frames.c'), '-o', small.frames], {
        AFL_LLVM_DICT2FILE: join(folder, constantsOfSmall),
      }),
  };
  for (const name of programs) builds[name]();
}

/** Depths of the defects, from the table at the start of the manager. */
export function depthsOfDefects(): readonly number[] {
  const rows = readFileSync(manager, 'utf8').matchAll(/^ \* +(\d+) {2,}(\d+) {2,}\S/gm);
  return [...rows].map(([, , depth]) => Number(depth));
}
