import type { Command } from 'commander';
import { defined } from '../../base/defined.js';
import { formatIssue, UsageError, WireError } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { errorText } from '../../base/sentence.js';
import { printable } from '../../base/text.js';
import { recordLine } from '../../capture/ndjson/index.js';
import { PcapngWriter } from '../../capture/pcap/index.js';
import type { PrintStyle } from '../../capture/print/index.js';
import type { Output } from '../../node/output.js';
import { scenarioFiles } from '../../node/scenario-files.js';
import { type ManagerProfile, type PlatformProfile, panicPlaces } from '../../rm/index.js';
import {
  type FaultCount,
  formatHelp,
  type KernelEvent,
  knownFaults,
  type PlayerResult,
  type PlayerSink,
  ScenarioPlayer,
  type StepResult,
  type Violation,
} from '../../sim/index.js';
import type { CommandIo } from '../io.js';
import { notes } from '../notes.js';
import { integerOption, outsideFlag, refuseArgument } from '../options.js';
import { managerFlag, platformNames, platformOption } from '../profile-options.js';
import { type ScenarioLine, takeScenario } from '../scenario-lines.js';
import { type TextOptions, TextPrinter, textFlags } from '../text-printer.js';

interface SimulateOptions extends TextOptions {
  readonly output?: string;
  readonly seed?: number;
  readonly platform?: PlatformProfile;
  readonly manager?: ManagerProfile;
  readonly careful?: true;
  readonly check?: true;
  readonly steps?: true;
  readonly json?: true;
  readonly allowOutside?: true;
  readonly helpFormat?: true;
}

const examples = `
The same scenario and seed give the same bytes. Exit code 1 when something that the scenario expects did not happen.

Examples:
  gunyah-rm simulate captures/scenarios/boot.ndjson
  gunyah-rm simulate captures/scenarios/share.ndjson --steps --seed 7 -o share.pcapng
  gunyah-rm simulate --help-format`;

export function register(program: Command, io: CommandIo): void {
  const command = program
    .command('simulate')
    .description('run a scenario of VMs and the simulated manager in virtual time');
  textFlags(command)
    .argument('[scenario]', 'NDJSON, or a recording; - for standard input')
    .option('-o, --output <capture>', 'write every queue message to a pcapng file; - for standard output')
    .option('--seed <n>', "instead of the scenario's seed", integerOption('--seed', 0xffffffff))
    .option('--platform <name>', `instead of the scenario's machine: ${platformNames}`, platformOption)
    .addOption(managerFlag('the one that the scenario names, else rm23'))
    .option('--careful', 'answer with an error where the real manager dies')
    .option('--check', 'say where a rule that must always hold does not: owners, replies, leftovers')
    .option('--steps', 'a line per step instead of the messages')
    .option('--json', 'messages as NDJSON, as decode --json prints them')
    .addOption(outsideFlag())
    .option('--help-format', 'explain the format of scenarios')
    .addHelpText('after', notes(examples))
    .action((scenario: string | undefined, options: SimulateOptions) => simulate(io, scenario, options));
}

async function simulate(
  io: CommandIo,
  scenario: string | undefined,
  options: SimulateOptions,
): Promise<void> {
  if (options.helpFormat) {
    io.print('-', formatHelp);
    return;
  }
  if (scenario === undefined) refuseArgument('scenario', 'a file', 'nothing');
  const report = new Report(io, options);
  const capture = options.output === undefined ? undefined : io.output(options.output, 'pcapng');
  const writer = capture && new PcapngWriter((bytes) => capture.bytes(bytes));
  const { seed, platform, manager, careful } = options;
  let packets = 0;
  const player = new ScenarioPlayer({
    file: scenarioFiles(io.files, scenario, options.allowOutside === true),
    sink: {
      ...report.sink,
      packet: ({ from, to, frame, time, comment }) => {
        packets++;
        writer?.packet(from, to, frame, 0, frame.length, time, comment);
      },
    },
    check: options.check === true,
    ...defined({ seed, platform, manager, careful }),
  });
  const play = ({ value, number }: ScenarioLine) => {
    if (number !== undefined) return player.line(value);
    const actual = 'a capture: see replay';
    throw new UsageError({ code: 'format', path: scenario, expected: 'a scenario', actual });
  };
  let result: PlayerResult | undefined;
  try {
    await takeScenario(io, scenario, play, { pause: () => report.flush() });
    result = player.end();
    if (result.unmet + result.broken > 0) io.problem();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    report.flush();
    io.damaged(errorText(error));
  }
  writer?.end();
  if (capture !== undefined) io.end(capture, packets === 0);
  report.end(result);
}

