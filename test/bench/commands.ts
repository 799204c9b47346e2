/** Part of `npm run bench:all`: the built command line on large captures, beside other programs. */
import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCapture } from './capture.js';
import { report } from './harness.js';

const MILLION = 1_000_000;
const FRAMES = 2 * MILLION;
/** Frames for programs that are much slower. */
const FEW = 50_000;

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-bench-'));
const large = join(folder, 'large.pcapng');
const few = join(folder, 'few.pcapng');
const lines = join(folder, 'few.ndjson');

interface Run {
  readonly seconds: number;
  /** User and system. */
  readonly cpu: number;
  readonly peakKib: number;
}

// The maxRSS of a process that was spawned begins with what its parent had: GNU time has had little.
const time = ['/usr/bin/time', '-q', '-f', '%U %S %M', '-o'] as const;
const hasTime = existsSync(time[0]);

/** Runs a program. @param output a file for what it prints. @returns undefined if the program is not installed. */
function run(command: string, words: readonly string[], output = '/dev/null'): Run | undefined {
  if (spawnSync('which', [command]).status !== 0 && !existsSync(command)) return undefined;
  const usage = join(folder, 'usage');
  const sink = openSync(output, 'w');
  const [first, ...rest] = hasTime ? [...time, usage, command, ...words] : [command, ...words];
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(first as string, rest, { stdio: ['ignore', sink, 'pipe'] });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  closeSync(sink);
  // 1: the recorded traffic has malformed frames.
  if (status !== 0 && status !== 1) throw new Error(`${command} ${words.join(' ')}: ${stderr}`);
  const [user = seconds, system = 0, peakKib = 0] = hasTime
    ? readFileSync(usage, 'utf8').trim().split(' ').map(Number)
    : [];
  return { seconds, cpu: user + system, peakKib };
}

function ours(words: readonly string[], output?: string): Run {
  return run(process.execPath, [program, ...words], output) as Run;
}

/** A line about so many frames per second of CPU. */
function speed(name: string, words: readonly string[], goal: number): number {
  const { cpu } = ours(['decode', '--jobs', '1', ...words, large]);
  const rate = FRAMES / cpu;
  report({
    group: 'decode',
    name: `${name}, frames per CPU s`,
    ours: rate,
    goal: `${goal}`,
    ok: rate >= goal,
  });
  return rate;
}

/** A line that compares a rate with another program's. */
function beside(
  group: string,
  name: string,
  rate: number,
  peer: string,
  other: number | undefined,
  goal: number,
): void {
  report(
    other === undefined
      ? { group, name, ours: rate, peer: `${peer}: not installed`, goal: `at least ${goal} x` }
      : {
          group,
          name,
          ours: rate,
          peer,
          ratio: rate / other,
          goal: `at least ${goal} x`,
          ok: rate / other >= goal,
        },
  );
}

function perCpu(count: number, made: Run | undefined): number | undefined {
  return made && count / made.cpu;
}

