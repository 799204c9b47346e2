import type { Command } from 'commander';
import { WireError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { errorText } from '../../base/sentence.js';
import { printable } from '../../base/text.js';
import type { Output } from '../../node/output.js';
import { scenarioFiles } from '../../node/scenario-files.js';
import type { ManagerProfile, PlatformProfile } from '../../rm/index.js';
import { type Comparison, differenceJson, differenceText, replay as replayLines } from '../../sim/index.js';
import type { CommandIo } from '../io.js';
import { type FileAt, loadFlag, managerFlag, outsideFlag, platformFlag } from '../options.js';
import { readScenario, type ScenarioLine } from '../scenario-lines.js';

interface ReplayOptions {
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
  readonly load: readonly FileAt[];
  readonly allowOutside?: true;
  readonly json?: true;
}

const examples = `
A recording is NDJSON whose first line names its scenario; files that it loads are looked for beside it and in the
folder dtb beside its folder. A capture says nothing about memory unless simulate made it: --load does.

Examples:
  gunyah-rm replay recordings/*.ndjson
  gunyah-rm replay --platform qemu boot.ndjson
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
    .option('--json', 'NDJSON, one object per difference, then one with the counts')
    .addHelpText('after', examples)
    .action((files: string[], options: ReplayOptions) => replay(io, files, options));
}

function replay(io: CommandIo, files: readonly string[], options: ReplayOptions): void {
  const output = io.output('-');
  const counts = { steps: 0, equal: 0, different: 0 };
  for (const file of files) {
    try {
      replayFile(io, file, options, counts, output);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      output.flush();
      io.warn(`after ${counts.steps} steps: ${errorText(error)}`);
      io.problem();
    }
  }
  const { steps, equal, different } = counts;
  output.write(
    options.json ? `${jsonText(counts)}\n` : `${steps} steps, ${equal} equal, ${different} different\n`,
  );
  output.end();
}

function replayFile(
  io: CommandIo,
  file: string,
  options: ReplayOptions,
  counts: { steps: number; equal: number; different: number },
  output: Output,
): void {
  const { platform, manager, careful, load, json } = options;
  const loaded = new Map(load.map((item, index) => [`--load ${index}`, io.files.whole(item.file)]));
  const found = scenarioFiles(io.files, file, options.allowOutside === true);
  const compare = (lines: Iterable<ScenarioLine>) =>
    replayLines(withLoads(lines, load), {
      platform,
      manager,
      careful: careful === true,
      file: (name) => loaded.get(name) ?? found(name),
    });
  const print = (comparison: Comparison) => {
    // The steps that --load adds are not part of the capture.
    if (isAdded(comparison.recorded, loaded)) return;
    counts.steps++;
    if (comparison.equal) {
      counts.equal++;
      return;
    }
    counts.different++;
    io.problem();
    output.write(
      json
        ? `${jsonText({ file, ...differenceJson(comparison) })}\n`
        : `${printable(`${file}: ${differenceText(comparison)}`)}\n`,
    );
  };
  const compareAll = (lines: Iterable<ScenarioLine>) => {
    for (const comparison of compare(lines)) print(comparison);
  };
  readScenario(io, file, compareAll, () => output.flush());
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
