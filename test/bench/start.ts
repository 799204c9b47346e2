/**
 * `npm run bench:start`: CPU time of short commands as they are shipped, in multiples of that of Node with nothing to do. All are
 * run by turns, and the least of each counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { report } from './harness.js';

const RUNS = 20;
const root = resolve(import.meta.dirname, '../..');
const program = join(root, 'dist/src/cli/main.js');
const capture = join(root, 'captures/vm-lifecycle.pcapng');
/** How many times the CPU time of Node alone it may take. */
const rows = [
  { words: ['-e', '0'], limit: 1 },
  { words: [program, '--version'], limit: 2 },
  { words: [program, 'decode', capture], limit: 3 },
  { words: [program, 'decode', '--json', capture], limit: 3 },
  { words: [program, 'describe', 'VM_START'], limit: 3 },
  { words: [program, 'decode', '--help'], limit: 2 },
  { words: [program, 'fuzz', '--help'], limit: 2 },
  { words: [program, '--help'], limit: 2 },
];

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-start-'));
const hook = join(folder, 'hook.cjs');
const sayCpu = "const { user, system } = process.cpuUsage(); console.error('cpu', user + system);";
writeFileSync(hook, `process.on('exit', () => { ${sayCpu} });\n`);

/** Milliseconds of CPU, user and system. */
function cost(words: readonly string[]): number {
  const { stderr } = spawnSync(process.execPath, ['--require', hook, ...words], { encoding: 'utf8' });
  return Number(/cpu (\d+)\s*$/.exec(stderr)?.[1]) / 1000;
}

const costs = rows.map((): number[] => []);
for (let run = 0; run < RUNS; run++)
  for (const [index, { words }] of rows.entries()) costs[index]?.push(cost(words));
rmSync(folder, { recursive: true });

const least = costs.map((own) => Math.min(...own));
for (const [index, { words, limit }] of rows.entries()) {
  const own = least[index] as number;
  const ratio = own / (least[0] as number);
  const name = words.filter((word) => word !== program && word !== capture).join(' ');
  const isKept = ratio <= limit;
  if (index > 0)
    report({
      group: 'start',
      name: `${name}, CPU ms`,
      ours: own,
      peer: 'node -e 0',
      ratio,
      goal: `at most ${limit} x`,
      ok: isKept,
    });
  const verdict = isKept ? 'ok' : `MISSED (limit ${limit} x)`;
  process.stdout.write(
    `${name.padEnd(20)}${own.toFixed(0).padStart(6)} ms  ${ratio.toFixed(2)} x node  ${verdict}\n`,
  );
  if (!isKept) process.exitCode = 1;
}
