import { type Command, Option } from 'commander';
import { UsageError, WireError } from '../../base/error.js';
import { errorText } from '../../base/sentence.js';
import {
  Baseline,
  CaptureLinter,
  exampleOf,
  explanation,
  type Finding,
  isAtLeast,
  type Level,
  Linter,
  type LinterOptions,
  type LintForm,
  type LintNote,
  levels,
  lintFormNames,
  lintForms,
  peerNames,
  type Rule,
  rules,
  rulesById,
  ruleTable,
} from '../../lint/index.js';
import { packageFile } from '../../node/folder.js';
import { scenarioFiles } from '../../node/scenario-files.js';
import { terminalStyle, terminalWidth } from '../../node/terminal.js';
import { version } from '../../node/version.js';
import type { ManagerProfile, PlatformProfile } from '../../rm/index.js';
import type { CommandIo } from '../io.js';
import { peerList } from '../lint-options.js';
import { notes } from '../notes.js';
import {
  type FileAt,
  loadFlag,
  managerFlag,
  nameOption,
  oneOf,
  outsideFlag,
  platformFlag,
} from '../options.js';
import { isHeader, takeScenario } from '../scenario-lines.js';

interface LintOptions {
  readonly peer?: ReadonlySet<string>;
  readonly level: Level;
  readonly ignore: readonly string[];
  readonly format: LintForm;
  readonly json?: true;
  readonly baseline?: string;
  readonly writeBaseline?: string;
  readonly platform: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly load: readonly FileAt[];
  readonly allowOutside?: true;
  readonly notes?: true;
  readonly rules?: true;
  readonly explain?: string;
}

const WIDTH = 80;

const help = `
Recordings have all that the manager depends on. A capture shows messages only: what VM_INIT and VM_START do depends on
the devicetree, which --load puts in memory, and without it nothing is said about VMs that have one. --notes prints what
cannot be known. Numbers that the manager chose are taken from its replies.

Exit code 1 when something was found.

Examples:
  gunyah-rm lint boot.pcapng
  gunyah-rm lint --level leaks --peer rm23,a14 recordings/*.ndjson
  gunyah-rm lint --format sarif boot.pcapng > boot.sarif
  gunyah-rm lint --write-baseline known.json boot.pcapng
  gunyah-rm lint --baseline known.json boot.pcapng
  gunyah-rm lint --explain rm23/vm-dealloc-unknown-vmid`;

const collectRule = (text: string, list: readonly string[]) => [
  ...list,
  oneOf([...rulesById.keys()], text, '--ignore'),
];

export function register(program: Command, io: CommandIo): void {
  program
    .command('lint')
    .description('find what will kill the manager, or hurt its clients')
    .argument('[file...]', 'recordings or captures; - for standard input')
    .option('--peer <list>', `whom it may hit: ${peerNames.join(', ')}; without it all`, peerList)
    .option(
      '--level <level>',
      `that and worse: ${levels.join(', ')}`,
      nameOption('--level', levels),
      'suspicious',
    )
    .addOption(
      new Option('--ignore <rule>', 'leave a rule out; repeatable')
        .argParser(collectRule)
        .default([], 'none'),
    )
    .option(
      '--format <form>',
      `form of the report: ${lintFormNames.join(', ')}`,
      nameOption('--format', lintFormNames),
      'text',
    )
    .option('--json', 'the same as --format json')
    .option('--baseline <file>', 'leave out the findings that are known')
    .option('--write-baseline <file>', 'write down the findings as known ones')
    .addOption(platformFlag())
    .addOption(managerFlag('the one that the recording names, else rm23'))
    .addOption(loadFlag('have a file in memory when a capture begins; repeatable'))
    .addOption(outsideFlag())
    .option('--notes', 'also print what cannot be known')
    .option('--rules', 'print all rules')
    .option('--explain <rule>', 'print a rule, with a recording that shows it')
    .addHelpText('after', notes(help))
    .action((files: string[], options: LintOptions) => lint(io, files, options));
}

async function lint(io: CommandIo, files: readonly string[], options: LintOptions): Promise<void> {
  if (options.rules) {
    io.printRows('-', ruleTable());
    return;
  }
  if (options.explain !== undefined) {
    explain(io, options.explain);
    return;
  }
  if (files.length === 0)
    throw new UsageError({
      code: 'argument',
      path: '',
      expected: 'a recording or a capture',
      actual: 'none',
    });
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
  const ignored = new Set(options.ignore);
  const wants = ({ id, level }: Rule) => isAtLeast(level, options.level) && !ignored.has(id);
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

async function lintFile(
  io: CommandIo,
  file: string,
  { peer, platform, manager, load, allowOutside }: LintOptions,
  told: Pick<LinterOptions, 'finding' | 'note' | 'wants'>,
  pause: () => void,
): Promise<void> {
  const added = new Map(load.map((item, index) => [`--load ${index}`, io.files.whole(item.file)]));
  const found = scenarioFiles(io.files, file, allowOutside === true);
  const contents = (name: string) => added.get(name) ?? found(name);
  const common = { platform, manager, file: contents, peers: peer, ...told };
  const loads = load.map(({ address }, index) => ({ address, name: `--load ${index}` }));
  const capture = new CaptureLinter(common, loads);
  let recording: Linter | undefined;
  let count = 0;
  await takeScenario(
    io,
    file,
    (line) => {
      if (recording === undefined || isHeader(line)) {
        recording?.end();
        recording = new Linter({ ...common, isCapture: false, isFirst: count++ === 0 });
      }
      recording.line(line.value);
      return true;
    },
    pause,
    (packet) => capture.packet(packet),
  );
  // Where the user interrupted it, nothing is known of what came to an end.
  if (io.isInterrupted || io.isOutputClosed) return;
  if (recording === undefined) capture.end();
  else recording.end();
}

function readBaseline(io: CommandIo, path: string): Baseline {
  try {
    return Baseline.read(new TextDecoder().decode(io.files.whole(path)));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw error.within(`${path}: `);
  }
}

function explain(io: CommandIo, name: string): void {
  const id = oneOf([...rulesById.keys()], name, '--explain');
  const rule = rulesById.get(id);
  if (rule !== undefined) io.print('-', explanation(rule, packageFile(`captures/lint/${exampleOf(rule)}`)));
}
