import { inContext, WireError } from '../../../base/error.js';
import { errorText } from '../../../base/sentence.js';
import type { Packet } from '../../../capture/packets/index.js';
import {
  asksForModel,
  Baseline,
  CaptureLinter,
  exampleOf,
  explanation,
  type Finding,
  Linter,
  type LinterOptions,
  type LintNote,
  lintForms,
  rules,
  rulesById,
  ruleTable,
} from '../../../lint/index.js';
import { packageFile } from '../../../node/folder.js';
import { terminalStyle, terminalWidth } from '../../../node/terminal.js';
import { version } from '../../../node/version.js';
import type { CommandIo } from '../../io.js';
import { type Load, loadable, loadedFiles, readLoads } from '../../loads.js';
import { oneOf, refuseArgument } from '../../options.js';
import { isHeader, type ScenarioLine, takeScenario } from '../../scenario-lines.js';
import { ModelThread } from './model-thread.js';
import { type LintOptions, wantsRule } from './options.js';

const WIDTH = 80;

/** Lints files, or prints what is asked of the rules. */
export async function lint(io: CommandIo, files: readonly string[], options: LintOptions): Promise<void> {
  if (options.rules) {
    io.printRows('-', ruleTable());
    return;
  }
  if (options.explain !== undefined) {
    explain(io, options.explain);
    return;
  }
  if (files.length === 0) refuseArgument('', 'a recording or a capture', 'none');
  const form = options.json ? 'json' : options.format;
  const context = {
    style: terminalStyle(io.stdio, true),
    width: Math.min(terminalWidth(io.stdio) ?? WIDTH, WIDTH),
    rules,
    version: version(),
  };
  const report = lintForms[form](context);
  const output = io.output('-', form === 'text' || form === 'github' ? 'text' : 'json');
  const known = options.baseline === undefined ? undefined : readBaseline(io, options.baseline);
  const written = new Baseline();
  const { writeBaseline } = options;
  const baseline =
    writeBaseline === undefined ? undefined : io.output(writeBaseline, 'json', '--write-baseline');
  const wants = wantsRule(options);
  report.begin?.(output);
  for (const file of files) {
    if (io.isInterrupted) break;
    const finding = (found: Finding) => {
      if (baseline !== undefined) {
        written.add(file, found);
        return;
      }
      if (known?.take(file, found)) return;
      io.problem();
      report.finding(file, found, output);
    };
    const note = options.notes ? (said: LintNote) => report.note?.(file, said, output) : undefined;
    try {
      await lintFile(io, file, options, { finding, note, wants }, () => output.flush());
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      output.flush();
      io.warn(errorText(error));
      io.problem();
    }
  }
  report.end?.(output);
  output.end();
  baseline?.write(written.text());
  baseline?.end();
}

/** What findings and notes are told to, and which are asked for. */
type Told = Pick<LinterOptions, 'finding' | 'note' | 'wants'>;

async function lintFile(
  io: CommandIo,
  file: string,
  options: LintOptions,
  told: Told,
  pause: () => void,
): Promise<void> {
  const { peer, platform, manager } = options;
  const loads = readLoads(io.files, options.load);
  const contents = loadable(io.files, file, loads, options.allowOutside === true);
  const common = { platform, manager, file: contents, peers: peer, ...told };
  const thread = modelThread(io, file, options, loads, told);
  let capture: CaptureLinter | undefined;
  let recording: Linter | undefined;
  let count = 0;
  const begun = () => {
    capture ??= new CaptureLinter({ ...common, model: thread?.model }, loadedFiles(loads));
    return capture;
  };
  const take = (line: ScenarioLine) => {
    if (recording === undefined || isHeader(line)) {
      recording?.end();
      recording = new Linter({ ...common, isCapture: false, isFirst: count++ === 0 });
    }
    recording.line(line.value);
    return true;
  };
  const packet = (packet: Packet) => begun().packet(packet);
  try {
    const pieces = io.scenarioPieces(file);
    await takeScenario(io, file, take, { pause, packet, pieces: thread?.pieces(pieces) ?? pieces });
    // Where the user interrupted it, nothing is known of what came to an end.
    if (io.isInterrupted || io.isOutputClosed) return;
    if (recording === undefined) begun().end();
    else recording.end();
  } finally {
    thread?.end();
  }
}

/** A thread for the manager's model; undefined where it is not worth one. */
function modelThread(
  { stdio: { threads }, files }: CommandIo,
  file: string,
  { peer, level, ignore, platform, manager, allowOutside, jobs }: LintOptions,
  loads: readonly Load[],
  told: Told,
): ModelThread | undefined {
  if (jobs < 2 || threads === undefined || (files.sizeOf(file) ?? 0) <= threads.from.lint) return undefined;
  if (!asksForModel({ peers: peer, ...told })) return undefined;
  const names = { platform: platform.name, manager: manager?.name };
  const notes = told.note !== undefined;
  const setup = { file, peer, level, ignore, ...names, allowOutside: allowOutside === true, notes, loads };
  return new ModelThread(threads, setup, told);
}

function readBaseline(io: CommandIo, path: string): Baseline {
  return inContext(`${path}: `, () => Baseline.read(new TextDecoder().decode(io.files.whole(path))));
}

function explain(io: CommandIo, name: string): void {
  const id = oneOf([...rulesById.keys()], name, '--explain');
  const rule = rulesById.get(id);
  if (rule !== undefined) io.print('-', explanation(rule, packageFile(`captures/lint/${exampleOf(rule)}`)));
}
