import { VM_GET_VMID } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import { halting } from '../actions/machine.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { breakPayload, breakValue, type Referents } from '../mutation/breaks.js';
import { mutateFrames } from '../mutation/frame-mutations.js';
import type { MutationGoal } from '../mutation/mutation-goals.js';
import { type Action, type SubjectKind, subjectKinds, type Theme, themes } from '../session/action.js';
import { type KnownInterrupt, type KnownParcel, type KnownVm, pick } from '../session/known-state.js';
import { referentsOf } from '../session/reference-values.js';
import { type Machine, Session, VMID_HLOS } from '../session/session.js';
import type { Step } from '../targets/step.js';
import type { TreePool } from '../tree/tree-pool.js';
import type { ActionTable } from './action-table.js';

/** States of what is no VM, beside those of VMs. */
const STATE_PARCEL = 16;
const STATE_LOAN = 20;
const STATE_HLOS = 24;
const STATE_VM = 25;
/** How many states there are for coverage. */
export const STATES = 26;
const ATTEMPTS = 8;
/** How often an goal is gone for without the state that it wants; 0..1. */
const FORCED = 0.2;
const LIFE = themes.indexOf('life');
const EAGERNESSES: readonly number[] = [20, 100, 400];
const KEENNESSES: readonly number[] = [1, 1, 0.5, 0.12];
const VMS_MAX = 5;
const STEPS_MIN = 40;
const STEPS_SPREAD = 900;
const NAMES = ['one', 'two', 'three'] as const;

/** How much of each theme a case has at all; it draws its own share of that. */
const shares: Readonly<Record<Theme, number>> = {
  life: 4,
  memory: 10,
  interrupts: 5,
  console: 4,
  questions: 16,
  pressure: 1,
};

/** Walks the state table with one target, at random, and gets wrong what its goals say. */
export class SessionGenerator {
  readonly session: Session;
  readonly #table: ActionTable;
  readonly #referents: Referents;
  #random!: Random;
  #goals: readonly MutationGoal[] = [];
  readonly #aimByForm: (MutationGoal | undefined)[];
  /** How often an goal is gone for rather than anything, and how often then something is wrong; 0..1. */
  #aiming = 0;
  readonly #themes = new Int32Array(themes.length);
  /** How likely each action is taken when it comes up: every case shuns others, and so stays where others go on. */
  readonly #keenness: Float64Array;
  /** Share of the life cycle while there are VMs that do not run yet, and when there are none. */
  #eagerness = 0;
  #rest = 0;
  #left = 0;
  /** Told of every goal that a message was broken by. */
  readonly #applied: (goal: MutationGoal) => void;

  constructor(
    readonly shapes: MessageShapes,
    table: ActionTable,
    machine: Machine,
    trees: TreePool,
    applied: (goal: MutationGoal) => void,
  ) {
    this.session = new Session(shapes, machine, trees, (flaw) => {
      const goal = this.#goals.find(({ tree }) => tree === flaw);
      if (goal !== undefined) applied(goal);
    });
    this.#table = table;
    this.#aimByForm = new Array<MutationGoal | undefined>(shapes.all.length).fill(undefined);
    this.#keenness = new Float64Array(table.actions.length);
    this.#referents = referentsOf(this.session);
    this.#applied = applied;
  }

