import { VM_GET_VMID } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import type { Aim } from '../aims.js';
import { breakPayload, breakValue, type Referents } from '../generate/breaks.js';
import type { Forms } from '../generate/forms.js';
import { breakFrames } from '../generate/frame-breaks.js';
import type { TreeStock } from '../generate/tree-stock.js';
import type { Step } from '../step.js';
import { type Edge, type SubjectKind, subjectKinds, type Theme, themes } from './edge.js';
import type { Graph } from './graph.js';
import { type KnownLoan, type KnownParcel, type KnownVm, pick } from './known.js';
import { halting } from './operations.js';
import { referentsOf } from './referents.js';
import { type Machine, Session, VMID_HLOS } from './session.js';

/** States of what is no VM, beside those of VMs. */
const STATE_PARCEL = 16;
const STATE_LOAN = 20;
const STATE_HLOS = 24;
const STATE_VM = 25;
/** How many states there are for coverage. */
export const STATES = 26;
const ATTEMPTS = 8;
/** How often an aim is gone for without the state that it wants; 0..1. */
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

/** Walks the state graph with one target, at random, and gets wrong what its aims say. */
export class Walk {
  readonly session: Session;
  readonly #graph: Graph;
  readonly #referents: Referents;
  #random!: Random;
  #aims: readonly Aim[] = [];
  readonly #aimByForm: (Aim | undefined)[];
  /** How often an aim is gone for rather than anything, and how often then something is wrong; 0..1. */
  #aiming = 0;
  readonly #themes = new Int32Array(themes.length);
  /** How likely each edge is taken when it comes up: every case shuns others, and so stays where others go on. */
  readonly #keenness: Float64Array;
  /** Share of the life cycle while there are VMs that do not run yet, and when there are none. */
  #eagerness = 0;
  #rest = 0;
  #left = 0;
  /** Told of every aim that a message was broken by. */
  readonly #applied: (aim: Aim) => void;

  constructor(
    readonly forms: Forms,
    graph: Graph,
    machine: Machine,
    trees: TreeStock,
    applied: (aim: Aim) => void,
  ) {
    this.session = new Session(forms, machine, trees, (flaw) => {
      const aim = this.#aims.find(({ tree }) => tree === flaw);
      if (aim !== undefined) applied(aim);
    });
    this.#graph = graph;
    this.#aimByForm = new Array<Aim | undefined>(forms.all.length).fill(undefined);
    this.#keenness = new Float64Array(graph.edges.length);
    this.#referents = referentsOf(this.session);
    this.#applied = applied;
  }

