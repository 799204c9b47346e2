import { concerns, type EndOracle } from '../end-oracle/end-oracle.js';
import { minimise } from '../minimise/minimise.js';
import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import { type PlayedSession, play, type Replay } from '../play/play.js';
import type { Command, TargetTask } from '../play/target-task.js';
import type { Response, Step } from '../targets/step.js';
import type { Finding, FindingCount, FindingFacts } from './finding.js';

/** Where cases come from: steps that depend on the seed, the case and the answers in it. */
export interface CaseSource {
  /** The case under way. */
  readonly case: number;
  /** The next step; `reset`: a case begins, as the very first thing; undefined: there are no more. */
  next(): Command | undefined;
  took(step: Step, response: Response): void;
  /** Gives the case up: what comes next is a beginning. */
  endCase(): void;
}

export interface CampaignOptions {
  readonly source: CaseSource;
  readonly judge: Judge;
  /** What is looked at, in this order, once a case has come to its end. */
  readonly endOracles?: readonly EndOracle[];
  /** Asked before every case. */
  readonly keepGoing: () => boolean;
  /** How many sessions may be played to make one finding smaller; 0 leaves findings as they were met. */
  readonly plays: number;
  /** How many of the sessions in which a cause is met are made smaller: not all lead to the smallest one, which stays. */
  readonly minimised: number;
  /** Called when a cause is met first, and again when its session was made smaller. */
  readonly found: (finding: Finding) => void;
}

/** Cases put to a target one after another, what is wrong with it, and how much was done. */
export class Campaign {
  cases = 0;
  steps = 0;
  /** The case under way, or the last one. */
  #case = 0;
  readonly #options: CampaignOptions;
  readonly #met = new Map<string, Entry>();

  /** @param known what an earlier part of the campaign has found. */
  constructor(options: CampaignOptions, known: Iterable<FindingCount> = []) {
    this.#options = options;
    for (const { finding, count } of known) this.#met.set(finding.cause.key, { finding, count });
  }

  /** Causes in the order in which they were met. */
  get findings(): readonly FindingCount[] {
    return [...this.#met.values()];
  }

  /** Goes on until told to stop. */
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
      source.took(command, response);
      steps.push(command);
      responses.push(response);
      this.steps++;
      const { cause, over } = judge.judge(command, response);
      if (!over) continue;
      if (cause !== undefined)
        yield* this.#found({ steps, responses, cause }, (session) => play(session, judge));
      // Nothing is left to be looked at once it is over.
      steps = [];
      source.endCase();
    }
  }

  /** The end of a case in which nothing was wrong so far. */
  *#close(steps: readonly Step[], responses: readonly Response[]): TargetTask<void> {
    const { judge, endOracles = [] } = this.#options;
    let played: PlayedSession = { steps, responses, cause: undefined };
    if (steps.length === 0) return;
    for (const endOracle of endOracles) {
      if (!concerns(endOracle, this.#case)) continue;
      played = yield* endOracle.run(played);
      if (played.cause === undefined) continue;
      const { kind } = played.cause;
      yield* this.#found(played, function* (session) {
        const again = yield* play(session, judge);
        // What does not take the last look to be seen is in the steps by now.
        if (again.cause !== undefined || (kind !== 'leak' && kind !== 'nondeterminism')) return again;
        return yield* endOracle.run(again);
      });
      return;
    }
  }

  *#found(played: PlayedSession, replay: Replay): TargetTask<void> {
    const { found } = this.#options;
    const cause = played.cause as Cause;
    const known = this.#met.get(cause.key);
    const entry = known ?? this.#meet(cause, played);
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

  /** A cause is met first. */
  #meet(cause: Cause, played: PlayedSession): Entry {
    const size = played.steps.length;
    const number = this.#met.size + 1;
    const finding: FindingFacts = { cause, number, caseNumber: this.#case, size, state: 'found' };
    const entry = { finding, count: 1 };
    this.#met.set(cause.key, entry);
    this.#options.found({ ...finding, played });
    return entry;
  }
}

interface Entry {
  finding: FindingFacts;
  count: number;
}
