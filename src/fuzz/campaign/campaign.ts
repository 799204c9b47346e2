import { minimise } from '../minimise/index.js';
import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import type { Response, Step } from '../step.js';
import type { Command, Work } from './command.js';
import type { Finding, FindingFacts, Met } from './finding.js';
import { type Played, play, type Replay } from './play.js';

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
  readonly #met = new Map<string, { finding: FindingFacts; count: number }>();

  /** @param known what an earlier part of the campaign has found. */
  constructor(options: CampaignOptions, known: Iterable<Met> = []) {
    this.#options = options;
    for (const { finding, count } of known) this.#met.set(finding.cause.key, { finding, count });
  }

  /** Causes in the order in which they were met. */
  get findings(): readonly Met[] {
    return [...this.#met.values()];
  }

  /** Goes on until told to stop. */
  *run(): Work<void> {
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
    const known = this.#met.get(cause.key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const finding: Finding = {
      cause,
      number: this.#met.size + 1,
      caseNumber: this.#case,
      size: played.steps.length,
      state: 'found',
      played,
    };
    const entry = { finding: factsOf(finding), count: 1 };
    this.#met.set(cause.key, entry);
    found(finding);
    if (plays === 0) return;
    const smallest = yield* minimise(played, replay, plays);
    const better = smallest === undefined ? unstable(finding) : smaller(finding, smallest);
    entry.finding = factsOf(better);
    found(better);
  }
}

function unstable(finding: Finding): Finding {
  return { ...finding, state: 'unstable' };
}

function smaller(finding: Finding, played: Played): Finding {
  const { cause = finding.cause, steps } = played;
  return { ...finding, cause, size: steps.length, state: 'smallest', played };
}

/** Sessions are written to files; keeping them too would make memory grow with what is found. */
function factsOf({ played: _played, ...facts }: Finding): FindingFacts {
  return facts;
}
