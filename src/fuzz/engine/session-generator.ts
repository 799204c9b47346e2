import { VM_GET_VMID } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import type { Step } from '../../target/index.js';
import { vcpuHalt } from '../actions/machine.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { mutateFrames } from '../mutation/frame-mutations.js';
import type { MutationGoal, RequestGoal } from '../mutation/mutation-goals.js';
import {
  type Action,
  type PendingRequest,
  type Subject,
  type SubjectKind,
  subjectKinds,
  type Theme,
  themes,
} from '../session/action.js';
import { coverageState } from '../session/coverage-states.js';
import { type KnownInterrupt, type KnownParcel, type KnownVm, pick, State } from '../session/known-state.js';
import { learn } from '../session/learn.js';
import { PendingRequests } from '../session/pending-requests.js';
import { type Machine, Session } from '../session/session.js';
import type { TreePool } from '../tree/tree-pool.js';
import type { ActionTable } from './action-table.js';

/** Draws before the generator gives up an action or a goal. */
const ATTEMPTS = 8;
/** Probability that a mutated message is sent in another state, where its goal needs a state that was not reached. */
const OTHER_STATE_PROBABILITY = 0.2;
/** Probabilities that an action of a goal is drawn instead of any action, and that a drawn action is mutated. */
const GOAL_PROBABILITIES = { low: 0.05, high: 0.25 } as const;
const LIFE = themes.indexOf('life');
/** Weights of the theme `life` while a VM has yet to be started. Each case draws one. */
const BOOT_WEIGHTS: readonly number[] = [20, 100, 400];
/** Probabilities that an action is taken once it is drawn. Each case draws one per action. */
const ACTION_WEIGHTS: readonly number[] = [1, 1, 0.5, 0.12];
/** Share of the parcels and interrupts of an action that an earlier life of a VM has left, where there are any, 0..1. */
const LEFT_SHARE = 0.5;
const VMS_MAX = 5;
/** Share of cases in which few VMs have many lives, 0..1, and most VMs of such a case. */
const MANY_LIVES_PROBABILITY = 0.3;
const VMS_OF_MANY_LIVES = 2;
/** Actions of a case. */
const BOOT_ACTIONS_MAX = 120;
const LENGTH_MIN = 40;
const LENGTH_SPREAD = 900;
/** Actions without an answer so far that add or change something. */
const UNANSWERED_MAX = 48;
const NAMES = ['one', 'two', 'three'] as const;

/** Weights of the themes. Each case multiplies each by a number of its own. */
const themeWeights: Readonly<Record<Theme, number>> = {
  life: 4,
  memory: 10,
  interrupts: 5,
  console: 4,
  questions: 16,
  pressure: 1,
};

/** What a case is made from. */
interface CaseStart {
  readonly random: Random;
  readonly goals: readonly MutationGoal[];
}

/** Generates the steps of cases: random valid actions, of which some are mutated as the case's goals say. */
export class SessionGenerator {
  readonly #session: Session;
  readonly #pending = new PendingRequests();
  readonly #shapes: MessageShapes;
  readonly #table: ActionTable;
  readonly #reached: (goal: MutationGoal) => void;
  #random!: Random;
  #goals: readonly MutationGoal[] = [];
  /** By index of the message. */
  readonly #goalByShape: (RequestGoal | undefined)[];
  /** Probability that the generator works toward a goal instead of taking any action, 0..1. */
  #goalProbability = 0;
  readonly #themeWeights = new Int32Array(themes.length);
  /** Each case draws its own weight per action. Without that all cases would take the same way. */
  readonly #actionWeights: Float64Array;
  /** Weight of the theme `life` while a VM has yet to be started. */
  #bootWeight = 0;
  /** What follows the boot, until it has ended. */
  #afterBoot: CaseStart | undefined;
  /** Actions that the case still takes. */
  #left = 0;
  /** What is changed by actions that were not answered so far. It is left alone until then. */
  readonly #changing: Subject[] = [];
  /** How many of these count. The array is not emptied: most steps add one, and the next one takes its place. */
  #changingCount = 0;
  /** Actions that were not answered so far, of those that add or change something. */
  #unanswered = 0;

