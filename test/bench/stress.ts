/**
 * `npm run stress`: time and peak memory of each reader and command at 1, 10 and 100 MB of the worst input known for it,
 * as a table. At 100 MB only the commands run that are listed as `large`, so that all takes some six CPU minutes. Time
 * may grow in proportion to the input, and the peak is at most 200 MB and twice the largest packet.
 * Arguments choose rows by their names, and sizes: `npm run stress -- diff 10`.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Input, inputs } from './stress-inputs.js';

const MEGABYTE = 1e6;
const SIZES = [1, 10, 100];
const MEMORY_MAX = 200 * MEGABYTE;
/** Of one size to the next, above which time does not grow in proportion: the machine's other work counts too. */
const SLOPE_MAX = 1.5;
/** Seconds that a start and a little work take: shorter runs say nothing about the slope. */
const START_SECONDS = 1;
const TIMEOUT_SECONDS = 300;

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

// The program says itself how much memory it had (VmHWM: the maxRSS of a child begins with what its parent had) and how
// long it computed, which other programs on the machine change less than the time on the clock.
const hook = `
import { readFileSync, writeFileSync } from 'node:fs';
process.on('exit', () => {
  const [, peakKib] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const { user, system } = process.cpuUsage();
  writeFileSync(process.env.USAGE_FILE, JSON.stringify({ peak: peakKib * 1024, seconds: (user + system) / 1e6 }));
});
`;

interface Usage {
  readonly seconds: number;
  /** Bytes. */
  readonly peak: number;
}

/** Undefined: it took too long, or died of a signal or an error of its own. */
function run(args: readonly string[], folder: string): Usage | undefined {
  const usageFile = join(folder, 'usage.json');
  rmSync(usageFile, { force: true });
  const sink = openSync('/dev/null', 'w');
  const { status } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, program, ...args],
    {
      cwd: folder,
      stdio: ['ignore', sink, sink],
      env: { ...process.env, USAGE_FILE: usageFile },
      timeout: TIMEOUT_SECONDS * 1000,
    },
  );
  closeSync(sink);
  const ended = status === 0 || status === 1;
  return ended && existsSync(usageFile) ? (JSON.parse(readFileSync(usageFile, 'utf8')) as Usage) : undefined;
}

function make(path: string, pieces: Iterable<Uint8Array | string>): void {
  const file = openSync(path, 'w');
  for (const piece of pieces) writeSync(file, typeof piece === 'string' ? Buffer.from(piece) : piece);
  closeSync(file);
}

/** Prints a row for each size. @returns whether all limits hold. */
function measure(
  { name, files, commands, large, largestPacket }: Input,
  sizes: readonly number[],
  folder: string,
): boolean {
  let holds = true;
  const before = new Map<string, Usage>();
  for (const size of sizes) {
    const bytes = size * MEGABYTE;
    for (const [file, pieces] of Object.entries(files)) make(join(folder, file), pieces(bytes));
    for (const command of size < 100 ? commands : large) {
      const usage = run(command.split(' '), folder);
      const limit = MEMORY_MAX + 2 * (largestPacket?.(bytes) ?? 0);
      const earlier = before.get(command);
      const slope =
        usage === undefined || earlier === undefined || earlier.seconds < START_SECONDS
          ? undefined
          : usage.seconds / earlier.seconds / 10;
      const ok = usage !== undefined && usage.peak <= limit && (slope ?? 0) <= SLOPE_MAX;
      holds &&= ok;
      print(ok, name, command, size, usage, limit, slope);
      if (usage !== undefined) before.set(command, usage);
    }
    for (const file of Object.keys(files)) rmSync(join(folder, file));
  }
  return holds;
}

function print(
  ok: boolean,
  name: string,
  command: string,
  size: number,
  usage: Usage | undefined,
  limit: number,
  slope: number | undefined,
): void {
  const megabytes = (bytes: number) => `${Math.round(bytes / MEGABYTE)}`.padStart(4);
  const cells = [
    ok ? 'ok    ' : 'MISSED',
    name.padEnd(34),
    command.padEnd(40),
    `${size} MB`.padStart(6),
    usage === undefined ? 'did not end' : `${usage.seconds.toFixed(1).padStart(6)} s`,
    usage === undefined ? '' : `${megabytes(usage.peak)} of ${megabytes(limit)} MB`,
    slope === undefined ? '' : `slope ${slope.toFixed(2)}`,
  ];
  process.stdout.write(`${cells.join('  ').trimEnd()}\n`);
}

if (!existsSync(program)) throw new Error(`${program} is not there: npm run build first`);
const words = process.argv.slice(2);
const chosenSizes = words.filter((word) => /^\d+$/.test(word)).map(Number);
const names = words.filter((word) => !/^\d+$/.test(word));
const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-stress-'));
try {
  for (const input of inputs) {
    if (names.length > 0 && !names.some((name) => input.name.includes(name))) continue;
    if (!measure(input, chosenSizes.length > 0 ? chosenSizes : SIZES, folder)) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
