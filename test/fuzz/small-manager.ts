import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const source = join(import.meta.dirname, 'small-manager.c');
const coverage = join(import.meta.dirname, '../../docs/examples/coverage.c');

/** Programs made of small-manager.c: the line protocol with and without coverage, and queue messages for AFL++. */
export const small = { covered: 'covered', plain: 'plain', frames: 'frames' } as const;
export type SmallProgram = (typeof small)[keyof typeof small];

/** Builds them in a folder. @param gunyahRm the command that exports the header. */
export function buildSmallManager(
  folder: string,
  gunyahRm: readonly [program: string, ...args: string[]],
  programs: readonly SmallProgram[],
): void {
  const run = (program: string, args: readonly string[]) =>
    execFileSync(program, args, {
      cwd: folder,
      env: { ...process.env, AFL_QUIET: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const [program, ...args] = gunyahRm;
  run(program, [...args, 'export', 'c', '-o', 'gunyah_rm.h']);
  const strict = ['-O1', '-g', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-I', folder];
  const builds: Readonly<Record<SmallProgram, () => void>> = {
    covered: () => {
      const instrumented = ['-DCOVERAGE', '-fsanitize-coverage=trace-pc-guard,trace-cmp'];
      run('clang', [...strict, ...instrumented, '-c', source, '-o', 'small-manager.o']);
      run('clang', [...strict, '-c', coverage, '-o', 'coverage.o']);
      run('clang', ['small-manager.o', 'coverage.o', '-o', small.covered]);
    },
    plain: () => run('clang', [...strict, source, '-o', small.plain]),
    frames: () => run('afl-clang-fast', [...strict, '-DFRAMES', source, '-o', small.frames]),
  };
  for (const name of programs) builds[name]();
}
