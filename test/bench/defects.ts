/**
 * `npm run bench:defects -- [--seconds 60] [--seeds 1,2,3] [--ways ours,blind]`: how long fuzzers take to each of the twelve
 * defects of test/fuzz/small-manager.c. It needs clang, AFL++ and Linux. Times are CPU seconds of all processes of a
 * fuzzer and its target, start-up included, so that what else the machine does counts little. Each runs on one core.
 */
import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSmallManager, constantsOfSmall, small } from '../fuzz/small-manager.js';

const DEFECTS = 12;
const POLL_MS = 100;
/** Clock ticks of /proc in a second. */
const TICKS = 100;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seeds: { type: 'string', default: '1,2,3' },
    ways: { type: 'string', default: 'ours,blind,mutator,plain' },
    core: { type: 'string', default: '0' },
    main: { type: 'string', default: join(import.meta.dirname, '../../dist/src/cli/main.js') },
  },
});
const seconds = Number(values.seconds);
const seeds = values.seeds.split(',').map(Number);
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-defects-'));
const { main } = values;
const path = (name: string) => join(folder, name);

interface Way {
  readonly title: string;
  readonly command: (seed: number, out: string) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const ours =
  (program: string): Way['command'] =>
  (seed, out) => {
    const target = ['--target', `exec:exec ${path(program)}`, '--no-reference'];
    return [
      process.execPath,
      main,
      'fuzz',
      ...target,
      '--seed',
      String(seed),
      '--time',
      '86400',
      '--out',
      out,
    ];
  };
const afl: Way['command'] = (seed, out) => {
  const dictionaries = ['-x', path('corpus/gunyah-rm.dict'), '-x', path(constantsOfSmall)];
  const inputs = ['-i', path('seeds'), ...dictionaries, '-o', out];
  return ['afl-fuzz', '-s', String(seed), ...inputs, '--', path(small.frames)];
};
const ways: Readonly<Record<string, Way>> = {
  ours: { title: 'coverage and grammar', command: ours(small.covered) },
  blind: { title: 'grammar alone', command: ours(small.plain) },
  mutator: {
    title: 'AFL++ with the exported mutator',
    command: afl,
    env: { AFL_CUSTOM_MUTATOR_LIBRARY: path('mutator.so') },
  },
  plain: { title: 'AFL++', command: afl },
};

function prepare(): void {
  buildSmallManager(folder, [process.execPath, main], Object.values(small));
  const gunyahRm = (...words: string[]) =>
    execFileSync(process.execPath, [main, ...words], { stdio: 'ignore' });
  gunyahRm('export', 'afl-mutator', '-o', path('mutator.c'));
  execFileSync('clang', ['-O2', '-shared', '-fPIC', '-o', path('mutator.so'), path('mutator.c')]);
  gunyahRm('fuzz', 'corpus', '--out', path('corpus'));
  mkdirSync(path('seeds'));
  for (const name of readdirSync(path('corpus/requests')).filter((file) => file.endsWith('.typical')))
    copyFileSync(path(`corpus/requests/${name}`), path(`seeds/${name}`));
}

/** CPU seconds of a process and all that it started, also of those that have ended. */
function cpuSeconds(pid: number): number {
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      parents.set(Number(name), fields[1] as number);
      ticks.set(
        Number(name),
        fields.slice(11, 15).reduce((sum, one) => sum + one, 0),
      );
    } catch {
      // It has ended.
    }
  }
  const isOurs = (one: number): boolean => one === pid || (one > 1 && isOurs(parents.get(one) ?? 0));
  let sum = 0;
  for (const [one, count] of ticks) if (isOurs(one)) sum += count;
  return sum / TICKS;
}

/** Runs a fuzzer for the CPU seconds. @returns CPU seconds to each defect. */
async function run(way: Way, seed: number, name: string): Promise<ReadonlyMap<number, number>> {
  const log = path(`${name}.log`);
  const [program = '', ...args] = way.command(seed, path(name));
  const child = spawn('taskset', ['-c', values.core, program, ...args], {
    stdio: 'ignore',
    detached: true,
    env: {
      ...process.env,
      DEFECTS_LOG: log,
      AFL_NO_UI: '1',
      AFL_SKIP_CPUFREQ: '1',
      AFL_NO_AFFINITY: '1',
      AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES: '1',
      ...way.env,
    },
  });
  const pid = child.pid as number;
  const closed = new Promise<void>((done) => child.on('close', () => done()));
  const times = new Map<number, number>();
  let used = 0;
  while (used < seconds && times.size < DEFECTS && child.exitCode === null) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    used = Math.max(used, cpuSeconds(pid));
    const lines = existsSync(log) ? readFileSync(log, 'latin1').split('\n') : [];
    for (const line of lines) {
      const defect = Number(line.split(' ', 1)[0]);
      if (defect > 0 && !times.has(defect)) times.set(defect, used);
    }
  }
  if (child.exitCode !== null)
    throw new Error(`${name} has ended by itself with exit code ${child.exitCode}`);
  process.kill(-pid, 'SIGINT');
  await closed;
  return times;
}

/** The middle one; of those that found nothing in time it is infinite. */
function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] as number;
}

function shown(time: number): string {
  return (Number.isFinite(time) ? time.toFixed(1) : '-').padStart(8);
}

prepare();
try {
  const names = values.ways.split(',');
  const found = new Map<string, ReadonlyMap<number, number>[]>(names.map((name) => [name, []]));
  for (const seed of seeds)
    for (const name of names) {
      const times = await run(ways[name] as Way, seed, `${name}-${seed}`);
      found.get(name)?.push(times);
      const list = [...times].map(([defect, time]) => `${defect}: ${time.toFixed(1)}`);
      process.stdout.write(`${ways[name]?.title}, seed ${seed}: ${list.join(', ')}\n`);
    }
  process.stdout.write(`\nmedian of ${seeds.length} seeds, CPU seconds, at most ${seconds}\ndefect`);
  process.stdout.write(`${names.map((name) => name.padStart(8)).join('')}\n`);
  for (let defect = 1; defect <= DEFECTS; defect++) {
    const medians = names.map((name) =>
      median((found.get(name) ?? []).map((times) => times.get(defect) ?? Number.POSITIVE_INFINITY)),
    );
    process.stdout.write(`${String(defect).padStart(6)}${medians.map(shown).join('')}\n`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
