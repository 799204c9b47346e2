import type { Command } from 'commander';
import { WireError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { isLine } from '../../base/line-readers.js';
import { errorText } from '../../base/sentence.js';
import { printable } from '../../base/text.js';
import { putRecording } from '../../conform/index.js';
import type { Output } from '../../node/output.js';
import { turn } from '../../node/timing.js';
import type { ManagerProfile, PlatformProfile } from '../../rm/index.js';
import { type Comparison, differenceJson, differenceText, LineReplay } from '../../sim/index.js';
import { runInSlices, runRemotely } from '../../target/index.js';
import { type CommandIo, nameOfInput } from '../io.js';
import { loadable, loadedFiles, readLoads } from '../loads.js';
import { StopReading } from '../merge.js';
import { notes } from '../notes.js';
import { type FileAt, integerOption, loadFlag, outsideFlag } from '../options.js';
import { managerFlag, platformFlag } from '../profile-options.js';
import { isHeader, type ScenarioLine, takeScenario } from '../scenario-lines.js';
import { type AnyTarget, LIMIT_MS, makeTarget, startTarget, targetForms } from '../target-option.js';

interface ReplayOptions {
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
  readonly load: readonly FileAt[];
  readonly allowOutside?: true;
  readonly json?: true;
  readonly target: string;
  readonly limit: number;
  readonly monitor?: string;
}

interface Counts {
  steps: number;
  equal: number;
  different: number;
  /** Steps that were not put to the target. */
  unput: number;
}

const examples = `
A recording is NDJSON whose first line names its scenario; files that it loads are looked for beside it and in the
folder dtb beside its folder. A capture says nothing about memory unless simulate made it: --load does.

With --target a recording is put to another manager, step by step. A step that it cannot do (a socket: all but messages)
ends the boot that it belongs to: those behind it are counted as not put. A recording begins with a boot. --monitor
names a command that makes a socket target boot; without it the manager must just have booted.

Examples:
  gunyah-rm replay recordings/*.ndjson
  gunyah-rm replay --platform qemu boot.ndjson
  gunyah-rm replay --target 'exec:./manager --stdio' boot.ndjson
  gunyah-rm replay vm-lifecycle.pcapng --load 0x89000000=vm.dtb`;

export function register(program: Command, io: CommandIo): void {
  program
    .command('replay')
    .description('put the recorded VM side to the simulated manager and compare what it says')
    .argument('<file...>', 'recordings or captures; - for standard input')
    .addOption(platformFlag())
    .addOption(managerFlag('the one that the recording names, else rm23'))
    .option('--careful', 'answer with an error where the real manager dies')
    .addOption(loadFlag('have a file in memory when a capture begins; repeatable'))
    .addOption(outsideFlag())
    .option('--target <target>', `another manager: ${targetForms}`, 'sim')
    .option('--limit <ms>', 'time for each answer of a target', integerOption('--limit'), LIMIT_MS)
    .option('--monitor <command>', 'command that makes a socket target boot')
    .option('--json', 'NDJSON, one object per difference, then one with the counts')
    .addHelpText('after', notes(examples))
    .action((files: string[], options: ReplayOptions) => replay(io, files, options));
}

async function replay(io: CommandIo, files: readonly string[], options: ReplayOptions): Promise<void> {
  const target = options.target === 'sim' ? undefined : makeTarget(options);
  try {
    await replayAll(io, files, options, target);
  } finally {
    if (target?.local === false) await target.close();
  }
}

async function replayAll(
  io: CommandIo,
  files: readonly string[],
  options: ReplayOptions,
  target: AnyTarget | undefined,
): Promise<void> {
  const output = io.output('-');
  const counts: Counts = { steps: 0, equal: 0, different: 0, unput: 0 };
  if (target !== undefined) await startTarget(target);
  for (const file of files) {
    if (io.isInterrupted) break;
    try {
      if (target === undefined) await replayFile(io, file, options, counts, output);
      else await putFile(io, file, options, counts, output, target);
    } catch (error) {
      if (error instanceof StopReading) break;
      if (!(error instanceof WireError)) throw error;
      output.flush();
      io.warn(`after ${counts.steps} steps: ${errorText(error)}`);
      io.problem();
    }
  }
  const { steps, equal, different, unput } = counts;
  const notPut = unput === 0 ? '' : `, ${unput} not put to the target`;
  output.write(
    options.json
      ? `${jsonText({ steps, equal, different, ...(unput === 0 ? {} : { unput }) })}\n`
      : `${steps} steps, ${equal} equal, ${different} different${notPut}\n`,
  );
  output.end();
}

/** Puts a file to a target. @throws FileError when it cannot be reached. */
async function putFile(
  io: CommandIo,
  file: string,
  options: ReplayOptions,
  counts: Counts,
  output: Output,
  target: AnyTarget,
): Promise<void> {
  const contents = contentsFor(io, file, options);
  const recordings: unknown[][] = [];
  await takeScenario(io, file, (line) => {
    if (beginsRecording(line, recordings.length)) recordings.push(firstLines(line, options.load));
    else recordings.at(-1)?.push(line.value);
    return true;
  });
  for (const [index, lines] of recordings.entries()) {
    const print = printer(io, placeOf(file, lines[0], index), options, counts, output);
    const task = putRecording(lines, contents, target, (comparison) => {
      print(comparison);
      if (io.isInterrupted) throw new StopReading();
    });
    const { unput, unsupported } = await (target.local
      ? runInSlices(task, target, turn)
      : runRemotely(task, target));
    counts.unput += unput;
    if (unsupported.size === 0) continue;
    output.flush();
    io.warn(`${file}: ${target.name} cannot do ${[...unsupported].join(', ')}`);
  }
}

async function replayFile(
  io: CommandIo,
  file: string,
  options: ReplayOptions,
  counts: Counts,
  output: Output,
): Promise<void> {
  const { platform, manager, careful, load } = options;
  const contents = contentsFor(io, file, options);
  const before = counts.different;
  let recordings = 0;
  let loads = load.length;
  let isCapture = false;
  let run: LineReplay | undefined;
  let print: (comparison: Comparison) => void = () => {};
  const seen = (comparison: Comparison | undefined) => {
    if (comparison !== undefined) print(comparison);
  };
  await takeScenario(
    io,
    file,
    (line) => {
      const begins = beginsRecording(line, recordings);
      isCapture ||= line.number === undefined;
      if (isLine(line.value) && line.value.op === 'load') loads++;
      if (begins) {
        seen(run?.end());
        run = new LineReplay({ platform, manager, careful: careful === true, file: contents });
        print = printer(io, placeOf(file, line.value, recordings++), options, counts, output);
      }
      for (const value of begins ? firstLines(line, load) : [line.value]) seen(run?.line(value));
      return true;
    },
    { pause: () => output.flush() },
  );
  // Where the user interrupted it no boot ends.
  if (!io.isInterrupted) seen(run?.end());
  if (!isCapture || loads > 0 || counts.different === before) return;
  output.flush();
  io.note(`${nameOfInput(file)}: this capture does not say what was in memory. ${loadHint}`);
}

const loadHint = 'If a VM was made from a devicetree, put that there with --load ADDRESS=FILE.';

/** @param before number of recordings of the file that have begun. */
function beginsRecording(line: ScenarioLine, before: number): boolean {
  return before === 0 || isHeader(line);
}

/** Where a step is: the file, and the scenario unless it is the first of its file. */
interface RecordingPlace {
  readonly file: string;
  readonly scenario?: string;
}

function placeOf(file: string, first: unknown, index: number): RecordingPlace {
  const named = index > 0 && isLine(first) && typeof first.scenario === 'string';
  return named ? { file, scenario: String(first.scenario) } : { file };
}

/** The contents of the files that a recording loads, and those that --load adds. */
function contentsFor({ files }: CommandIo, file: string, { load, allowOutside }: ReplayOptions) {
  return loadable(files, file, readLoads(files, load), allowOutside === true);
}

/** Counts comparisons and prints those that differ. */
function printer(
  io: CommandIo,
  place: RecordingPlace,
  { json, load }: ReplayOptions,
  counts: Counts,
  output: Output,
): (comparison: Comparison) => void {
  const added = new Set(loadedFiles(load).map(({ name }) => name));
  return (comparison) => {
    const { recorded } = comparison;
    // The steps that --load adds are not part of the capture.
    if (recorded.kind === 'load' && added.has(recorded.file ?? '')) return;
    counts.steps++;
    if (comparison.equal) {
      counts.equal++;
      return;
    }
    counts.different++;
    io.problem();
    output.write(
      json
        ? `${jsonText({ ...place, ...differenceJson(comparison) })}\n`
        : `${printable(`${Object.values(place).join(': ')}: ${differenceText(comparison)}`)}\n`,
    );
  };
}

/** The first line of a recording. If it was made from a capture, the files of --load are loaded after it. */
function firstLines({ value, number }: ScenarioLine, load: readonly FileAt[]): unknown[] {
  if (number !== undefined) return [value];
  const loads = loadedFiles(load).map(({ address, name }) => ({
    op: 'load',
    address: `0x${address.toString(16)}`,
    file: name,
  }));
  return [value, ...loads];
}
