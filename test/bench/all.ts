/**
 * `npm run bench:all`: all figures that the project promises, in one table, beside other programs and hand-written code.
 * Writes docs/performance.md. `npm run bench:all -- decode jobs` measures these groups only and writes nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Figure } from './harness.js';

const root = resolve(import.meta.dirname, '../..');
/** The benchmarks that measure each group. */
const scripts: Readonly<Record<string, readonly string[]>> = {
  decode: ['commands'],
  jobs: ['commands'],
  memory: ['commands'],
  diff: ['commands'],
  query: ['commands'],
  start: ['start'],
  codec: ['codec'],
  views: ['views'],
  rm: ['rm'],
  fuzz: ['fuzz', 'commands'],
};

/** What runs one of them. Those that measure a program run as they are; the others are bundled. */
function wordsOf(group: string, script: string): string[] {
  const path = (name: string) => join(import.meta.dirname, `${name}.ts`);
  if (script === 'commands') return [path(script), group];
  return script === 'start' ? [path(script)] : [path('run'), script];
}

function figuresOf(group: string, script: string, file: string): Figure[] {
  rmSync(file, { force: true });
  process.stderr.write(`${group} (${script})\n`);
  const words = wordsOf(group, script);
  const { stderr } = spawnSync(process.execPath, ['--import', 'tsx', ...words], {
    cwd: root,
    env: { ...process.env, BENCH_FIGURES: file },
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  // A benchmark also ends with 1 when a goal is missed.
  if (!existsSync(file)) throw new Error(`${words.join(' ')}: ${stderr}`);
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Figure);
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

function rowOf({ group, name, ours, peer, ratio, goal, ok }: Figure): string {
  const verdict = ok === undefined ? 'not told' : ok ? 'ok' : 'missed';
  const cells = [
    group,
    name,
    number(ours),
    peer ?? '-',
    ratio === undefined ? '-' : ratio.toFixed(2),
    goal,
    verdict,
  ];
  return `| ${cells.join(' | ')} |\n`;
}

const asked = process.argv.slice(2);
const unknown = asked.find((name) => scripts[name] === undefined);
if (unknown !== undefined) throw new Error(`${unknown}: one of ${Object.keys(scripts).join(', ')}`);
const groups = Object.entries(scripts).filter(([group]) => asked.length === 0 || asked.includes(group));
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-figures-'));
const load = loadavg()[0] as number;
let figures: Figure[];
try {
  figures = groups.flatMap(([group, own]) =>
    own.flatMap((script) => figuresOf(group, script, join(folder, 'figures'))),
  );
} finally {
  rmSync(folder, { recursive: true });
}
const table = [
  '| group | figure | ours | beside | ratio | goal | |\n| --- | --- | ---: | --- | ---: | --- | --- |\n',
  ...figures.map(rowOf),
].join('');
process.stdout.write(table);
const quiet = load < 0.5 ? 'nothing else was running' : `its load was ${load.toFixed(1)} before`;
const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, Node ${process.version}; ${quiet}`;
const text = `# Performance

\`npm run bench:all\` writes this page: figures of one run, beside others that were measured in the same run. Per CPU
second means user and system time of the process. Captures are recorded messages over and over, two million frames.

Machine: ${machine}.

${table}`;
if (asked.length === 0) writeFileSync(join(root, 'docs/performance.md'), text);
if (figures.some(({ ok }) => ok === false)) process.exitCode = 1;
