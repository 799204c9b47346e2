import { Campaign } from '../../../fuzz/campaign/campaign.js';
import type { FindingFacts } from '../../../fuzz/campaign/finding.js';
import type { Oracles } from '../../../fuzz/campaign/refinement.js';
import { Repetition } from '../../../fuzz/end-oracle/repetition.js';
import { simAudit } from '../../../fuzz/end-oracle/sim-audit.js';
import { Teardown } from '../../../fuzz/end-oracle/teardown.js';
import { Engine } from '../../../fuzz/engine/engine.js';
import { shardFolder, shardText } from '../../../fuzz/engine/shard.js';
import type { SeenIn } from '../../../fuzz/findings/page.js';
import { type Origin, showAgain } from '../../../fuzz/findings/write.js';
import { GuidedSource } from '../../../fuzz/guide/guided-source.js';
import { causeTitle } from '../../../fuzz/oracle/cause.js';
import { Judge } from '../../../fuzz/oracle/judge.js';
import { Reference } from '../../../fuzz/oracle/reference.js';
import { reportHtml } from '../../../fuzz/report/html.js';
import type { Report, SpentTime } from '../../../fuzz/report/report.js';
import { coverageText, summaryText } from '../../../fuzz/report/text.js';
import { messagesNamed } from '../../../golden/generate.js';
import { every, wallClockMs } from '../../../node/clock.js';
import { CampaignFolder } from '../../../node/fuzz/campaign-folder.js';
import { driveLocally, driveRemotely, type Spent } from '../../../node/fuzz/drive.js';
import { StatusLine } from '../../../node/status-line.js';
import { version } from '../../../node/version.js';
import { managers } from '../../../rm/index.js';
import type { CommandIo } from '../../io.js';
import { refuseOption } from '../../options.js';
import { type AnyTarget, makeTarget, startTarget } from '../../target-option.js';
import { History } from './history.js';
import { type RunOptions, wordsOf } from './run-options.js';

const TIME_DEFAULT_S = 60;
const SAVE_EVERY_MS = 5000;
const LOOK_S = 0.1;
/** Time for one finding with a remote target, milliseconds. `fuzz minimise` goes on from there. */
const MINIMISE_MS = 5000;
/** Share of the time at the end in which no case runs, so that what was found last can be confirmed; and its maximum. */
const LAST_SHARE = 0.02;
const LAST_MS = 300;

export async function run(io: CommandIo, options: RunOptions): Promise<void> {
  const messages = options.message && messagesNamed(io.protocol, options.message);
  const targets = [makeTarget(options), makeTarget(options)] as const;
  const work = new FuzzRun(io, options, targets, messages && new Set(messages.map(({ id }) => id)));
  try {
    await startTarget(targets[0]);
    await work.run();
  } finally {
    for (const target of targets) if (!target.local) await target.close();
  }
}

/** Whether the target is compared with a reference manager. @throws UsageError where that is not possible. */
function usesReference({ reference }: RunOptions, target: AnyTarget): boolean {
  const isEndless = !target.isFresh;
  if (reference === true && isEndless) refuseOption('--reference', '--monitor with a socket', 'none');
  return reference ?? !(target.local || isEndless);
}

/** A campaign with its clock, its folder, and its output. */
class FuzzRun {
  readonly #io: CommandIo;
  readonly #options: RunOptions;
  /** The second one is for playing sessions again. */
  readonly #targets: readonly [AnyTarget, AnyTarget];
  readonly #origin: Origin;
  readonly #engine: Engine;
  readonly #guide: GuidedSource;
  readonly #folder: CampaignFolder | undefined;
  readonly #campaign: Campaign;
  readonly #history: History;
  readonly #status: StatusLine;
  readonly #startMs = wallClockMs();
  /** Cases of this run, not of those before it. */
  #cases = 0;
  #savedMs = 0;
  #stopped = false;
  readonly #spent: Spent = { refiningMs: 0 };
  /** What earlier runs have spent on the same campaign. */
  readonly #spentBefore: SpentTime;
  /** When the current finding began to be minimised, since the start of the run. */
  #minimisingMs = 0;