const groups: Readonly<Record<string, () => void>> = {
  decode() {
    const json = speed('decode --json', ['--json'], 1.5 * MILLION);
    speed('decode, text', ['-v'], MILLION);
    speed('decode --filter that drops 99 %', ['--json', '--filter', 'name == "VM_START"'], 4 * MILLION);
    speed('decode --summary', ['--summary'], 3 * MILLION);
    const tshark = run('tshark', ['-r', few, '-T', 'json']);
    beside('decode', 'decode --json, frames per CPU s', json, 'tshark -T json', perCpu(FEW, tshark), 40);
    const script = join(folder, 'gunyah_rm.lua');
    ours(['export', 'lua', '-o', script]);
    const dissecting = run('tshark', ['-X', `lua_script:${script}`, '-r', few, '-T', 'json']);
    const name = 'decode --json, frames per CPU s';
    beside('decode', name, json, 'tshark -T json with our dissector', perCpu(FEW, dissecting), 40);
    const filter = 'name == "VM_START" and error != OK';
    const filtered = FRAMES / ours(['decode', '--jobs', '1', '--json', '--filter', filter, large]).cpu;
    const jq = run('jq', ['-c', 'select(.name == "VM_START" and .error != "OK")', lines]);
    beside('decode', 'a filter, frames per CPU s', filtered, 'jq on NDJSON', perCpu(FEW, jq), 1);
  },
  jobs() {
    const cores = availableParallelism();
    for (const words of [['--json'], ['--summary']]) {
      const one = ours(['decode', '--jobs', '1', ...words, large]);
      const two = ours(['decode', '--jobs', '2', ...words, large]);
      const ratio = one.seconds / two.seconds;
      // Without two cores that have nothing else to do the ratio says nothing.
      const isBusy = cores < 2 || one.cpu / one.seconds < 0.95;
      report({
        group: 'jobs',
        name: `decode ${words.join(' ')} --jobs 2, frames/s`,
        ours: FRAMES / two.seconds,
        peer: isBusy ? 'one job: the machine is busy' : 'one job',
        ratio,
        goal: 'at least 1.6 x',
        ...(!isBusy && { ok: ratio >= 1.6 }),
      });
    }
  },
  memory() {
    const many = join(folder, 'many.pcapng');
    const part = join(folder, 'part.pcapng');
    makeCapture(part, MILLION);
    // A capture may have several sections.
    spawnSync('sh', ['-c', `cat ${Array(16).fill(part).join(' ')} > ${many}`]);
    const [small, grown] = [part, many].map(
      (file) => ours(['decode', '--jobs', '1', '--json', file]).peakKib,
    );
    rmSync(many);
    const ratio = (grown as number) / (small as number);
    report({
      group: 'memory',
      name: 'peak of 16 million frames, KiB',
      ours: grown as number,
      peer: 'one million frames',
      ratio,
      goal: 'at most 1.05 x',
      ...(hasTime && { ok: ratio <= 1.05 }),
    });
  },
  diff() {
    const a = join(folder, 'a.pcapng');
    const b = join(folder, 'b.pcapng');
    makeCapture(a, MILLION / 2);
    copyFileSync(a, b);
    const { cpu, peakKib } = ours(['diff', a, b]);
    const decoding = 2 * ours(['decode', '--jobs', '1', '--json', a]).cpu;
    const peer = 'decoding both';
    report(
      {
        group: 'diff',
        name: 'half a million equal messages, CPU s',
        ours: cpu,
        goal: 'at most 10',
        ok: cpu <= 10,
      },
      {
        group: 'diff',
        name: 'the same, CPU s',
        ours: cpu,
        peer,
        ratio: cpu / decoding,
        goal: 'at most 1 x',
        ok: cpu <= decoding,
      },
      { group: 'diff', name: 'the same, KiB', ours: peakKib, goal: 'at most 300000', ok: peakKib <= 300_000 },
    );
  },
  query() {
    const tables = join(folder, 'tables');
    const rate = FRAMES / ours(['decode', '--to', 'parquet', '-o', tables, large]).cpu;
    report({
      group: 'query',
      name: 'decode --to parquet, frames per CPU s',
      ours: rate,
      goal: '300000',
      ok: rate >= 300_000,
    });
    const sql = 'SELECT name, count(*), avg(latency_ns) FROM messages GROUP BY ALL';
    const { seconds } = ours(['query', sql, tables]);
    report({
      group: 'query',
      name: 'a question from Parquet, s',
      ours: seconds,
      goal: 'less than 1',
      ok: seconds < 1,
    });
    const json = join(folder, 'large.ndjson');
    ours(['decode', '--json', large], json);
    const { seconds: slow } = ours(['query', sql.replace('messages', `read_json_auto('${json}')`), tables]);
    rmSync(json);
    const peer = 'DuckDB on NDJSON, times as fast';
    const ratio = slow / seconds;
    report({
      group: 'query',
      name: 'the same question, s',
      ours: seconds,
      peer,
      ratio,
      goal: 'at least 1 x',
      ok: ratio >= 1,
    });
  },
  fuzz() {
    const words = ['fuzz', '--target', 'sim', '--careful', '--seed', '1', '--plays', '0', '--runs'];
    const [one, two] = ['1', '2'].map((jobs) =>
      ours([...words, String(8000 / Number(jobs)), '--jobs', jobs, '--out', join(folder, `fuzz-${jobs}`)]),
    ) as [Run, Run];
    const ratio = one.seconds / two.seconds;
    const isBusy = one.cpu / one.seconds < 0.95;
    report({
      group: 'fuzz',
      name: '8000 cases with --jobs 2, s',
      ours: two.seconds,
      peer: isBusy ? 'one job: the machine is busy' : 'one job, times as fast',
      ratio,
      goal: 'at least 1.7 x',
      ...(!isBusy && { ok: ratio >= 1.7 }),
    });
  },
};

if (!existsSync(program)) throw new Error(`${program} is not there: npm run build first`);
const names = process.argv.slice(2);
try {
  makeCapture(large, FRAMES);
  makeCapture(few, FEW);
  ours(['decode', '--json', few], lines);
  for (const [name, measure] of Object.entries(groups))
    if (names.length === 0 || names.includes(name)) measure();
} finally {
  rmSync(folder, { recursive: true });
}
