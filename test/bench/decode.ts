/**
 * `npm run bench:decode`: frames per second and peak memory of the built command line's `decode --json`. What is
 * required of the speed depends on the machine: it is scaled by the hand-written decoder, measured between the runs.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeCapture } from './capture.js';
import { type Workload, workloads } from './cases.js';
import { measure, median, type Samples } from './harness.js';
import { handWritten } from './implementations.js';

const MILLION = 1_000_000;
const RUNS = 5;
/** 15 times what tshark does with a Lua dissector, on a machine where the hand-written mix takes 59 ns. */
const REQUIRED_PER_SECOND = 315_000;
const REFERENCE_NS = 59;
const MEMORY_LIMIT = 1.1;

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

// The program says itself how much memory it had at most (VmHWM, because the maxRSS of a spawned process begins with
// what its parent had) and how long it computed: less frames per second than per CPU second means a busy machine.
const hook = `
import { readFileSync, writeFileSync } from 'node:fs';
process.on('exit', () => {
  const [, peakKib] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const { user, system } = process.cpuUsage();
  writeFileSync(process.env.USAGE_FILE, JSON.stringify({ peakKib: Number(peakKib), cpuSeconds: (user + system) / 1e6 }));
});
`;

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakKib: number;
}

function decode(capture: string, frames: number, folder: string): Run {
  const usageFile = join(folder, 'usage.json');
  const sink = openSync('/dev/null', 'w');
  const start = process.hrtime.bigint();
  const { status, error } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, program, 'decode', '--json', capture],
    { stdio: ['ignore', sink, 'inherit'], env: { ...process.env, USAGE_FILE: usageFile } },
  );
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  closeSync(sink);
  // 1: the recorded traffic has malformed frames.
  if (error !== undefined || status !== 1) throw error ?? new Error(`exit code ${status}`);
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as Omit<Run, 'seconds'>;
  const per = (time: number) => Math.round(frames / time);
  print(
    `${frames} frames: ${per(seconds)} frames/s, ${per(usage.cpuSeconds)} per CPU second, peak ${usage.peakKib} KiB`,
  );
  return { seconds, ...usage };
}

function handWrittenNs(): number {
  const [mix] = workloads as [Workload];
  const task = { count: mix.kinds.length, run: () => handWritten.decodeAll(mix) };
  return median(measure([task], 15)[0] as Samples);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Whether both limits hold. */
function bench(folder: string): boolean {
  const capture = join(folder, 'capture.pcapng');
  makeCapture(capture, MILLION);
  const nanoseconds: number[] = [];
  const small: Run[] = [];
  for (let run = 0; run < RUNS; run++) {
    nanoseconds.push(handWrittenNs());
    small.push(decode(capture, MILLION, folder));
  }
  makeCapture(capture, 4 * MILLION);
  const large = decode(capture, 4 * MILLION, folder);
  const ns = median(nanoseconds);
  const perSecond = MILLION / median(small.map(({ seconds }) => seconds));
  const required = (REQUIRED_PER_SECOND * REFERENCE_NS) / ns;
  const growth = large.peakKib / median(small.map(({ peakKib }) => peakKib));
  const verdicts = [
    {
      holds: perSecond >= required,
      text: `${Math.round(perSecond)} frames/s, required ${Math.round(required)} (hand-written mix ${ns.toFixed(1)} ns)`,
    },
    {
      holds: growth <= MEMORY_LIMIT,
      text: `peak memory of four million frames: ${growth.toFixed(3)} x that of one million, limit ${MEMORY_LIMIT}`,
    },
  ];
  for (const { holds, text } of verdicts) print(`${holds ? 'ok    ' : 'MISSED'} ${text}`);
  return verdicts.every(({ holds }) => holds);
}

if (!existsSync(program)) throw new Error(`${program} is not there: npm run build first`);
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-bench-'));
try {
  if (!bench(folder)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
