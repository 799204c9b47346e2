import { UsageError } from '../../../base/error.js';
import { Campaign } from '../../../fuzz/campaign/campaign.js';
import { Repetition } from '../../../fuzz/end-oracle/repetition.js';
import { simAudit } from '../../../fuzz/end-oracle/sim-audit.js';
import { Teardown } from '../../../fuzz/end-oracle/teardown.js';
import { Engine } from '../../../fuzz/engine/engine.js';
import { type Origin, reproduceCommand } from '../../../fuzz/findings/write.js';
import { causeTitle } from '../../../fuzz/oracle/cause.js';
import { Judge } from '../../../fuzz/oracle/judge.js';
import { Reference } from '../../../fuzz/oracle/reference.js';
import { reportHtml } from '../../../fuzz/report/html.js';
import type { Report } from '../../../fuzz/report/report.js';
import { coverageText, summaryText } from '../../../fuzz/report/text.js';
import { messagesNamed } from '../../../golden/generate.js';
import { wallClock } from '../../../node/clock.js';
import { CampaignFolder } from '../../../node/fuzz/campaign-folder.js';
import { StatusLine } from '../../../node/fuzz/status-line.js';
import { version } from '../../../node/version.js';
import { managers, type PlatformProfile } from '../../../rm/index.js';
import { runInSlices, runRemotely } from '../../../target/index.js';
import type { CommandIo } from '../../io.js';
import { type AnyTarget, makeTarget, startTarget, type TargetOptions } from '../../target-option.js';
import { History } from './history.js';

export interface RunOptions extends TargetOptions {
  readonly platform: PlatformProfile;
  readonly seed: number;
  readonly runs?: number;
  readonly time?: number;
  readonly case?: number;
  readonly message?: readonly string[];
  readonly out?: string;
  readonly reference?: boolean;
  readonly plays: number;
}

const socketMonitor = '--monitor with a socket';
const TIME_DEFAULT_S = 60;
const SAVE_EVERY_MS = 5000;

export async function run(io: CommandIo, options: RunOptions): Promise<void> {
  const target = makeTarget(options);
  const messages = options.message && messagesNamed(io.protocol, options.message);
  const work = new FuzzRun(io, options, target, messages && new Set(messages.map(({ id }) => id)));
  try {
    await startTarget(target);
    await work.run();
  } finally {
    if (!target.local) await target.close();
  }
}

/** Whether the target is compared with a reference manager. @throws UsageError where that is not possible. */
function usesReference({ reference }: RunOptions, target: AnyTarget): boolean {
  const isEndless = !target.isFresh;
  if (reference === true && isEndless)
    throw new UsageError({ code: 'option', path: '--reference', expected: socketMonitor, actual: 'none' });
  return reference ?? !(target.local || isEndless);
}

/** A campaign with its clock, its folder, and its output. */
class FuzzRun {
  readonly #io: CommandIo;
  readonly #options: RunOptions;
  readonly #target: AnyTarget;
  readonly #origin: Origin;
  readonly #engine: Engine;
  readonly #folder: CampaignFolder | undefined;
  readonly #campaign: Campaign;
  readonly #history: History;
  readonly #status: StatusLine;
  readonly #startMs = nowMs();
  /** Cases of this run, not of those before it. */
  #cases = 0;
  #savedMs = 0;
  #stopped = false;

