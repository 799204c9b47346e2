import { type ErrorName, error } from '../../../schemas/index.js';
import type { Ending } from '../../target/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type GoalName, goalName, type MutationGoal } from '../mutation/mutation-goals.js';
import { STATE_COUNT, stateNames } from '../session/coverage-states.js';

/** Replies to a message with an error (or OK) while its subject was in a state. */
export interface PairCount {
  readonly message: string;
  readonly error: ErrorName | 'other';
  readonly state: string;
  readonly count: number;
}

/** How often a field of a message, or of a devicetree, was mutated in one way. */
export interface FieldCount extends GoalName {
  readonly count: number;
}

export interface EndingCount {
  readonly kind: Ending['kind'];
  readonly text: string;
  /** The message, or the kind of step, that brought it about. */
  readonly message: string;
  readonly from: 'HLOS' | 'a VM' | 'the machine';
  readonly count: number;
  /** Number of the case that had it first. */
  readonly firstCase: number;
}

/** Coverage as JSON, from which a later run continues. Lists leave out what has count 0. */
export interface SavedCoverage {
  readonly pairs: Counts;
  readonly mutated: Counts;
  readonly cases: Counts;
  readonly gains: Counts;
  readonly endings: readonly EndingCount[];
}

type Counts = readonly (readonly [index: number, count: number])[];

const errorNames = Object.keys(error.values) as ErrorName[];
/** Errors that coverage tells apart; the last index is for unknown codes. */
const ERROR_COUNT = errorNames.length + 1;
const errorIndexes = new Map<number, number>(errorNames.map((name, index) => [error.values[name], index]));

/** Counts what the cases have reached. Counting allocates nothing, since it is done for every message. */
export class Coverage {
  readonly #pairs: Uint32Array;
  readonly #mutated: Uint32Array;
  readonly #cases: Uint32Array;
  readonly #gains: Uint32Array;
  readonly #endings = new Map<string, EndingCount>();
  /** Pairs and endings of the current case that no earlier case had. */
  #news = 0;
  #pairCount = 0;

  constructor(
    readonly shapes: MessageShapes,
    readonly goals: readonly MutationGoal[],
  ) {
    this.#pairs = new Uint32Array(shapes.all.length * ERROR_COUNT * STATE_COUNT);
    this.#mutated = new Uint32Array(goals.length);
    this.#cases = new Uint32Array(goals.length);
    this.#gains = new Uint32Array(goals.length);
  }

  /** @param shape index of the message. @param code error of the reply. @param state see coverage-states.ts. */
  answered(shape: number, code: number, state: number): void {
    const index = (shape * ERROR_COUNT + (errorIndexes.get(code) ?? ERROR_COUNT - 1)) * STATE_COUNT + state;
    if (this.#pairs[index] === 0) {
      this.#news++;
      this.#pairCount++;
    }
    this.#pairs[index] = (this.#pairs[index] as number) + 1;
  }

  /** A mutation was used. @param goal its index. */
  mutated(goal: number): void {
    this.#mutated[goal] = (this.#mutated[goal] as number) + 1;
  }

  ended({ kind, text }: Ending, message: string, from: EndingCount['from'], caseNumber: number): void {
    const key = keyOf({ kind, text, message, from });
    const known = this.#endings.get(key);
    if (known === undefined) this.#news++;
    const { count, firstCase } = known ?? { count: 0, firstCase: caseNumber };
    this.#endings.set(key, { kind, text, message, from, count: count + 1, firstCase });
  }

  /** A case is over. @param goal index of its first goal. */
  caseEnded(goal: number): void {
    this.#cases[goal] = (this.#cases[goal] as number) + 1;
    this.#gains[goal] = (this.#gains[goal] as number) + this.#news;
    this.#news = 0;
  }

  /** Cases with a goal as their first one, less what was new in them: low where another case promises most. */
  staleness(goal: number): number {
    return (this.#cases[goal] as number) - (this.#gains[goal] as number);
  }

  /** Number of {@link pairs}. */
  get pairCount(): number {
    return this.#pairCount;
  }

  *pairs(): Generator<PairCount> {
    for (const [index, count] of this.#pairs.entries()) {
      if (count === 0) continue;
      const pair = Math.floor(index / STATE_COUNT);
      const message = this.shapes.all[Math.floor(pair / ERROR_COUNT)]?.name ?? '';
      yield {
        message,
        error: errorNames[pair % ERROR_COUNT] ?? 'other',
        state: stateNames[index % STATE_COUNT] ?? '',
        count,
      };
    }
  }

  *fields(): Generator<FieldCount> {
    for (const [index, goal] of this.goals.entries())
      yield { ...goalName(goal), count: this.#mutated[index] as number };
  }

  endings(): Iterable<EndingCount> {
    return this.#endings.values();
  }

  save(): SavedCoverage {
    return {
      pairs: nonzero(this.#pairs),
      mutated: nonzero(this.#mutated),
      cases: nonzero(this.#cases),
      gains: nonzero(this.#gains),
      endings: [...this.#endings.values()],
    };
  }

  /** @param saved by the same version. */
  load(saved: SavedCoverage): void {
    for (const [array, list] of [
      [this.#pairs, saved.pairs],
      [this.#mutated, saved.mutated],
      [this.#cases, saved.cases],
      [this.#gains, saved.gains],
    ] as const)
      for (const [index, count] of list) array[index] = count;
    this.#pairCount = this.#pairs.reduce((sum, count) => (count === 0 ? sum : sum + 1), 0);
    for (const ending of saved.endings) this.#endings.set(keyOf(ending), ending);
  }
}

function keyOf({ kind, text, message, from }: Omit<EndingCount, 'count' | 'firstCase'>): string {
  return [kind, text, message, from].join(' ');
}

function nonzero(array: Uint32Array): Counts {
  return [...array.entries()].filter(([, count]) => count > 0);
}