  /** @param reached called for every mutation that is used, with the goal that asks for it. */
  constructor(
    shapes: MessageShapes,
    table: ActionTable,
    machine: Machine,
    trees: TreePool,
    reached: (goal: MutationGoal) => void,
  ) {
    this.#session = new Session(machine, trees, (mutation) => {
      const goal = this.#goals.find((one) => one.kind === 'tree' && one.mutation === mutation);
      if (goal !== undefined) reached(goal);
    });
    this.#shapes = shapes;
    this.#table = table;
    this.#goalByShape = new Array<RequestGoal | undefined>(shapes.all.length).fill(undefined);
    this.#actionWeights = new Float64Array(table.actions.length);
    this.#reached = reached;
  }

  /**
   * Begins a case. Its steps depend on `random`, the goals and the target's answers only, and on `boot`: with it the case
   * begins with a VM that boots, whose steps depend on `boot` and the answers.
   */
  begin(random: Random, goals: readonly MutationGoal[], boot?: Random): void {
    this.#afterBoot = boot && { random, goals };
    this.#beginSession(boot ?? random);
    if (boot === undefined) this.#beginActions(random, goals);
    else this.#beginBoot(boot);
  }

  #beginSession(random: Random): void {
    const session = this.#session;
    this.#random = random;
    session.peerProbability = random.chance(0.3) ? 0.8 : 0;
    // Devices of two VMs are connected by name and label, so such a case has few of both.
    session.begin(random, NAMES.slice(0, session.peerProbability > 0 ? 2 : NAMES.length));
    this.#pending.clear();
    this.answered();
    session.labelMax = session.peerProbability > 0 ? 2 : 6;
    session.manyLives = random.chance(MANY_LIVES_PROBABILITY);
    session.vmsMax = 1 + random.below(session.manyLives ? VMS_OF_MANY_LIVES : VMS_MAX);
  }

  #beginBoot(random: Random): void {
    this.#beginActions(random, []);
    this.#bootWeight = Math.max(...BOOT_WEIGHTS);
    this.#left = BOOT_ACTIONS_MAX;
  }

  /** What follows the boot: as in a case of its own, with the VMs that there are. */
  #endBoot({ random, goals }: CaseStart): void {
    this.#afterBoot = undefined;
    this.#random = random;
    this.#session.random = random;
    this.#beginActions(random, goals);
  }

  /** The next step belongs to what several cases begin with. */
  get isBooting(): boolean {
    if (this.#afterBoot === undefined) return false;
    if (this.#session.hasMore) return true;
    return this.#left > 0 && !this.#session.known.vms.some(({ state }) => state === State.RUNNING);
  }

  #beginActions(random: Random, goals: readonly MutationGoal[]): void {
    const session = this.#session;
    this.#goals = goals;
    this.#goalByShape.fill(undefined);
    for (const goal of goals) if (goal.kind === 'request') this.#goalByShape[goal.shape.index] ??= goal;
    session.treeMutations = goals.flatMap((goal) => (goal.kind === 'tree' ? [goal.mutation] : []));
    this.#goalProbability = random.chance(0.5) ? GOAL_PROBABILITIES.low : GOAL_PROBABILITIES.high;
    for (const [index, theme] of themes.entries()) {
      // Pressure delays replies, and most that follows is the same then: four of five cases have none.
      const none = theme === 'pressure' && random.chance(0.8);
      this.#themeWeights[index] = none ? 0 : themeWeights[theme] * random.below(5);
    }
    this.#bootWeight = session.any(...BOOT_WEIGHTS);
    for (let action = 0; action < this.#actionWeights.length; action++)
      this.#actionWeights[action] = pick(random, ACTION_WEIGHTS) as number;
    for (const goal of goals)
      for (const { theme } of goal.kind === 'request' ? this.#table.of(goal.shape) : []) {
        const index = themes.indexOf(theme);
        this.#themeWeights[index] = Math.max(this.#themeWeights[index] as number, themeWeights[theme] * 2);
      }
    this.#left = LENGTH_MIN + random.below(LENGTH_SPREAD);
  }

  /** The next step, undefined when the case is over. */
  next(): Step | undefined {
    const waiting = this.#session.take();
    if (waiting !== undefined) return waiting;
    if (this.#afterBoot !== undefined && !this.isBooting) this.#endBoot(this.#afterBoot);
    while (this.#left-- > 0) {
      if (!this.#takeGoalAction() && !this.#takeAnyAction()) this.#askForVmid();
      const step = this.#session.take();
      // A mutation can drop the only queue message of a request.
      if (step !== undefined) return step;
    }
    return undefined;
  }

  /** The queue did not take a message of a VM. */
  refused(vmid: number): void {
    this.#session.known.cannotSend(vmid);
  }

  /** Whether what comes next depends on answers that are still missing: there would be little left to choose from. */
  get needsAnswer(): boolean {
    if (this.#unanswered === 0 || this.#session.hasMore) return false;
    const { vms } = this.#session.known;
    let changing = 0;
    for (const vm of vms) if (this.#isChanging(vm)) changing++;
    return 2 * changing >= vms.length || this.#unanswered >= UNANSWERED_MAX;
  }

  /** What the target has answered so far has been learned. */
  answered(): void {
    if (this.#unanswered === 0) return;
    this.#unanswered = 0;
    this.#changingCount = 0;
  }

  /** A VM received a queue message. @returns the request that it is the first reply to. */
  learn(to: number, frame: Uint8Array): PendingRequest | undefined {
    return learn(this.#session, this.#pending, to, frame);
  }

  /** Takes an action that serves one of the goals. */
  #takeGoalAction(): boolean {
    const random = this.#random;
    if (this.#goals.length === 0 || !random.chance(this.#goalProbability)) return false;
    const goal = this.#goals[random.below(this.#goals.length)] as MutationGoal;
    if (goal.kind === 'tree') return false;
    const action = goal.kind === 'halt' ? vcpuHalt : pick(random, this.#table.of(goal.shape));
    if (action === undefined) return false;
    const wantsWrongState = goal.kind === 'halt' || goal.mutation.rule === 'state';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const subject = this.#pickSubject(action.subject);
      if (subject === undefined && action.subject !== 'none') break;
      if (this.#isChanging(subject)) continue;
      const fits = (action.from & (1 << (subject?.state ?? 0))) !== 0;
      if (fits === wantsWrongState && action.subject !== 'none' && attempt < ATTEMPTS - 1) continue;
      if (this.#take(action, subject, goal)) return true;
    }
    return (
      goal.kind === 'request' &&
      random.chance(OTHER_STATE_PROBABILITY) &&
      this.#take(this.#table.generic(goal.shape), undefined, goal)
    );
  }

  #takeAnyAction(): boolean {
    const random = this.#random;
    const { known } = this.#session;
    this.#themeWeights[LIFE] = known.hasVmToStart() ? this.#bootWeight : themeWeights.life;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // Without a VM little else is possible than to allocate one.
      const theme =
        known.vms.length === 0 && attempt === 0 ? LIFE : weightedIndex(random, this.#themeWeights);
      const kindIndex = weightedIndex(random, this.#subjectWeights(theme));
      const subject = this.#pickSubject(subjectKinds[kindIndex] as SubjectKind);
      if (this.#isChanging(subject)) continue;
      const index = pick(random, this.#table.possible(theme, kindIndex, subject?.state ?? 0));
      if (index === undefined || !random.chance(this.#actionWeights[index] as number)) continue;
      const action = this.#table.actions[index] as Action;
      const goal = action.shape && this.#goalByShape[action.shape.index];
      const isMutated = goal !== undefined && random.chance(this.#goalProbability);
      if (this.#take(action, subject, isMutated ? goal : undefined)) return true;
    }
    return false;
  }

  /** Sends VM_GET_VMID, which is possible in every state. */
  #askForVmid(): void {
    const session = this.#session;
    session.vm = undefined;
    const { draft } = session;
    session.request(this.#shapes.of(VM_GET_VMID.id), session.known.anySender(this.#random));
    draft.write();
    this.#pending.send(session, undefined, coverageState('none', undefined, draft.sender), true);
  }

  readonly #weights = new Int32Array(subjectKinds.length);

  /** Weights of the kinds of subjects, 0 for those of which there is none. */
  #subjectWeights(theme: number): Int32Array {
    const { vms, parcels, interrupts } = this.#session.known;
    const weights = this.#table.weights(theme);
    this.#weights[0] = weights[0] as number;
    this.#weights[1] = vms.length === 0 ? 0 : (weights[1] as number);
    this.#weights[2] = parcels.length === 0 ? 0 : (weights[2] as number);
    this.#weights[3] = interrupts.length === 0 ? 0 : (weights[3] as number);
    return this.#weights;
  }

  #pickSubject(kind: SubjectKind): Subject {
    const { vms, parcels, interrupts, leftParcels, leftInterrupts } = this.#session.known;
    if (kind === 'vm') return pick(this.#random, vms);
    if (kind === 'parcel') return this.#pickOf(parcels, leftParcels);
    return kind === 'interrupt' ? this.#pickOf(interrupts, leftInterrupts) : undefined;
  }

  /** @param left those of an earlier life of a VM. */
  #pickOf<T>(all: readonly T[], left: readonly T[]): T | undefined {
    return pick(this.#random, left.length > 0 && this.#random.chance(LEFT_SHARE) ? left : all);
  }

  /** Takes an action, mutated when there is a goal. @returns false when it is not possible. */
  #take(action: Action, subject: Subject, goal: MutationGoal | undefined): boolean {
    const session = this.#session;
    const { draft } = session;
    const { subject: kind, shape } = action;
    session.vm = kind === 'vm' ? (subject as KnownVm) : undefined;
    session.parcel = kind === 'parcel' ? (subject as KnownParcel) : undefined;
    session.interrupt = kind === 'interrupt' ? (subject as KnownInterrupt) : undefined;
    session.note = 0;
    // Making the request can change the subject's state.
    const state = coverageState(kind, subject, draft.sender);
    if (!action.make(session, subject as never)) return false;
    if (goal !== undefined) this.#reached(goal);
    if (shape === undefined) return true;
    if (goal?.kind === 'request') this.#sendMutated(action, state, goal);
    else {
      draft.write();
      this.#pending.send(session, action, state, true);
      if (action.done !== undefined) this.#awaits(action, subject);
    }
    return true;
  }

  #isChanging(subject: Subject): boolean {
    for (let index = 0; index < this.#changingCount; index++)
      if (this.#changing[index] === subject) return true;
    return false;
  }

  #awaits({ subject: kind, theme }: Action, subject: Subject): void {
    this.#unanswered++;
    // The others about a VM give it something.
    if (kind !== 'vm' || theme === 'life') this.#changing[this.#changingCount++] = subject;
  }

  #sendMutated(action: Action, state: number, { site, mutation }: RequestGoal): void {
    const session = this.#session;
    const { draft } = session;
    mutation.draft?.(draft, site, session);
    draft.write();
    mutation.payload?.(draft, this.#random);
    const trusted = site.kind !== 'sender' && site.kind !== 'frames' && site.kind !== idKinds[action.subject];
    this.#pending.send(session, action, state, trusted);
    if (mutation.repeated === true) this.#pending.send(session, action, state, false);
    if (mutation.frames === undefined) return;
    const other = this.#pending.emptyRequest(VM_GET_VMID.id);
    mutateFrames(session.waiting, mutation.frames, other, this.#random);
  }
}

/** The kind of site that names the subject of a request. */
const idKinds = { none: undefined, vm: 'vmid', parcel: 'mem_handle', interrupt: 'virq_handle' } as const;

/** An index, with a probability in proportion to its weight. */
function weightedIndex(random: Random, weights: Int32Array): number {
  let total = 0;
  for (let index = 0; index < weights.length; index++) total += weights[index] as number;
  let at = random.below(Math.max(1, total));
  for (let index = 0; index < weights.length; index++) {
    at -= weights[index] as number;
    if (at < 0) return index;
  }
  return 0;
}
