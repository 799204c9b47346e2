import { constants, protocol } from '../../../schemas/index.js';
import { Random } from '../../base/random.js';
import type { SiteKind } from '../message/message-shape.js';
import { MessageShapes } from '../message/message-shapes.js';
import { type MutationGoal, mutationGoals } from '../mutation/mutation-goals.js';
import { learn } from '../session/learn.js';
import { type Machine, wordAt } from '../session/session.js';
import type { Response, Step } from '../targets/step.js';
import { TreePool } from '../tree/tree-pool.js';
import { ActionTable } from './action-table.js';
import { Coverage } from './coverage.js';
import { SessionGenerator } from './session-generator.js';

/** A case number is a serial number times this, plus the number of its goal. */
const AIMS_MAX = 8192;
/** Aims that are compared when one is chosen. */
const CANDIDATES = 4;
/** What can be wrong with any message, whatever it holds, is gone for so many times as often: its length above all. */
const WHOLES = 5;
const wholes: ReadonlySet<SiteKind | undefined> = new Set(['message', 'sender', 'state']);
/** How many of the cases get nothing wrong; 0..1. */
const BLAMELESS = 0.05;
/** How many of the cases are about devicetrees, which cost more than messages; 0..1. */
const TREES = 0.25;
/** Other goals that a case has fewer of: most do no harm to each other. */
const OTHER_AIMS = 12;
const OTHER_TREES = 4;
const ERROR_AT = protocol.limits.header;

export interface EngineOptions {
  /** Any integer; its low 32 bits count. */
  readonly seed: number;
  /** Steps that the target can do. */
  readonly steps: ReadonlySet<Step['kind']>;
  readonly machine: Machine;
  /** Ids of the messages to get wrong; all, and devicetrees and halts, unless told. */
  readonly messages?: ReadonlySet<number> | undefined;
  /** The one case to run; cases without end unless told. */
  readonly case?: number | undefined;
  /** Cases that were begun before, by a run that is gone on with. */
  readonly serial?: number | undefined;
}

/**
 * Makes the steps of cases, each from a fresh target, and takes in what the target answers. Sans-IO: whoever holds it
 * puts the steps to a target. The steps of a case depend on the seed, the case number and the answers in that case,
 * and on nothing else; coverage decides which number comes next.
 */
export class Engine {
  readonly coverage: Coverage;
  readonly #options: EngineOptions;
  readonly #goals: readonly MutationGoal[];
  readonly #numbers: ReadonlyMap<MutationGoal, number>;
  /** Numbers of the goals that may be chosen, some of them several times. */
  readonly #choices: readonly number[];
  readonly #trees: readonly number[];
  readonly #walk: SessionGenerator;
  readonly #random: Random;
  #serial: number;
  #case = -1;
  #running = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#random = new Random(options.seed, 'fuzz');
    this.#serial = options.serial ?? 0;
    const shapes = new MessageShapes(protocol);
    this.#goals = mutationGoals(shapes);
    this.#numbers = new Map(this.#goals.map((goal, index) => [goal, index + 1]));
    const { messages } = options;
    const numbersOf = (wanted: (goal: MutationGoal) => boolean) =>
      this.#goals.flatMap((goal, index) => (wanted(goal) ? [index + 1] : []));
    const chosen = numbersOf(({ shape, tree }) =>
      messages === undefined ? tree === undefined : shape !== undefined && messages.has(shape.id),
    );
    const ofWhole = chosen.filter((number) => wholes.has(this.#goals[number - 1]?.site?.kind));
    this.#choices = [...chosen, ...Array.from({ length: WHOLES - 1 }, () => ofWhole).flat()];
    this.#trees = messages === undefined ? numbersOf(({ tree }) => tree !== undefined) : [];
    this.coverage = new Coverage(shapes, this.#goals);
    const trees = new TreePool(options.seed);
    this.#walk = new SessionGenerator(shapes, new ActionTable(shapes), options.machine, trees, (goal) =>
      this.coverage.applied((this.#numbers.get(goal) as number) - 1),
    );
  }

  /** Number of the case in progress; with the seed it says all. */
  get case(): number {
    return this.#case;
  }

  /** Cases begun so far. */
  get serial(): number {
    return this.#serial;
  }

  /** What the case in progress tries to get wrong above all, undefined: nothing at all. */
  get goal(): MutationGoal | undefined {
    return this.#goals[(this.#case % AIMS_MAX) - 1];
  }

  /** The next step; `reset`: the target is to be made fresh, a case begins. Undefined: the one case is over. */
  next(): Step | 'reset' | undefined {
    while (this.#running) {
      const step = this.#walk.next();
      if (step === undefined) this.endCase();
      else if (this.#options.steps.has(step.kind)) return step;
    }
    if (this.#options.case !== undefined && this.#case >= 0) return undefined;
    this.#begin(this.#options.case ?? this.#choose());
    return 'reset';
  }

  /** What the target did with a step. */
  took(step: Step, response: Response): void {
    const { session } = this.#walk;
    for (const { to, frame } of response.out) {
      const sent = learn(session, to, frame);
      if (sent?.shape === undefined) continue;
      this.coverage.answered(sent.shape.index, wordAt(frame, ERROR_AT), sent.state);
      sent.shape = undefined;
    }
    if (response.ended === undefined) return;
    const from = step.kind !== 'frame' ? 'the machine' : step.from === constants.VMID_HLOS ? 'HLOS' : 'a VM';
    this.coverage.ended(response.ended, this.#nameOf(step), from, this.#case);
    this.endCase();
  }

  /** Ends the case in progress: the next step is the first of another. */
  endCase(): void {
    if (!this.#running) return;
    this.#running = false;
    const goal = (this.#case % AIMS_MAX) - 1;
    if (goal >= 0) this.coverage.caseEnded(goal);
  }

  #begin(number: number): void {
    this.#case = number;
    this.#serial++;
    this.#running = true;
    const random = this.#random.child(number);
    const { goal } = this;
    if (goal === undefined) {
      this.#walk.begin(random, []);
      return;
    }
    const trees = random.below(goal.tree === undefined ? 2 : OTHER_TREES);
    const numbers = [
      ...some(random, this.#choices, random.below(OTHER_AIMS)),
      ...some(random, this.#trees, trees),
    ];
    const others = numbers.map((other) => this.#goals[other - 1] as MutationGoal);
    this.#walk.begin(random, [goal, ...others]);
  }

  /** The goal of which most is to be expected, of a few: what was tried least and brought most that was new. */
  #choose(): number {
    const random = this.#random.child(`choose ${this.#serial}`);
    if (random.chance(BLAMELESS) && this.#options.messages === undefined) return this.#serial * AIMS_MAX;
    let best = 0;
    let staleness = Number.POSITIVE_INFINITY;
    const choices = random.chance(TREES) && this.#trees.length > 0 ? this.#trees : this.#choices;
    for (let candidate = 0; candidate < CANDIDATES; candidate++) {
      const number = choices[random.below(choices.length)] as number;
      const value = this.coverage.staleness(number - 1);
      if (value >= staleness) continue;
      best = number;
      staleness = value;
    }
    return this.#serial * AIMS_MAX + best;
  }

  #nameOf(step: Step): string {
    if (step.kind !== 'frame') return step.kind;
    return protocol.byId.get(wordAt(step.frame, 4))?.name ?? 'unknown message';
  }
}

function some(random: Random, list: readonly number[], count: number): number[] {
  return list.length === 0
    ? []
    : Array.from({ length: count }, () => list[random.below(list.length)] as number);
}
