/**
 * `tsx test/bench/run.ts NAME...` bundles the benchmarks of these names and runs them, one after the other. tsx itself is not for
 * measuring: it gives every function its name when the function is made, which costs the manager a third of its speed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-bench-'));
try {
  for (const name of process.argv.slice(2)) {
    const outDir = join(folder, name);
    await build({
      root: resolve(import.meta.dirname, '../..'),
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true },
      build: {
        ssr: join(import.meta.dirname, `${name}.ts`),
        outDir,
        target: 'node20',
        minify: false,
        emptyOutDir: true,
      },
    });
    const { status } = spawnSync(process.execPath, [join(outDir, `${name}.js`)], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
