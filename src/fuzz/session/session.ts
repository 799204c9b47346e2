import { constants } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import type { Step } from '../../target/index.js';
import { Draft } from '../message/draft.js';
import type { MessageShape } from '../message/message-shape.js';
import type { TreeMutation } from '../tree/tree-mutations.js';
import type { TreePool } from '../tree/tree-pool.js';
import {
  type KnownInterrupt,
  type KnownParcel,
  KnownState,
  type KnownVm,
  State,
  UNKNOWN,
} from './known-state.js';
import { PageAllocator } from './page-allocator.js';

export const { VMID_HLOS } = constants;

const STATES: ReadonlySet<number> = new Set(Object.values(State));

/** The machine under the target. */
export interface Machine {
  readonly cores: number;
  /** Memory of the primary VM, bytes. */
  readonly memory: { readonly start: number; readonly size: number };
  /** Hardware interrupts of the primary VM. */
  readonly interrupts: readonly number[];
  /** A VM whose vCPU faults does not exit. */
  readonly faultsSpin: boolean;
}

/** One session with a target: what its answers have told, the request that is being built, and the steps to send. */
export class Session {
  readonly known = new KnownState();
  readonly draft = new Draft();
  readonly pages: PageAllocator;
  random!: Random;
  /** Names that VMs of this session can have. */
  names: readonly string[] = [];
  /** Probability that a VM's devices name another VM as their peer, 0..1. */
  peerProbability = 0;
  /** Devices get labels from 1 to this number. */
  labelMax = 1;
  /** Most VMs at one time. */
  vmsMax = 1;
  /** Few VMs are reset, configured and deallocated again and again. */
  manyLives = false;
  /** Mutations for the devicetrees of this session; each tree takes the next one. */
  treeMutations: TreeMutation[] = [];
  /** What the request is about. Its reply is applied to the same objects. */
  vm: KnownVm | undefined;
  parcel: KnownParcel | undefined;
  interrupt: KnownInterrupt | undefined;
  /** A number that the action needs again when the reply comes. */
  note = 0;
  /** The only step that waits. Most requests are one queue message, and an array for each would be garbage. */
  #only: Step | undefined;
  /** Several steps that wait, from {@link #next} on. */
  #steps: Step[] = [];
  #next = 0;

  constructor(
    readonly machine: Machine,
    readonly trees: TreePool,
    /** Called for every devicetree that was mutated. */
    readonly treeMutated: (mutation: TreeMutation) => void,
  ) {
    this.pages = new PageAllocator(machine.memory);
  }

  /** Starts again with a fresh target. */
  begin(random: Random, names: readonly string[]): void {
    this.random = random;
    this.names = names;
    this.known.clear();
    this.pages.clear();
    this.#only = undefined;
    this.#steps = [];
    this.#next = 0;
  }

  /** The next step to send, undefined when none waits. */
  take(): Step | undefined {
    const only = this.#only;
    if (only !== undefined) {
      this.#only = undefined;
      return only;
    }
    if (this.#next < this.#steps.length) return this.#steps[this.#next++];
    this.#next = 0;
    // A new array costs less than emptying this one.
    if (this.#steps.length > 0) this.#steps = [];
    return undefined;
  }

  /** Whether steps wait. */
  get hasMore(): boolean {
    return this.#only !== undefined || this.#next < this.#steps.length;
  }

  put(step: Step): void {
    if (this.#steps.length === 0 && this.#only === undefined) this.#only = step;
    else this.waiting.push(step);
  }

  /** Steps that wait, in order. Mutations of frames change this array. */
  get waiting(): Step[] {
    if (this.#only !== undefined) this.#steps.push(this.#only);
    this.#only = undefined;
    return this.#steps;
  }

  /** Begins a request. */
  request(shape: MessageShape, sender: number): Draft {
    this.draft.begin(shape, sender);
    return this.draft;
  }

  /** Any element of a list that is not empty. */
  any<T>(...list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  /** RM has reported a VM's state. A target under test may report one that does not exist. */
  vmStateReported(vm: KnownVm, state: number): void {
    vm.state = STATES.has(state) ? state : UNKNOWN;
    if (state === State.RESET && vm.resets === 0) vm.linked = false;
  }
}
