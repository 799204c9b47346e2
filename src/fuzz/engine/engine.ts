import { constants, limits, protocol } from '../../../schemas/index.js';
import { Random } from '../../base/random.js';
import { type Ending, frameId, type Response, type Step, wordAt } from '../../target/index.js';
import type { SiteKind } from '../message/message-shape.js';
import { MessageShapes } from '../message/message-shapes.js';
import { type MutationGoal, mutationGoals } from '../mutation/mutation-goals.js';
import type { Machine } from '../session/session.js';
import { TreePool } from '../tree/tree-pool.js';
import { ActionTable } from './action-table.js';
import { Coverage } from './coverage.js';
import { SessionGenerator } from './session-generator.js';
import { type Shard, wholeCampaign } from './shard.js';

/** A case number is a serial number times this, plus the number of its goal: 1 for the first goal, 0 for none. */
export const GOALS_MAX = 8192;
/** Goals that are compared when the next one is chosen. */
const CANDIDATES = 4;
/**
 * Weight of mutations that fit every message (wrong length, sender or state): each is drawn this many times as often as
 * a mutation of one field.
 */
const WHOLE_MESSAGE_WEIGHT = 5;
const wholeMessage: ReadonlySet<SiteKind> = new Set(['message', 'sender', 'state']);
/** Share of cases that send valid messages only, 0..1. */
const VALID_CASE_SHARE = 0.05;
/** Share of cases whose first goal is a mutated devicetree, 0..1. They cost more than others. */
const TREE_CASE_SHARE = 0.25;
/** Most further goals of a case, and one more. Most mutations do not keep others from having an effect. */
const FURTHER_GOALS = 12;
/** The same for mutated devicetrees, which mostly keep a VM from starting. */
const FURTHER_TREES = 2;
const FURTHER_TREES_OF_TREE_CASE = 4;
/** Cases that begin with the same steps, counted over all shards. */
const CASES_PER_BOOT = 64;

export interface EngineOptions {
  /** Any integer; its low 32 bits count. */
  readonly seed: number;
  /** Steps that the target can do. */
  readonly steps: ReadonlySet<Step['kind']>;
  readonly machine: Machine;
  /** Ids of the messages to mutate; by default all, and devicetrees and halts. */
  readonly messages?: ReadonlySet<number> | undefined;
  /** The one case to run; by default cases without end. */
  readonly case?: number | undefined;
  /** Cases of the earlier run that this one continues. */
  readonly serial?: number | undefined;
  /** Whether cases that follow one another begin with the same steps, for a target that can go back to where these end. */
  readonly sharesBoots?: (() => boolean) | undefined;
  /** The part of the cases that this run has; by default all. */
  readonly shard?: Shard | undefined;
}

/**
 * Generates the steps of cases and learns from the target's answers. Each case needs a fresh target. Sans-IO: the caller
 * sends the steps. The steps of a case depend on the seed, the case number and the answers in that case only. Coverage
 * decides which case number comes next.
 */
export class Engine {
  readonly coverage: Coverage;
  readonly #options: EngineOptions;
  readonly #goals: readonly MutationGoal[];
  /** Indexes of the goals that can be chosen, as often as their weight says. */
  readonly #requestGoals: readonly number[];
  readonly #treeGoals: readonly number[];
  readonly #generator: SessionGenerator;
  readonly #random: Random;
  #serial: number;
  #case = -1;
  #running = false;
  #boot: string | undefined;

