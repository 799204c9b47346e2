import { constants, protocol } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import { FrameWriter } from '../../rpc/index.js';
import { MessageType } from '../../schema/index.js';
import { Draft } from '../message/draft.js';
import type { MessageShape } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import type { Step } from '../targets/step.js';
import type { TreeMutation } from '../tree/tree-mutations.js';
import type { TreePool } from '../tree/tree-pool.js';
import type { Action, Sent } from './action.js';
import {
  type KnownInterrupt,
  type KnownParcel,
  KnownState,
  type KnownVm,
  State,
  UNKNOWN,
} from './known-state.js';
import { PageAllocator } from './page-allocator.js';

/** Requests that may be waiting for their replies; an older one is forgotten. */
const SENT_MAX = 256;
const { content, header } = protocol.limits;
const NOTHING = new Uint8Array(0);
const CONTINUATIONS_MAX = protocol.limits.max_continuations;

/** The machine that the target says it is. */
export interface Machine {
  readonly cores: number;
  /** Memory of the primary VM, bytes. */
  readonly memory: { readonly start: number; readonly size: number };
  /** Hardware interrupts of the primary VM. */
  readonly interrupts: readonly number[];
}

/** What is being done with a target since it was fresh: what is known, the request in the making, steps to come. */
export class Session {
  readonly known = new KnownState();
  readonly draft = new Draft();
  readonly pages: PageAllocator;
  random!: Random;
  /** Names that VMs of this session may have. */
  names: readonly string[] = [];
  /** How likely devices of this session's VMs name other VMs, 0..1. */
  joining = 0;
  /** Labels that devices have: 1 up to this. */
  labels = 1;
  /** VMs at one time. */
  vmsMax = 1;
  /** What is wrong with devicetrees of this session, one after the other. */
  flaws: TreeMutation[] = [];
  /** Parts of the draft's subject, for the reply. */
  vm: KnownVm | undefined;
  parcel: KnownParcel | undefined;
  interrupt: KnownInterrupt | undefined;
  note = 0;
  readonly #sent: Sent[] = Array.from({ length: SENT_MAX }, newSent);
  readonly #frames = new FrameWriter(protocol);
  #steps: Step[] = [];
  #next = 0;
  #seq = 0;

  constructor(
    readonly shapes: MessageShapes,
    readonly machine: Machine,
    readonly trees: TreePool,
    /** Told of every devicetree that something is wrong with. */
    readonly flawed: (flaw: TreeMutation) => void,
  ) {
    this.pages = new PageAllocator(machine.memory);
  }

  /** Forgets everything: the target is fresh. */
  begin(random: Random, names: readonly string[]): void {
    this.random = random;
    this.names = names;
    this.known.clear();
    this.pages.clear();
    for (const sent of this.#sent) sent.shape = undefined;
    this.#steps = [];
    this.#next = 0;
    this.#seq = 0;
  }

  /** The next step that is ready, undefined when one has to be made. */
  take(): Step | undefined {
    if (this.#next < this.#steps.length) return this.#steps[this.#next++];
    // Another list costs less than emptying this one.
    this.#steps = [];
    this.#next = 0;
    return undefined;
  }

  put(step: Step): void {
    this.#steps.push(step);
  }

  /** Steps that wait to be taken, in order; what breaks framing changes them. */
  get waiting(): Step[] {
    return this.#steps;
  }

  // What actions call

  /** Begins a request. */
  request(shape: MessageShape, sender: number): Draft {
    this.draft.begin(shape, sender);
    return this.draft;
  }

  /** Any element of a list that is not empty. */
  any<T>(...list: readonly T[]): T {
    return list[this.random.below(list.length)] as T;
  }

  // Sending

  /**
   * Puts the request in the draft's payload into steps.
   *
   * @param state for coverage. @param trusted what the action learns from the answer will be true.
   */
  send(action: Action | undefined, state: number, trusted = true): void {
    const { draft } = this;
    const { sender: from, id, size, payload } = draft;
    const seq = this.#seq;
    this.#seq = (seq + 1) & 0xffff;
    const sent = this.#sent[seq % SENT_MAX] as Sent;
    sent.action = action;
    sent.shape = draft.shape;
    sent.from = from;
    sent.seq = seq;
    sent.id = id;
    sent.state = state;
    sent.vm = this.vm;
    sent.parcel = this.parcel;
    sent.interrupt = this.interrupt;
    sent.note = this.note;
    sent.trusted = trusted;
    const fragments = size <= content ? 0 : Math.min(CONTINUATIONS_MAX, Math.ceil(size / content) - 1);
    for (let index = 0; index <= fragments; index++) {
      const type = index === 0 ? MessageType.request : MessageType.continuation;
      const start = index * content;
      const frame = this.#frames.write(
        { type, fragments, seq, msg_id: id },
        payload,
        start,
        Math.min(size, start + content),
      );
      this.#steps.push({ kind: 'frame', from, frame });
    }
  }

  /** A queue message that is a whole request without payload, beside all others. */
  frameOf(id: number): Uint8Array {
    const seq = this.#seq;
    this.#seq = (seq + 1) & 0xffff;
    (this.#sent[seq % SENT_MAX] as Sent).shape = undefined;
    return this.#frames.write({ type: MessageType.request, fragments: 0, seq, msg_id: id }, NOTHING, 0, 0);
  }

  // Learning

  /** A VM's state, as RM says it is. */
  stateOf(vm: KnownVm, state: number): void {
    vm.state = state;
    if (state === State.RESET) vm.linked = false;
  }

  /** Nothing that was known of VMs' states can be relied on. */
  doubt(): void {
    for (const vm of this.known.vms) vm.state = UNKNOWN;
  }

  /** What a reply answers; undefined for one that nobody asked for. Each is found once. */
  answered(to: number, seq: number, id: number): Sent | undefined {
    const sent = this.#sent[seq % SENT_MAX] as Sent;
    if (sent.shape === undefined || sent.seq !== seq || sent.from !== to || sent.id !== id) return undefined;
    return sent;
  }
}

/** Bytes of a reply in front of what follows the error word. */
export const REPLY_START = header + 4;
export const { VMID_HLOS } = constants;

function newSent(): Sent {
  return {
    action: undefined,
    shape: undefined,
    from: 0,
    seq: 0,
    id: 0,
    state: 0,
    vm: undefined,
    parcel: undefined,
    interrupt: undefined,
    note: 0,
    trusted: true,
  };
}

/** Little-endian word of a queue message, 0 behind its end. */
export function wordAt(frame: Uint8Array, at: number): number {
  if (at + 4 > frame.length) return 0;
  return (
    ((frame[at] as number) |
      ((frame[at + 1] as number) << 8) |
      ((frame[at + 2] as number) << 16) |
      ((frame[at + 3] as number) << 24)) >>>
    0
  );
}

/** As {@link wordAt}, two words as one number. */
export function longAt(frame: Uint8Array, at: number): number {
  return wordAt(frame, at) + wordAt(frame, at + 4) * 2 ** 32;
}
