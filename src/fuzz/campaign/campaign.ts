import { minimise } from '../minimise/index.js';
import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import type { Response, Step } from '../step.js';
import type { Command, Work } from './command.js';
import type { Count, Finding } from './finding.js';
import { type Played, play, type Replay } from './play.js';

/** Where cases come from: steps that depend on the seed, the case and the answers in it. */
export interface CaseSource {
  /** The case under way. */
  readonly case: number;
  /** The next step, or the end of the case and the beginning of the next one; the first is always that. */
  next(): Command;
  took(step: Step, response: Response): void;
  /** Gives the case up: what comes next is a beginning. */
  endCase(): void;
}

export interface CampaignOptions {
  readonly source: CaseSource;
  readonly judge: Judge;
  /** What to look at once a case has come to its end, with the target as the case left it. */
  readonly epilogue?: Epilogue;
  /** Asked before every case. */
  readonly keepGoing: () => boolean;
  /** How many sessions may be played to make one finding smaller; 0 leaves findings as they were met. */
  readonly plays: number;
  /** Called when a cause is met first, and again when its session was made smaller. */
  readonly found: (finding: Finding) => void;
}

/** More steps, and a last look. @returns what was played, with what is wrong now. */
export interface Epilogue {
  /** Whether a case has one. */
  concerns(caseNumber: number): boolean;
  run(played: Played): Work<Played>;
}

/** Cases put to a target one after another, what is wrong with it, and how much was done. */
export class Campaign {
  cases = 0;
  steps = 0;
  /** The case under way, or the last one. */
  #case = 0;
  readonly #options: CampaignOptions;
  readonly #counts = new Map<string, { finding: Finding; count: number }>();

  /** @param known what an earlier part of the campaign has found. */
  constructor(options: CampaignOptions, known: Iterable<Count> = []) {
    this.#options = options;
    for (const { finding, count } of known) this.#counts.set(finding.cause.key, { finding, count });
  }

  /** Causes in the order in which they were met. */
  get findings(): readonly Count[] {
    return [...this.#counts.values()];
  }

  /** Goes on until told to stop. */
  *run(): Work<void> {
    const { source, judge, keepGoing } = this.#options;
    let steps: Step[] = [];
    let responses: Response[] = [];
    for (;;) {
      const command = source.next();
      if (command === 'reset') {
        yield* this.#close(steps, responses);
        if (!keepGoing()) return;
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
      if (cause !== undefined) yield* this.#found({ steps, responses, cause }, (session) => play(session, judge));
      // Nothing is left to be looked at once it is over.
      steps = [];
      source.endCase();
    }
  }

  /** The end of a case in which nothing was wrong so far. */
  *#close(steps: readonly Step[], responses: readonly Response[]): Work<void> {
    const { judge, epilogue } = this.#options;
    if (steps.length === 0 || epilogue?.concerns(this.#case) !== true) return;
    const played = yield* epilogue.run({ steps, responses, cause: undefined });
    if (played.cause === undefined) return;
    yield* this.#found(played, function* (session) {
      const again = yield* play(session, judge);
      return again.cause === undefined ? yield* epilogue.run(again) : again;
    });
  }

  *#found(played: Played, replay: Replay): Work<void> {
    const { plays, found } = this.#options;
    const cause = played.cause as Cause;
    const known = this.#counts.get(cause.key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const number = this.#counts.size + 1;
    const finding: Finding = { cause, number, caseNumber: this.#case, played, state: 'found' };
    const entry = { finding, count: 1 };
    this.#counts.set(cause.key, entry);
    found(finding);
    if (plays === 0) return;
    const smallest = yield* minimise(played, replay, plays);
    entry.finding =
      smallest === undefined
        ? { ...finding, state: 'unstable' }
        : { ...finding, state: 'smallest', played: smallest, cause: smallest.cause ?? cause };
    found(entry.finding);
  }
}