  /** Begins a case: everything that is drawn comes from `random`, and nothing else decides but the answers. */
  begin(random: Random, goals: readonly MutationGoal[]): void {
    const { session } = this;
    this.#random = random;
    this.#goals = goals;
    this.#aimByForm.fill(undefined);
    for (const goal of goals) if (goal.shape !== undefined) this.#aimByForm[goal.shape.index] ??= goal;
    session.joining = random.chance(0.3) ? 0.8 : 0;
    // Devices find each other by name and label, so there are few of both where they are to.
    session.begin(random, NAMES.slice(0, session.joining > 0 ? 2 : NAMES.length));
    session.labels = session.joining > 0 ? 2 : 6;
    session.vmsMax = 1 + random.below(VMS_MAX);
    session.flaws = goals.flatMap(({ tree }) => tree ?? []);
    this.#aiming = random.chance(0.5) ? 0.05 : 0.25;
    for (const [index, theme] of themes.entries()) {
      // Each case is about some things more than about others; pressure makes answers late, so mostly there is none.
      const share = theme === 'pressure' && random.chance(0.8) ? 0 : shares[theme] * random.below(5);
      this.#themes[index] = share;
    }
    this.#eagerness = session.any(...EAGERNESSES);
    this.#rest = shares.life;
    for (let action = 0; action < this.#keenness.length; action++)
      this.#keenness[action] = KEENNESSES[random.below(KEENNESSES.length)] as number;
    for (const { shape } of goals)
      for (const { theme } of shape === undefined ? [] : this.#table.of(shape)) {
        const index = themes.indexOf(theme);
        this.#themes[index] = Math.max(this.#themes[index] as number, shares[theme] * 2);
      }
    this.#left = STEPS_MIN + random.below(STEPS_SPREAD);
  }

  /** The next step, undefined when the case is over. */
  next(): Step | undefined {
    const waiting = this.session.take();
    if (waiting !== undefined) return waiting;
    while (this.#left-- > 0) {
      if (!this.#aimed() && !this.#free()) this.#ask();
      const step = this.session.take();
      // A message whose only frame was dropped leaves nothing to do.
      if (step !== undefined) return step;
    }
    return undefined;
  }

  /** Goes for one of the goals. */
  #aimed(): boolean {
    const random = this.#random;
    if (this.#goals.length === 0 || !random.chance(this.#aiming)) return false;
    const goal = this.#goals[random.below(this.#goals.length)] as MutationGoal;
    if (goal.tree !== undefined) return false;
    const action = goal.shape === undefined ? (halting as Action) : pick(random, this.#table.of(goal.shape));
    if (action === undefined) return false;
    const wrongState = goal.rule === 'state';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const subject = this.#subject(action.subject);
      const fits = (action.from & (1 << stateOf(action.subject, subject))) !== 0;
      if (subject === undefined && action.subject !== 'none') break;
      if (fits === wrongState && action.subject !== 'none' && attempt < ATTEMPTS - 1) continue;
      if (this.#take(action, subject, goal)) return true;
    }
    // Where the right state is out of reach, the message can be sent all the same.
    return (
      goal.shape !== undefined &&
      random.chance(FORCED) &&
      this.#take(this.#table.generic(goal.shape), undefined, goal)
    );
  }

  /** Takes any action that can be taken. */
  #free(): boolean {
    const random = this.#random;
    this.#themes[LIFE] = this.session.known.unborn() ? this.#eagerness : this.#rest;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // Without a VM there is nothing to do but to ask, and to make one.
      const theme =
        this.session.known.vms.length === 0 && attempt === 0 ? LIFE : weighted(random, this.#themes);
      const kindIndex = weighted(random, this.#available(theme));
      const kind = subjectKinds[kindIndex] as SubjectKind;
      const subject = this.#subject(kind);
      const number = pick(random, this.#table.lots(theme, kindIndex, stateOf(kind, subject)));
      if (number === undefined || !random.chance(this.#keenness[number] as number)) continue;
      const action = this.#table.actions[number] as Action;
      const goal = action.shape === undefined ? undefined : this.#aimByForm[action.shape.index];
      if (this.#take(action, subject, goal !== undefined && random.chance(this.#aiming) ? goal : undefined))
        return true;
    }
    return false;
  }

  /** What never fails to be possible. */
  #ask(): void {
    const { session } = this;
    session.vm = undefined;
    session.request(this.shapes.of(VM_GET_VMID.id), session.known.speaker(this.#random));
    session.draft.write();
    session.send(undefined, this.#stateFor(undefined, undefined));
  }

  readonly #weights = new Int32Array(subjectKinds.length);

  #available(theme: number): Int32Array {
    const { vms, parcels, interrupts } = this.session.known;
    const weights = this.#table.weights(theme);
    this.#weights[0] = weights[0] as number;
    this.#weights[1] = vms.length === 0 ? 0 : (weights[1] as number);
    this.#weights[2] = parcels.length === 0 ? 0 : (weights[2] as number);
    this.#weights[3] = interrupts.length === 0 ? 0 : (weights[3] as number);
    return this.#weights;
  }

  #subject(kind: SubjectKind): KnownVm | KnownParcel | KnownInterrupt | undefined {
    const { vms, parcels, interrupts } = this.session.known;
    if (kind === 'vm') return pick(this.#random, vms);
    if (kind === 'parcel') return pick(this.#random, parcels);
    return kind === 'interrupt' ? pick(this.#random, interrupts) : undefined;
  }

  /** Takes an action, broken by an goal or not. @returns false when it cannot be taken. */
  #take(
    action: Action,
    subject: KnownVm | KnownParcel | KnownInterrupt | undefined,
    goal: MutationGoal | undefined,
  ): boolean {
    const { session } = this;
    session.vm = action.subject === 'vm' ? (subject as KnownVm) : undefined;
    session.parcel = action.subject === 'parcel' ? (subject as KnownParcel) : undefined;
    session.interrupt = action.subject === 'interrupt' ? (subject as KnownInterrupt) : undefined;
    session.note = 0;
    // The state before: what an action is about may change while it is made.
    const state = this.#stateFor(action, subject);
    if (!action.make(session, subject as never)) return false;
    if (action.shape === undefined) {
      if (goal !== undefined) this.#applied(goal);
      return true;
    }
    if (goal === undefined || goal.shape !== action.shape) {
      session.draft.write();
      session.send(action, state);
    } else this.#sendBroken(action, state, goal);
    return true;
  }

  #sendBroken(action: Action, state: number, goal: MutationGoal): void {
    const { session } = this;
    const { draft } = session;
    const { site, name } = goal;
    if (site === undefined) return;
    this.#applied(goal);
    breakValue(draft, site, name, this.#referents, this.#random);
    if (site.kind === 'sender') draft.sender = this.#sender(name);
    draft.write();
    if (site.kind === 'message') breakPayload(draft, name, this.#random);
    session.send(action, state, trusted(action, goal));
    if (site.kind === 'frames') {
      const other = session.frameOf(VM_GET_VMID.id);
      mutateFrames(session.waiting, 0, name, this.#random, other);
    } else if (name === 'again') session.send(action, state, false);
  }

  #sender(name: string): number {
    const { known } = this.session;
    if (name === 'hlos') return VMID_HLOS;
    return (
      (name === 'other'
        ? pick(this.#random, known.vms)?.vmid
        : this.#referents.vmid('secondary', this.session.draft)) ?? VMID_HLOS
    );
  }

  /** State of what a request is about, else of who sends it. */
  #stateFor(action: Action | undefined, subject: KnownVm | KnownParcel | KnownInterrupt | undefined): number {
    if (subject !== undefined && action?.subject === 'vm') return (subject as KnownVm).state;
    if (subject !== undefined && action?.subject === 'parcel')
      return STATE_PARCEL + (subject as KnownParcel).stage;
    if (subject !== undefined && action?.subject === 'interrupt')
      return STATE_LOAN + (subject as KnownInterrupt).stage;
    return this.session.draft.sender === VMID_HLOS ? STATE_HLOS : STATE_VM;
  }
}

/** What names the subject of a request. */
const namedBy = { none: undefined, vm: 'vmid', parcel: 'mem_handle', interrupt: 'virq_handle' } as const;

/** Whether what an action would learn from its answer still holds when this is wrong with it. */
function trusted(action: Action, { site }: MutationGoal): boolean {
  const kind = site?.kind;
  return kind !== 'sender' && kind !== 'frames' && kind !== namedBy[action.subject];
}

function stateOf(kind: SubjectKind, subject: KnownVm | KnownParcel | KnownInterrupt | undefined): number {
  if (subject === undefined || kind === 'none') return 0;
  return kind === 'vm' ? (subject as KnownVm).state : (subject as KnownParcel | KnownInterrupt).stage;
}

/** An index, as likely as its weight. */
function weighted(random: Random, weights: Int32Array): number {
  let total = 0;
  for (let index = 0; index < weights.length; index++) total += weights[index] as number;
  let at = random.below(Math.max(1, total));
  for (let index = 0; index < weights.length; index++) {
    at -= weights[index] as number;
    if (at < 0) return index;
  }
  return 0;
}