  /** Begins a case: everything that is drawn comes from `random`, and nothing else decides but the answers. */
  begin(random: Random, aims: readonly Aim[]): void {
    const { session } = this;
    this.#random = random;
    this.#aims = aims;
    this.#aimByForm.fill(undefined);
    for (const aim of aims) if (aim.form !== undefined) this.#aimByForm[aim.form.index] ??= aim;
    session.joining = random.chance(0.3) ? 0.8 : 0;
    // Devices find each other by name and label, so there are few of both where they are to.
    session.begin(random, NAMES.slice(0, session.joining > 0 ? 2 : NAMES.length));
    session.labels = session.joining > 0 ? 2 : 6;
    session.vmsMax = 1 + random.below(VMS_MAX);
    session.flaws = aims.flatMap(({ tree }) => tree ?? []);
    this.#aiming = random.chance(0.5) ? 0.05 : 0.25;
    for (const [index, theme] of themes.entries()) {
      // Each case is about some things more than about others; pressure makes answers late, so mostly there is none.
      const share = theme === 'pressure' && random.chance(0.8) ? 0 : shares[theme] * random.below(5);
      this.#themes[index] = share;
    }
    this.#eagerness = session.any(...EAGERNESSES);
    this.#rest = shares.life;
    for (let edge = 0; edge < this.#keenness.length; edge++)
      this.#keenness[edge] = KEENNESSES[random.below(KEENNESSES.length)] as number;
    for (const { form } of aims)
      for (const { theme } of form === undefined ? [] : this.#graph.of(form)) {
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

  /** Goes for one of the aims. */
  #aimed(): boolean {
    const random = this.#random;
    if (this.#aims.length === 0 || !random.chance(this.#aiming)) return false;
    const aim = this.#aims[random.below(this.#aims.length)] as Aim;
    if (aim.tree !== undefined) return false;
    const edge = aim.form === undefined ? (halting as Edge) : pick(random, this.#graph.of(aim.form));
    if (edge === undefined) return false;
    const wrongState = aim.rule === 'state';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const subject = this.#subject(edge.subject);
      const fits = (edge.from & (1 << stateOf(edge.subject, subject))) !== 0;
      if (subject === undefined && edge.subject !== 'none') break;
      if (fits === wrongState && edge.subject !== 'none' && attempt < ATTEMPTS - 1) continue;
      if (this.#take(edge, subject, aim)) return true;
    }
    // Where the right state is out of reach, the message can be sent all the same.
    return (
      aim.form !== undefined &&
      random.chance(FORCED) &&
      this.#take(this.#graph.generic(aim.form), undefined, aim)
    );
  }

  /** Takes any edge that can be taken. */
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
      const number = pick(random, this.#graph.lots(theme, kindIndex, stateOf(kind, subject)));
      if (number === undefined || !random.chance(this.#keenness[number] as number)) continue;
      const edge = this.#graph.edges[number] as Edge;
      const aim = edge.form === undefined ? undefined : this.#aimByForm[edge.form.index];
      if (this.#take(edge, subject, aim !== undefined && random.chance(this.#aiming) ? aim : undefined))
        return true;
    }
    return false;
  }

  /** What never fails to be possible. */
  #ask(): void {
    const { session } = this;
    session.vm = undefined;
    session.request(this.forms.of(VM_GET_VMID.id), session.known.speaker(this.#random));
    session.draft.write();
    session.send(undefined, this.#stateFor(undefined, undefined));
  }

  readonly #weights = new Int32Array(subjectKinds.length);

  #available(theme: number): Int32Array {
    const { vms, parcels, loans } = this.session.known;
    const weights = this.#graph.weights(theme);
    this.#weights[0] = weights[0] as number;
    this.#weights[1] = vms.length === 0 ? 0 : (weights[1] as number);
    this.#weights[2] = parcels.length === 0 ? 0 : (weights[2] as number);
    this.#weights[3] = loans.length === 0 ? 0 : (weights[3] as number);
    return this.#weights;
  }

  #subject(kind: SubjectKind): KnownVm | KnownParcel | KnownLoan | undefined {
    const { vms, parcels, loans } = this.session.known;
    if (kind === 'vm') return pick(this.#random, vms);
    if (kind === 'parcel') return pick(this.#random, parcels);
    return kind === 'loan' ? pick(this.#random, loans) : undefined;
  }

  /** Takes an edge, broken by an aim or not. @returns false when it cannot be taken. */
  #take(edge: Edge, subject: KnownVm | KnownParcel | KnownLoan | undefined, aim: Aim | undefined): boolean {
    const { session } = this;
    session.vm = edge.subject === 'vm' ? (subject as KnownVm) : undefined;
    session.parcel = edge.subject === 'parcel' ? (subject as KnownParcel) : undefined;
    session.loan = edge.subject === 'loan' ? (subject as KnownLoan) : undefined;
    session.note = 0;
    // The state before: what an edge is about may change while it is made.
    const state = this.#stateFor(edge, subject);
    if (!edge.make(session, subject as never)) return false;
    if (edge.form === undefined) {
      if (aim !== undefined) this.#applied(aim);
      return true;
    }
    if (aim === undefined || aim.form !== edge.form) {
      session.draft.write();
      session.send(edge, state);
    } else this.#sendBroken(edge, state, aim);
    return true;
  }

  #sendBroken(edge: Edge, state: number, aim: Aim): void {
    const { session } = this;
    const { draft } = session;
    const { place, name } = aim;
    if (place === undefined) return;
    this.#applied(aim);
    breakValue(draft, place, name, this.#referents, this.#random);
    if (place.kind === 'sender') draft.sender = this.#sender(name);
    draft.write();
    if (place.kind === 'message') breakPayload(draft, name, this.#random);
    session.send(edge, state, trusted(edge, aim));
    if (place.kind === 'frames') {
      const other = session.frameOf(VM_GET_VMID.id);
      breakFrames(session.waiting, 0, name, this.#random, other);
    } else if (name === 'again') session.send(edge, state, false);
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
  #stateFor(edge: Edge | undefined, subject: KnownVm | KnownParcel | KnownLoan | undefined): number {
    if (subject !== undefined && edge?.subject === 'vm') return (subject as KnownVm).state;
    if (subject !== undefined && edge?.subject === 'parcel')
      return STATE_PARCEL + (subject as KnownParcel).stage;
    if (subject !== undefined && edge?.subject === 'loan') return STATE_LOAN + (subject as KnownLoan).stage;
    return this.session.draft.sender === VMID_HLOS ? STATE_HLOS : STATE_VM;
  }
}

/** What names the subject of a request. */
const namedBy = { none: undefined, vm: 'vmid', parcel: 'mem_handle', loan: 'virq_handle' } as const;

/** Whether what an edge would learn from its answer still holds when this is wrong with it. */
function trusted(edge: Edge, { place }: Aim): boolean {
  const kind = place?.kind;
  return kind !== 'sender' && kind !== 'frames' && kind !== namedBy[edge.subject];
}

function stateOf(kind: SubjectKind, subject: KnownVm | KnownParcel | KnownLoan | undefined): number {
  if (subject === undefined || kind === 'none') return 0;
  return kind === 'vm' ? (subject as KnownVm).state : (subject as KnownParcel | KnownLoan).stage;
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
