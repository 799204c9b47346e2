import { type ErrorName, error } from '../../../schemas/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import type { Rule } from '../mutation/classes.js';
import type { MutationGoal } from '../mutation/mutation-goals.js';
import { stateNames } from '../session/coverage-states.js';
import type { Ending } from '../targets/step.js';
import { STATES } from './session-generator.js';

/** What a message was answered with, about something in a certain state. */
export interface PairCount {
  readonly message: string;
  readonly error: ErrorName | 'other';
  readonly state: string;
  readonly count: number;
}

/** How often a site of a message, or of a devicetree, had values of a class. */
export interface FieldCount {
  readonly message: string;
  readonly field: string;
  readonly class: string;
  readonly rule: Rule;
  readonly count: number;
}

export interface EndingCount {
  readonly kind: Ending['kind'];
  readonly text: string;
  /** The message (or the operation) that it happened at. */
  readonly message: string;
  /** Who sent it. */
  readonly from: 'HLOS' | 'a VM' | 'the machine';
  readonly count: number;
  /** Case in which it was first seen. */
  readonly firstCase: number;
}

/** As JSON, to go on from. */
export interface SavedCoverage {
  readonly pairs: readonly (readonly [index: number, count: number])[];
  readonly applied: readonly (readonly [index: number, count: number])[];
  readonly cases: readonly (readonly [index: number, count: number])[];
  readonly gains: readonly (readonly [index: number, count: number])[];
  readonly endings: readonly EndingCount[];
}

const errorNames = Object.keys(error.values) as ErrorName[];
const ERRORS = errorNames.length + 1;
const errorIndexes = new Map(errorNames.map((name, index) => [error.values[name], index] as const));

/** What was reached. Counting allocates nothing: it is done for every message. */
export class Coverage {
  readonly #pairs: Uint32Array;
  readonly #applied: Uint32Array;
  readonly #cases: Uint32Array;
  readonly #gains: Uint32Array;
  readonly #endings = new Map<string, EndingCount>();
  /** Pairs and endings that were new since the case began. */
  #news = 0;

  constructor(
    readonly shapes: MessageShapes,
    readonly goals: readonly MutationGoal[],
  ) {
    this.#pairs = new Uint32Array(shapes.all.length * ERRORS * STATES);
    this.#applied = new Uint32Array(goals.length);
    this.#cases = new Uint32Array(goals.length);
    this.#gains = new Uint32Array(goals.length);
  }

  /** A message was answered. @param shape its index. */
  answered(shape: number, code: number, state: number): void {
    const index = (shape * ERRORS + (errorIndexes.get(code) ?? ERRORS - 1)) * STATES + state;
    if (this.#pairs[index] === 0) this.#news++;
    this.#pairs[index] = (this.#pairs[index] as number) + 1;
  }

  /** A message or a devicetree was broken by an goal. */
  applied(goal: number): void {
    this.#applied[goal] = (this.#applied[goal] as number) + 1;
  }

  ended({ kind, text }: Ending, message: string, from: EndingCount['from'], caseNumber: number): void {
    const key = keyOf({ kind, text, message, from });
    const known = this.#endings.get(key);
    if (known === undefined) this.#news++;
    const { count, firstCase } = known ?? { count: 0, firstCase: caseNumber };
    this.#endings.set(key, { kind, text, message, from, count: count + 1, firstCase });
  }

  /** A case with an goal is over. */
  caseEnded(goal: number): void {
    this.#cases[goal] = (this.#cases[goal] as number) + 1;
    this.#gains[goal] = (this.#gains[goal] as number) + this.#news;
    this.#news = 0;
  }

  /** How little is to be expected of another case with an goal: cases so far, less what was new in them. */
  staleness(goal: number): number {
    return (this.#cases[goal] as number) - (this.#gains[goal] as number);
  }

  *pairs(): Generator<PairCount> {
    for (const [index, count] of this.#pairs.entries()) {
      if (count === 0) continue;
      const pair = Math.floor(index / STATES);
      const message = this.shapes.all[Math.floor(pair / ERRORS)]?.name ?? '';
      yield {
        message,
        error: errorNames[pair % ERRORS] ?? 'other',
        state: stateNames[index % STATES] ?? '',
        count,
      };
    }
  }

  *fields(): Generator<FieldCount> {
    for (const [index, count] of this.#applied.entries()) {
      const { shape, site, tree, name, rule } = this.goals[index] as MutationGoal;
      if (tree !== undefined)
        yield {
          message: 'devicetree',
          field: [tree.kind, tree.property].filter(Boolean).join(' '),
          class: name,
          rule,
          count,
        };
      else yield { message: shape?.name ?? 'vcpu_halt', field: site?.name ?? '', class: name, rule, count };
    }
  }

  endings(): Iterable<EndingCount> {
    return this.#endings.values();
  }

  save(): SavedCoverage {
    return {
      pairs: nonzero(this.#pairs),
      applied: nonzero(this.#applied),
      cases: nonzero(this.#cases),
      gains: nonzero(this.#gains),
      endings: [...this.#endings.values()],
    };
  }

  /** Goes on from what was saved by the same version. */
  load(saved: SavedCoverage): void {
    for (const [array, list] of [
      [this.#pairs, saved.pairs],
      [this.#applied, saved.applied],
      [this.#cases, saved.cases],
      [this.#gains, saved.gains],
    ] as const)
      for (const [index, count] of list) array[index] = count;
    for (const ending of saved.endings) this.#endings.set(keyOf(ending), ending);
  }
}

function keyOf({
  kind,
  text,
  message,
  from,
}: Pick<EndingCount, 'kind' | 'text' | 'message' | 'from'>): string {
  return [kind, text, message, from].join(' ');
}

function nonzero(array: Uint32Array): [number, number][] {
  const list: [number, number][] = [];
  for (const [index, count] of array.entries()) if (count > 0) list.push([index, count]);
  return list;
}