  constructor(
    io: CommandIo,
    options: RunOptions,
    target: AnyTarget,
    messages: ReadonlySet<number> | undefined,
  ) {
    const { seed, platform, manager = managers.rm23, careful = false, out } = options;
    this.#io = io;
    this.#status = new StatusLine(io.stdio);
    this.#options = options;
    this.#target = target;
    const origin = { seed, target: target.name, version: version(), platform, manager, careful };
    this.#origin = { ...origin, options: wordsOf(options) };
    this.#folder = out === undefined ? undefined : new CampaignFolder(out, this.#origin);
    const { state, known } = this.#folder?.load() ?? { state: undefined, known: [] };
    this.#engine = new Engine({
      seed,
      steps: target.steps,
      machine: platform,
      messages,
      case: options.case,
      serial: state?.serial,
    });
    if (state !== undefined) this.#engine.coverage.load(state.coverage);
    this.#history = new History(state?.history ?? []);
    const { local } = target;
    const reference =
      usesReference(options, target) &&
      new Reference({ platform, profile: manager, careful, seesRefusal: local });
    const endless = !target.isFresh;
    const judge = new Judge(reference || undefined);
    this.#campaign = new Campaign(
      {
        source: this.#engine,
        judge,
        // Without a fresh start no session can be repeated, and each one continues the one before.
        endOracles: endless
          ? []
          : [new Teardown(judge, local ? simAudit(target) : undefined), new Repetition()],
        keepGoing: () => this.#keepGoing(endless),
        plays: endless ? 0 : options.plays,
        // A session with a remote target costs a process.
        minimised: local ? 3 : 1,
        found: (finding) => {
          this.#folder?.saveFinding(finding);
          if (finding.state !== 'found') return;
          this.#tell(causeTitle(finding.cause));
          this.#tell(`  ${reproduceCommand(this.#origin, finding.caseNumber)}`);
        },
      },
      known,
    );
    this.#campaign.cases = state?.cases ?? 0;
    this.#campaign.steps = state?.steps ?? 0;
  }

  async run(): Promise<void> {
    this.#io.stdio.onStop(() => {
      this.#stopped = true;
    });
    const work = this.#campaign.run();
    if (this.#target.local)
      await runInSlices(work, this.#target, () => new Promise((done) => setImmediate(done)));
    else await runRemotely(work, this.#target);
    this.#status.clear();
    this.#end();
  }

  #keepGoing(endless: boolean): boolean {
    const { runs, time, case: only } = this.#options;
    const elapsedMs = nowMs() - this.#startMs;
    this.#status.show(elapsedMs, () => this.#statusText(elapsedMs));
    if (this.#history.wants(elapsedMs)) this.#sample(elapsedMs);
    if (elapsedMs - this.#savedMs >= SAVE_EVERY_MS) this.#save(elapsedMs);
    if (
      this.#stopped ||
      (endless && this.#campaign.findings.some(({ finding }) => isEnding(finding.cause.kind)))
    )
      return false;
    const timeS = time ?? (runs === undefined && only === undefined ? TIME_DEFAULT_S : undefined);
    if (timeS !== undefined && elapsedMs >= timeS * 1000) return false;
    return this.#cases++ < (runs ?? Number.POSITIVE_INFINITY);
  }

  #sample(elapsedMs: number): void {
    const { cases, steps, findings } = this.#campaign;
    let pairs = 0;
    for (const _ of this.#engine.coverage.pairs()) pairs++;
    this.#history.add({ elapsedMs, cases, steps, pairs, findings: findings.length });
  }

  #save(elapsedMs: number): void {
    this.#savedMs = elapsedMs;
    const { cases, steps, findings } = this.#campaign;
    this.#folder?.saveState({
      serial: this.#engine.serial,
      cases,
      steps,
      history: this.#history.samples,
      counts: Object.fromEntries(findings.map(({ finding, count }) => [finding.cause.key, count])),
      coverage: this.#engine.coverage.save(),
    });
  }

  #end(): void {
    const elapsedMs = nowMs() - this.#startMs;
    this.#sample(elapsedMs);
    this.#save(elapsedMs);
    const report: Report = {
      origin: this.#origin,
      history: this.#history.samples,
      findings: this.#campaign.findings,
      coverage: this.#engine.coverage,
    };
    const summary = summaryText(report);
    this.#folder?.write('summary.txt', summary);
    this.#folder?.write('coverage.txt', coverageText(report));
    this.#folder?.write('report.html', reportHtml(report));
    const output = this.#io.output('-');
    output.write(summary);
    output.end();
    if (report.findings.length > 0) this.#io.problem();
  }

  #statusText(elapsedMs: number): string {
    const { cases, steps, findings } = this.#campaign;
    const rate = Math.round((this.#history.stepsSince(steps) / Math.max(1, elapsedMs)) * 1000);
    return `${Math.round(elapsedMs / 1000)} s, ${cases} cases, ${steps} steps, ${rate} a second, ${findings.length} findings`;
  }

  /** A line on stderr, above the status line. */
  #tell(text: string): void {
    this.#status.clear();
    this.#io.warn(text);
  }
}

function isEnding(kind: string): boolean {
  return kind === 'crash' || kind === 'hang' || kind === 'panic';
}

/** Options besides target and seed that decide what cases do, as on the command line. */
function wordsOf({ message = [], platform, manager, careful, monitor, reference }: RunOptions): string[] {
  return [
    ...(platform.name === 'native' ? [] : ['--platform', platform.name]),
    ...(manager === undefined || manager === managers.rm23 ? [] : ['--manager', manager.name]),
    ...(careful === true ? ['--careful'] : []),
    ...(reference === undefined ? [] : [reference ? '--reference' : '--no-reference']),
    ...(monitor === undefined ? [] : ['--monitor', monitor]),
    ...(message.length === 0 ? [] : ['--message', ...message]),
  ];
}

function nowMs(): number {
  return Number(wallClock() / 1_000_000n);
}
