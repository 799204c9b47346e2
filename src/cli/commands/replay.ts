import type { Command } from 'commander';
import { WireError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { isLine } from '../../base/line-readers.js';
import { errorText } from '../../base/sentence.js';
import { printable } from '../../base/text.js';
import { putRecording } from '../../conform/index.js';
import type { Output } from '../../node/output.js';
import { scenarioFiles } from '../../node/scenario-files.js';
import type { ManagerProfile, PlatformProfile } from '../../rm/index.js';
import { type Comparison, differenceJson, differenceText, replay as replayLines } from '../../sim/index.js';
import { runLocally, runRemotely } from '../../target/index.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { type FileAt, integerOption, loadFlag, managerFlag, outsideFlag, platformFlag } from '../options.js';
import { readScenario, recordings, type ScenarioLine } from '../scenario-lines.js';
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
    try {
      if (target === undefined) replayFile(io, file, options, counts, output);
      else await putFile(io, file, options, counts, output, target);
    } catch (error) {
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
  const { added, contents } = loadedFiles(io, file, options);
  const found = readScenario(io, file, (lines) =>
    Array.from(recordings(lines), (recording) => [...withLoads(recording, options.load)]),
  );
  for (const [index, lines] of found.entries()) {
    const print = printer(io, placeOf(file, lines[0], index), options, added, counts, output);
    const task = putRecording(lines, contents, target, print);
    const { unput, unsupported } = target.local ? runLocally(task, target) : await runRemotely(task, target);
    counts.unput += unput;
    if (unsupported.size === 0) continue;
    output.flush();
    io.warn(`${file}: ${target.name} cannot do ${[...unsupported].join(', ')}`);
  }
}

function replayFile(
  io: CommandIo,
  file: string,
  options: ReplayOptions,
  counts: Counts,
  output: Output,
): void {
  const { platform, manager, careful, load } = options;
  const { added, contents } = loadedFiles(io, file, options);
  const compareAll = (lines: Iterable<ScenarioLine>) => {
    let index = 0;
    for (const recording of recordings(lines)) {
      const [first, all] = peeked(withLoads(recording, load));
      const print = printer(io, placeOf(file, first, index++), options, added, counts, output);
      for (const comparison of replayLines(all, {
        platform,
        manager,
        careful: careful === true,
        file: contents,
      }))
        print(comparison);
    }
  };
  readScenario(io, file, compareAll, () => output.flush());
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

/** The first of some values, and all of them. */
function peeked<T>(values: Iterable<T>): [T | undefined, Iterable<T>] {
  const iterator = values[Symbol.iterator]();
  const first = iterator.next();
  function* all(): Generator<T> {
    if (first.done === true) return;
    yield first.value;
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value;
  }
  return [first.done === true ? undefined : first.value, all()];
}

/** The contents of the files that a recording loads, and those that --load adds. */
function loadedFiles(io: CommandIo, file: string, { load, allowOutside }: ReplayOptions) {
  const added = new Map(load.map((item, index) => [`--load ${index}`, io.files.whole(item.file)]));
  const found = scenarioFiles(io.files, file, allowOutside === true);
  return { added, contents: (name: string) => added.get(name) ?? found(name) };
}

/** Counts comparisons and prints those that differ. */
function printer(
  io: CommandIo,
  place: RecordingPlace,
  { json }: ReplayOptions,
  added: ReadonlyMap<string, Uint8Array>,
  counts: Counts,
  output: Output,
): (comparison: Comparison) => void {
  return (comparison) => {
    // The steps that --load adds are not part of the capture.
    if (isAdded(comparison.recorded, added)) return;
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

function isAdded(step: Comparison['recorded'], loaded: ReadonlyMap<string, Uint8Array>): boolean {
  return step.kind === 'load' && step.file !== undefined && loaded.has(step.file);
}

/** The lines of a recording. If it was made from a capture, the files of --load are loaded after the first line. */
function* withLoads(lines: Iterable<ScenarioLine>, load: readonly FileAt[]): Generator<unknown> {
  let first = true;
  for (const { value, number } of lines) {
    yield value;
    if (first && number === undefined)
      for (const [index, { address }] of load.entries())
        yield { op: 'load', address: `0x${address.toString(16)}`, file: `--load ${index}` };
    first = false;
  }
}