  constructor(options: EngineOptions) {
    const { seed, serial = 0, messages, machine } = options;
    this.#options = options;
    this.#random = new Random(seed, 'fuzz');
    this.#serial = serial;
    const shapes = new MessageShapes(protocol);
    this.#goals = mutationGoals(shapes);
    const indexes = new Map(this.#goals.map((goal, index) => [goal, index]));
    const indexesOf = (isWanted: (goal: MutationGoal) => boolean) =>
      this.#goals.flatMap((goal, index) => (isWanted(goal) ? [index] : []));
    const chosen = indexesOf((goal) =>
      messages === undefined ? goal.kind !== 'tree' : goal.kind === 'request' && messages.has(goal.shape.id),
    );
    const whole = chosen.filter((index) => {
      const goal = this.#goals[index];
      return goal?.kind === 'request' && wholeMessage.has(goal.site.kind);
    });
    this.#requestGoals = [...chosen, ...Array.from({ length: WHOLE_MESSAGE_WEIGHT - 1 }, () => whole).flat()];
    this.#treeGoals = messages === undefined ? indexesOf(({ kind }) => kind === 'tree') : [];
    this.coverage = new Coverage(shapes, this.#goals);
    this.#generator = new SessionGenerator(
      shapes,
      new ActionTable(shapes),
      machine,
      new TreePool(seed),
      (goal) => this.coverage.mutated(indexes.get(goal) as number),
    );
  }

  /** Number of the current case. With the seed it identifies the case. */
  get case(): number {
    return this.#case;
  }

  /** Name of the steps that the current case begins with, where others begin with them, too. */
  get boot(): string | undefined {
    return this.#boot;
  }

  /** The next step belongs to these, as far as answers tell. */
  get isBooting(): boolean {
    return this.#generator.isBooting;
  }

  /** Serial number of the next case, over all shards. */
  get nextSerial(): number {
    const { index, count } = this.#options.shard ?? wholeCampaign;
    return this.#serial * count + index;
  }

  /** Cases begun so far. */
  get serial(): number {
    return this.#serial;
  }

  /** The next step; `reset` when a case begins and needs a fresh target; undefined when the one case is over. */
  next(): Step | 'reset' | undefined {
    while (this.#running) {
      const step = this.#generator.next();
      if (step === undefined) this.endCase();
      else if (this.#options.steps.has(step.kind)) return step;
    }
    if (this.#options.case !== undefined && this.#case >= 0) return undefined;
    this.#begin(this.#options.case ?? this.#choose());
    return 'reset';
  }

  /** Learns from what the target did with a step. */
  observe(step: Step, response: Response): void {
    for (const { to, frame } of response.out) {
      const sent = this.#generator.learn(to, frame);
      if (sent?.shape === undefined) continue;
      this.coverage.answered(sent.shape.index, wordAt(frame, limits.header), sent.state);
      sent.shape = undefined;
    }
    if (response.refused && step.kind === 'frame') this.#generator.refused(step.from);
    this.#generator.answered();
  }

  /** The target ended at a step of a case. */
  ended(step: Step, ending: Ending, caseNumber: number): void {
    const from = step.kind !== 'frame' ? 'the machine' : step.from === constants.VMID_HLOS ? 'HLOS' : 'a VM';
    this.coverage.ended(ending, operationName(step), from, caseNumber);
  }

  /** Whether what comes next depends on answers that are still missing. */
  get needsAnswer(): boolean {
    return this.#generator.needsAnswer;
  }

  /** Ends the current case: the next step begins another one. */
  endCase(): void {
    if (!this.#running) return;
    this.#running = false;
    const goal = (this.#case % GOALS_MAX) - 1;
    if (goal >= 0) this.coverage.caseEnded(goal);
  }

  #begin(number: number): void {
    this.#case = number;
    this.#serial++;
    this.#running = true;
    const random = this.#random.child(number);
    const first = this.#goals[(number % GOALS_MAX) - 1];
    const goals = first === undefined ? [] : [first, ...this.#furtherGoals(random, first)];
    this.#boot = this.#options.sharesBoots?.() === true ? bootOf(number) : undefined;
    const boot = this.#boot === undefined ? undefined : this.#random.child(this.#boot);
    this.#generator.begin(random, goals, boot);
  }

  #furtherGoals(random: Random, first: MutationGoal): MutationGoal[] {
    const treeCount = random.below(first.kind === 'tree' ? FURTHER_TREES_OF_TREE_CASE : FURTHER_TREES);
    const indexes = [
      ...some(random, this.#requestGoals, random.below(FURTHER_GOALS)),
      ...some(random, this.#treeGoals, treeCount),
    ];
    return indexes.map((index) => this.#goals[index] as MutationGoal);
  }

  /** The next case number: of some goals the one from which most new coverage is expected. */
  #choose(): number {
    const serial = this.nextSerial;
    const random = this.#random.child(`choose ${serial}`);
    const first = serial * GOALS_MAX;
    if (random.chance(VALID_CASE_SHARE) && this.#options.messages === undefined) return first;
    const goals =
      random.chance(TREE_CASE_SHARE) && this.#treeGoals.length > 0 ? this.#treeGoals : this.#requestGoals;
    let best = 0;
    let bestStaleness = Number.POSITIVE_INFINITY;
    for (let candidate = 0; candidate < CANDIDATES; candidate++) {
      const index = goals[random.below(goals.length)] as number;
      const staleness = this.coverage.staleness(index);
      if (staleness >= bestStaleness) continue;
      best = index;
      bestStaleness = staleness;
    }
    return first + best + 1;
  }
}

/** What a case begins with. Every other group of cases begins with nothing: booting is to be tested, too. */
function bootOf(number: number): string | undefined {
  const group = Math.floor(number / GOALS_MAX / CASES_PER_BOOT);
  return group % 2 === 0 ? undefined : `boot ${group}`;
}

/** The message, or the kind of step. */
function operationName(step: Step): string {
  if (step.kind !== 'frame') return step.kind;
  return protocol.byId.get(frameId(step.frame))?.name ?? 'unknown message';
}

function some(random: Random, list: readonly number[], count: number): number[] {
  return list.length === 0
    ? []
    : Array.from({ length: count }, () => list[random.below(list.length)] as number);
}