/** Prints what happens. Prints nothing if the capture goes to standard output. */
class Report {
  readonly sink: PlayerSink;
  readonly #output: Output | undefined;
  readonly #text: TextPrinter;
  readonly #options: SimulateOptions;

  constructor(io: CommandIo, options: SimulateOptions) {
    this.#options = options;
    this.#output = options.output === '-' ? undefined : io.output('-');
    this.#text = new TextPrinter(io, options, true);
    const { json, steps } = options;
    this.sink = {
      record: (record) => {
        if (json) this.#write(recordLine(io.protocol, record));
        else if (!steps && this.#output !== undefined) this.#text.record(record, this.#output);
      },
      fault: (rule, from, to, timeNs) => this.#event(timeNs, `fault ${rule.kind} ${from} -> ${to}`),
      panic: (reason, timeNs) => {
        const { message, state, effect } = panicPlaces[reason];
        this.#event(timeNs, this.#style.bad(`panic ${reason}: ${message}, ${state}: ${effect}`));
      },
      kernel: (event, timeNs) => this.#event(timeNs, this.#style.warn(printable(kernelText(event)))),
      violation: (violation, timeNs) => this.#violation(violation, timeNs),
      step: (result) => this.#step(result),
    };
  }

  get #style(): PrintStyle {
    return this.#text.options.style;
  }

  /** Writes what has been printed so far, so that messages to the user come after it. */
  flush(): void {
    this.#output?.flush();
  }

  /** @param result undefined if the scenario could not be read to its end. */
  end(result: PlayerResult | undefined): void {
    if (result !== undefined) this.#totals(result);
    this.#output?.end();
  }

  #totals({ steps, unmet, broken, faults, timeNs }: PlayerResult): void {
    if (this.#options.json)
      this.#write(`${jsonText({ steps, unmet, broken, time_ns: timeNs, faults: faults.map(faultJson) })}\n`);
    else {
      for (const count of faults) this.#write(`${faultText(count)}\n`);
      const rules = broken === 0 ? '' : `, ${broken} broken rules`;
      this.#write(`${steps} steps, ${unmet} unmet expectations${rules}, ${timeNs} ns\n`);
    }
  }

  #write(text: string): void {
    this.#output?.write(text);
  }

  /** Prints an event other than a message. */
  #event(timeNs: number, text: string): void {
    if (!this.#options.json) this.#write(`${timeText(timeNs)}  ${text}\n`);
  }

  #violation({ rule, detail, fault }: Violation, timeNs: number): void {
    const why = fault === undefined ? 'unexplained' : knownFaults[fault];
    if (this.#options.json) this.#write(`${jsonText({ rule, detail, fault: fault ?? null })}\n`);
    else this.#event(timeNs, this.#style.warn(printable(`check ${rule}: ${detail} (${why})`)));
  }

  #step(result: StepResult): void {
    const { step, line, timeNs, unmet } = result;
    const style = this.#style;
    if (this.#options.steps) {
      const outcome = unmet.length === 0 ? style.good('ok') : style.bad('unmet');
      this.#write(`${timeText(timeNs)}  step ${step}: ${printable(titleOf(line))}: ${outcome}\n`);
    }
    for (const { expected, actual } of unmet) {
      if (this.#options.json) this.#write(`${jsonText({ step, expected, actual })}\n`);
      else this.#write(`${style.bad(printable(`step ${step}: expected ${expected} | actual ${actual}`))}\n`);
    }
  }
}

function timeText(timeNs: number): string {
  return `${timeNs} ns`.padStart(15);
}

function titleOf(line: StepResult['line']): string {
  const { op, name, id, from, frame, text, vm, file } = line;
  if (op !== undefined && text !== undefined) return `${op}: ${text}`;
  if (op !== undefined) return [op, name ?? line.do, vm, file].filter((word) => word !== undefined).join(' ');
  return `${from} sends ${name ?? id ?? `${String(frame).length / 2} bytes`}`;
}

function kernelText(event: KernelEvent): string {
  switch (event.kind) {
    case 'hazard_report':
      return `vm manager: ${formatIssue(event.report.issue)}`;
    case 'hazard':
      return `client of ${event.vmid}: ${event.hazard.name}: ${event.hazard.doc}`;
    case 'failed':
      return `guest ${event.vmid}: ${event.error.message}`;
  }
}

function faultText({ rule, matched, applied }: FaultCount): string {
  return `fault ${rule.kind} ${jsonText(rule.match ?? {})}: ${applied} of ${matched} messages`;
}

function faultJson({ rule, matched, applied }: FaultCount): object {
  return { ...rule, matched, applied };
}