  constructor(
    io: CommandIo,
    options: RunOptions,
    targets: readonly [AnyTarget, AnyTarget],
    messages: ReadonlySet<number> | undefined,
  ) {
    const { seed, platform, manager = managers.rm23, careful = false, out } = options;
    this.#io = io;
    this.#status = new StatusLine(io.stdio);
    this.#options = options;
    this.#targets = targets;
    const [target, second] = targets;
    const origin = { seed, target: target.name, version: version(), platform, manager, careful };
    const { shard } = options;
    const part = shard === undefined ? {} : { shard: shardText(shard) };
    this.#origin = { ...origin, ...part, options: wordsOf(options) };
    const path = out === undefined || shard === undefined ? out : `${out}/${shardFolder(shard)}`;
    this.#folder = path === undefined ? undefined : new CampaignFolder(path, this.#origin);
    const { state, known } = this.#folder?.load() ?? { state: undefined, known: [] };
    this.#engine = new Engine({
      seed,
      steps: target.steps,
      machine: platform,
      messages,
      case: options.case,
      serial: state?.serial,
      shard,
      sharesBoots: () => !target.local && target.canFork,
    });
    if (state !== undefined) this.#engine.coverage.load(state.coverage);
    this.#guide = new GuidedSource(this.#engine, seed, (kept) =>
      this.#folder?.saveSeed(this.#guide.seeds.found, kept),
    );
    for (const kept of this.#folder?.loadSeeds() ?? []) this.#guide.seeds.add(kept);
    this.#history = new History(state?.history ?? []);
    this.#spentBefore = state?.spent ?? { elapsedMs: 0, refiningMs: 0 };
    const { local } = target;
    const withReference = usesReference(options, target);
    const endless = !target.isFresh;
    const oraclesFor = (one: AnyTarget): Oracles => {
      const reference = withReference
        ? new Reference({ platform, profile: manager, careful, seesRefusal: local })
        : undefined;
      const judge = new Judge(reference);
      // Without a fresh start no session can be repeated, and each one continues the one before.
      const endOracles = endless
        ? []
        : [new Teardown(judge, one.local ? simAudit(one) : undefined), new Repetition()];
      return { judge, endOracles };
    };
    this.#campaign = new Campaign(
      {
        source: this.#guide,
        ...oraclesFor(target),
        beside: oraclesFor(second),
        canRepeat: !endless,
        keepGoing: () => this.#keepGoing(endless),
        plays: options.plays,
        mayMinimise: (plays) => this.#mayMinimise(plays),
        // A session with a remote target costs a process.
        minimised: local ? 3 : 1,
        found: (finding) => {
          this.#folder?.saveFinding(finding, this.#seenIn(finding));
          if (finding.state === 'smallest') return;
          this.#tell(causeTitle(finding.cause));
          this.#tell(`  ${showAgain(finding, this.#origin)}`);
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
    const [target, second] = this.#targets;
    const stopLooking = every(LOOK_S, () => this.#look());
    const end = {
      isOver: () => this.#isOver(),
      isLate: () => this.#stopped || this.#elapsedMs >= this.#timeMs,
      isPatient: this.#timeMs === Number.POSITIVE_INFINITY,
    };
    try {
      if (target.local && second.local)
        await driveLocally(this.#campaign, [target, second], end, this.#spent, wallClockMs);
      else if (!target.local && !second.local)
        await driveRemotely(this.#campaign, [target, second], end, this.#spent, wallClockMs);
    } finally {
      stopLooking();
    }
    this.#status.clear();
    this.#end();
  }

  get #elapsedMs(): number {
    return wallClockMs() - this.#startMs;
  }

  /** Time of the run, milliseconds. */
  get #timeMs(): number {
    const { runs, time, case: only } = this.#options;
    const isCounted = runs !== undefined || only !== undefined;
    return 1000 * (time ?? (isCounted ? Number.POSITIVE_INFINITY : TIME_DEFAULT_S));
  }

  #isOver(): boolean {
    const last = Math.min(LAST_MS, this.#timeMs * LAST_SHARE);
    return this.#stopped || this.#elapsedMs >= this.#timeMs - last;
  }

  #mayMinimise(plays: number): boolean {
    const elapsedMs = this.#elapsedMs;
    if (plays === 0) this.#minimisingMs = elapsedMs;
    if (this.#isOver()) return false;
    return this.#targets[0].local || elapsedMs - this.#minimisingMs < MINIMISE_MS;
  }

  /** Shows and saves how far it is. */
  #look(): void {
    const elapsedMs = this.#elapsedMs;
    this.#status.show(elapsedMs, () => this.#statusText(elapsedMs));
    if (this.#history.wants(elapsedMs)) this.#sample(elapsedMs);
    if (elapsedMs - this.#savedMs >= SAVE_EVERY_MS) this.#save(elapsedMs);
  }

  #keepGoing(endless: boolean): boolean {
    const { runs = Number.POSITIVE_INFINITY } = this.#options;
    const { findings } = this.#campaign;
    if (this.#isOver() || (endless && findings.some(({ finding }) => isEnding(finding.cause.kind))))
      return false;
    return this.#cases++ < runs;
  }

  #sample(elapsedMs: number): void {
    const { cases, steps, findings } = this.#campaign;
    const pairs = this.#engine.coverage.pairCount;
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
      spent: this.#spentUntil(elapsedMs),
      counts: Object.fromEntries(findings.map(({ finding, count }) => [finding.cause.key, count])),
      coverage: this.#engine.coverage.save(),
    });
  }

  #seenIn({ number }: FindingFacts): SeenIn {
    const { findings, cases } = this.#campaign;
    return { cases: findings.find(({ finding }) => finding.number === number)?.count ?? 1, all: cases };
  }

  #spentUntil(elapsedMs: number): SpentTime {
    const before = this.#spentBefore;
    return {
      elapsedMs: before.elapsedMs + elapsedMs,
      refiningMs: before.refiningMs + this.#spent.refiningMs,
    };
  }

  #end(): void {
    const elapsedMs = this.#elapsedMs;
    this.#sample(elapsedMs);
    this.#save(elapsedMs);
    this.#folder?.saveCounts(this.#campaign.findings, this.#campaign.cases);
    const { seed } = this.#origin;
    const report: Report = {
      origin: this.#origin,
      history: this.#history.samples,
      campaign: `seed ${seed}`,
      findings: this.#campaign.findings.map((found) => ({ ...found, seed })),
      coverage: this.#engine.coverage,
      spent: this.#spentUntil(elapsedMs),
      silentMs: this.#status.longestMs,
      edges: this.#guide.seeds.edgeCount,
    };
    const summary = summaryText(report);
    this.#folder?.write('summary.txt', summary);
    this.#folder?.write('coverage.txt', coverageText(report));
    this.#folder?.write('report.html', reportHtml(report));
    const output = this.#io.output('-');
    output.write(summary);
    output.end();
    if (report.findings.some(({ finding }) => finding.state !== 'unstable')) this.#io.problem();
  }

  #statusText(elapsedMs: number): string {
    const { cases, steps, findings } = this.#campaign;
    const rate = Math.round((this.#history.stepsSince(steps) / Math.max(1, elapsedMs)) * 1000);
    return `${Math.round(elapsedMs / 1000)} s, ${cases} cases, ${steps} steps, ${rate} a second, ${findings.length} findings${this.#edgesText()}`;
  }

  #edgesText(): string {
    const { edgeCount, count } = this.#guide.seeds;
    return edgeCount === 0 ? '' : `, ${edgeCount} edges in ${count} seeds`;
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
