import type { Command, Response, Step, TargetTask } from '../../target/index.js';
import { type EndOracle, runsIn } from '../end-oracle/end-oracle.js';
import { minimise } from '../minimise/minimise.js';
import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import { type PlayedSession, play, type Replay } from '../play/play.js';
import type { Finding, FindingCount, FindingFacts } from './finding.js';

/** Generates the steps of cases. */
export interface CaseSource {
  /** Number of the current case. */
  readonly case: number;
  /** The next step; `reset` when a case begins, also the first one; undefined when there are no more. */
  next(): Command | undefined;
  observe(step: Step, response: Response): void;
  /** Ends the current case: the next command is `reset`. */
  endCase(): void;
}

export interface CampaignOptions {
  readonly source: CaseSource;
  readonly judge: Judge;
  /** Run in this order at the end of each case in which nothing was found. */
  readonly endOracles?: readonly EndOracle[];
  /** Asked before every case. */
  readonly keepGoing: () => boolean;
  /** Most sessions that are played to minimise one finding; 0: findings are not minimised. */
  readonly plays: number;
  /** Sessions per cause that are minimised. Different sessions end in different results. The smallest is kept. */
  readonly minimised: number;
  /** Called when a cause is found first, and again whenever its session became smaller. */
  readonly found: (finding: Finding) => void;
}

interface CountedFinding {
  finding: FindingFacts;
  count: number;
}

/** Runs cases on a target, one after another, and collects the findings. */
export class Campaign {
  cases = 0;
  steps = 0;
  /** Number of the current or the last case. */
  #case = 0;
  readonly #options: CampaignOptions;
  /** By key of the cause. */
  readonly #found = new Map<string, CountedFinding>();

  /** @param known findings of the earlier runs that this one continues. */
  constructor(options: CampaignOptions, known: Iterable<FindingCount> = []) {
    this.#options = options;
    for (const { finding, count } of known) this.#found.set(finding.cause.key, { finding, count });
  }

  /** In the order in which the causes were found. */
  get findings(): readonly FindingCount[] {
    return [...this.#found.values()];
  }

  *run(): TargetTask<void> {
    const { source, judge, keepGoing } = this.#options;
    let steps: Step[] = [];
    let responses: Response[] = [];
    for (;;) {
      const command = source.next();
      if (command === 'reset' || command === undefined) {
        yield* this.#close(steps, responses);
        if (command === undefined || !keepGoing()) return;
        this.cases++;
        this.#case = source.case;
        steps = [];
        responses = [];
        judge.reset();
        yield command;
        continue;
      }
      const response = yield command;
      source.observe(command, response);
      steps.push(command);
      responses.push(response);
      this.steps++;
      const { cause, over } = judge.judge(command, response);
      if (!over) continue;
      if (cause !== undefined)
        yield* this.#collect({ steps, responses, cause }, (session) => play(session, judge));
      // The target has ended or differs: end oracles need a session that is still in order.
      steps = [];
      source.endCase();
    }
  }

  /** Ends a case in which nothing was found so far. */
  *#close(steps: readonly Step[], responses: readonly Response[]): TargetTask<void> {
    const { judge, endOracles = [] } = this.#options;
    let played: PlayedSession = { steps, responses, cause: undefined };
    if (steps.length === 0) return;
    for (const endOracle of endOracles) {
      if (!runsIn(endOracle, this.#case)) continue;
      played = yield* endOracle.run(played);
      if (played.cause === undefined) continue;
      const { kind } = played.cause;
      yield* this.#collect(played, function* (session) {
        const again = yield* play(session, judge);
        // The steps that the oracle has added may be enough to show the cause.
        if (again.cause !== undefined || (kind !== 'leak' && kind !== 'nondeterminism')) return again;
        return yield* endOracle.run(again);
      });
      return;
    }
  }

  *#collect(played: PlayedSession, replay: Replay): TargetTask<void> {
    const { found } = this.#options;
    const cause = played.cause as Cause;
    const known = this.#found.get(cause.key);
    const entry = known ?? this.#add(cause, played);
    if (known !== undefined) known.count++;
    if (entry.count > this.#options.minimised || this.#options.plays === 0) return;
    const smallest = yield* minimise(played, replay, this.#options.plays);
    const { finding } = entry;
    if (smallest === undefined) {
      if (finding.state !== 'found') return;
      entry.finding = { ...finding, state: 'unstable' };
      found({ ...entry.finding, played });
    } else if (finding.state !== 'smallest' || smallest.steps.length < finding.size) {
      const { cause: exact = cause, steps } = smallest;
      const size = steps.length;
      entry.finding = { ...finding, cause: exact, caseNumber: this.#case, size, state: 'smallest' };
      found({ ...entry.finding, played: smallest });
    }
  }

  /** A cause is found for the first time. */
  #add(cause: Cause, played: PlayedSession): CountedFinding {
    const size = played.steps.length;
    const number = this.#found.size + 1;
    const finding: FindingFacts = { cause, number, caseNumber: this.#case, size, state: 'found' };
    const entry = { finding, count: 1 };
    this.#found.set(cause.key, entry);
    this.#options.found({ ...finding, played });
    return entry;
  }
}
