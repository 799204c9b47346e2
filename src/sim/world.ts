import { constants } from '../../schemas/index.js';
import { Random } from '../base/random.js';
import type { HypercallResult, MemoryHypercall, Refusal } from '../hypervisor/index.js';
import {
  isMemoryOperation,
  Machine,
  type MemoryOperation,
  type Operation,
  operations,
  perform,
  performOnMemory,
  VmPort,
} from '../machine/index.js';
import type { Link, ManagerOptions, PanicReason, ResourceManager } from '../rm/index.js';
import { QueueError } from '../transport/index.js';
import { EventHeap } from './event-heap.js';
import { type FaultRule, Faults } from './faults.js';

const { VMID_RM } = constants;

/** How long messages take, in whole nanoseconds of virtual time. RM itself takes no time. */
export interface Delays {
  /** From the moment a VM sends a message until it is on the queue. */
  readonly putNs: number;
  /** From the moment RM puts a message on a queue until the VM takes it. */
  readonly takeNs: number;
  /** Each of the two delays grows by a random 0..jitterNs, drawn from the VM's own generator. */
  readonly jitterNs: number;
}

const DELAYS: Delays = { putNs: 1000, takeNs: 1000, jitterNs: 0 };

/** Called while things happen in a world; `world.now` is the time. Must not change the arrays. */
export interface WorldObserver {
  /** A queue message was put on a queue. `enqueued`: RM does not look at it yet. */
  readonly put?: (from: number, to: number, frame: Uint8Array, enqueued: boolean) => void;
  /** An operation is about to happen. */
  readonly operation?: (operation: Operation) => void;
  /** The hypervisor has answered a VM that moves or maps memory of a guest. `error` 0: it is done. */
  readonly hypercall?: (vmid: number, guest: number, call: MemoryHypercall, error: number) => void;
  /** Something has happened to the hypervisor's memory, unless it was refused. */
  readonly memory?: (operation: MemoryOperation, refusal: Refusal | undefined) => void;
  /** The hypervisor has refused something, to RM, to a VM or to an operation. */
  readonly denied?: (refusal: Refusal) => void;
  /** A VM got a queue message from RM, after faults. */
  readonly received?: (vmid: number, frame: Uint8Array) => void;
  /** A VM's message is on no queue: the VM has no link, or its queue is full or refuses the size. */
  readonly refused?: (vmid: number, frame: Uint8Array) => void;
  /** Messages vanished from the queue to a VM because its link came to an end. */
  readonly lost?: (vmid: number, count: number) => void;
  readonly fault?: (rule: FaultRule, from: number, to: number, frame: Uint8Array) => void;
  readonly panic?: (reason: PanicReason) => void;
}

export interface WorldOptions {
  readonly manager?: Omit<ManagerOptions, 'onSent' | 'onPanic'>;
  readonly delays?: Partial<Delays>;
  readonly observer?: WorldObserver;
}

export interface SendOptions {
  /** RM does not look at the queue until something else makes it do so. */
  readonly enqueue?: boolean;
  /** A message that finds the queue full is lost; otherwise the VM tries again as soon as there is room. */
  readonly refuse?: boolean;
}

/** A VM's end of its queues, with the driver that sends and takes in virtual time. Times are in nanoseconds. */
class DriverPort extends VmPort {
  /** Messages that found the queue to RM full, in order. */
  readonly outbox: Uint8Array[] = [];
  /** The VM takes nothing before that time. */
  heldUntil = 0;
  /** When its latest message reaches the queue. Later ones come no earlier. */
  lastPut = 0;
  /** When it takes the latest message off its queue. */
  lastTake = 0;
  /** When the latest message that it took is delivered. */
  lastDelivery = 0;

  constructor(
    vmid: number,
    readonly random: Random,
  ) {
    super(vmid);
  }
}

/** A message that is due to be taken, by a VM that may not take it yet. */
interface DueMessage {
  readonly port: DriverPort;
  readonly link: Link;
}

/**
 * A simulated machine: RM, any number of VMs, and virtual time in whole nanoseconds from 0. One event at a time, by
 * (time, order); nothing reads a clock, all randomness comes from the seed. Same seed and same calls, same bytes.
 */
export class World {
  readonly faults: Faults;
  readonly #machine: Machine<DriverPort>;
  readonly #random: Random;
  readonly #observer: WorldObserver;
  readonly #delays: Delays;
  readonly #heap = new EventHeap();
  #due: DueMessage[] = [];
  #now = 0;
  #managerHeldUntil = 0;
  /** Number of reboots. Messages sent before a reboot do not arrive after it. */
  #boot = 0;

  /** @param seed any integer; its low 32 bits count. */
  constructor(seed: number, options: WorldOptions = {}) {
    const observer = options.observer ?? {};
    this.#random = new Random(seed);
    this.#observer = observer;
    this.#delays = { ...DELAYS, ...options.delays };
    this.faults = new Faults(this.#random.child('faults'), (...fault) => observer.fault?.(...fault));
    this.#machine = new Machine({
      manager: { ...options.manager, onRefused: (refusal) => observer.denied?.(refusal) },
      newPort: (vmid) => new DriverPort(vmid, this.#random.child(`vm-${vmid}`)),
      onSent: (vmid, frame) => observer.put?.(VMID_RM, vmid, frame, false),
      onWaiting: (port) => this.#takeLater(port),
      onLost: (vmid, count) => this.#lost(vmid, count),
      onPanic: (reason) => observer.panic?.(reason),
    });
    this.#drawHandleBase();
  }

  get manager(): ResourceManager {
    return this.#machine.manager;
  }

  /** Virtual time in nanoseconds. */
  get now(): number {
    return this.#now;
  }

  /** Time of the next event; undefined when there is none. */
  get nextTime(): number | undefined {
    return this.#heap.nextTime;
  }

  /** Schedules an action of the caller. @param time in nanoseconds; a time in the past means now. */
  at(time: number, action: () => void): void {
    this.#heap.push(Math.max(time, this.#now), action);
  }

  /** Handles the next event. @returns false when there is none. */
  step(): boolean {
    const event = this.#heap.pop();
    if (event === undefined) return false;
    this.#now = event.time;
    event.action();
    return true;
  }

  /** Handles all events up to a time and sets the clock to it. Without a time: handles all events. */
  run(until?: number): void {
    for (let next = this.nextTime; next !== undefined && next <= (until ?? next); next = this.nextTime)
      this.step();
    if (until !== undefined) this.#now = Math.max(this.#now, until);
  }

  /** A VM sends one queue message to RM. */
  send(vmid: number, frame: Uint8Array, options: SendOptions = {}): void {
    const port = this.#machine.vms.port(vmid);
    const verdict = this.faults.judge(vmid, VMID_RM, frame);
    const usual = this.#now + this.#delays.putNs + this.#jitter(port) + (verdict?.delayNs ?? 0);
    const time = verdict?.overtaken ? usual : Math.max(usual, port.lastPut);
    if (!verdict?.overtaken) port.lastPut = time;
    if (verdict !== undefined && verdict.holdNs > 0) this.#holdManager(verdict.holdNs);
    for (const sent of verdict?.frames ?? [frame]) this.#schedule(time, () => this.#put(port, sent, options));
  }

  /** Does something to the machine now; a message of a VM takes its time as in {@link send}. */
  perform(operation: Operation): void {
    const { kind } = operation;
    if (kind === 'frame' || kind === 'enqueue') {
      this.send(operation.from, operation.frame, { enqueue: kind === 'enqueue', refuse: true });
      return;
    }
    if (kind === 'hypercall') {
      this.hypercall(operation.vmid, operation.call);
      return;
    }
    if (isMemoryOperation(operation)) {
      this.performOnMemory(operation);
      return;
    }
    if (kind === 'vcpu_halt' && !this.#machine.canHalt(operation.vmid, operation.state)) return;
    if (kind !== 'run') this.#observer.operation?.(operation);
    if (kind === 'reboot') this.#forgetBoot();
    perform(this.#machine, operation);
    if (kind === 'reboot') this.#drawHandleBase();
    if (operations[kind].wakesManager) this.#runManager();
    this.#takeDue();
  }

  /** A VM asks the hypervisor to move or map memory, which takes no time. */
  hypercall(vmid: number, call: MemoryHypercall): HypercallResult {
    this.#observer.operation?.({ kind: 'hypercall', vmid, call });
    const { extents } = this.manager.hypervisor;
    const guest = extents.guestOf(call);
    const result = extents.perform(vmid, call);
    if (guest !== undefined) this.#observer.hypercall?.(vmid, guest, call, result.error);
    return result;
  }

  /** Something happens to the hypervisor's memory, which takes no time. @returns why it was refused. */
  performOnMemory(operation: Exclude<MemoryOperation, { readonly kind: 'hypercall' }>): Refusal | undefined {
    this.#observer.operation?.(operation);
    const refusal = performOnMemory(this.manager.hypervisor, operation);
    this.#observer.memory?.(operation, refusal);
    return refusal;
  }

  /** Messages that wait on queues to VMs, by rising VMID; VMs with none are left out. */
  waiting(): readonly { readonly vmid: number; readonly count: number }[] {
    return [...this.#machine.vms.ports]
      .map(({ vmid }) => ({ vmid, count: this.manager.link(vmid)?.toVm.count ?? 0 }))
      .filter(({ count }) => count > 0)
      .sort((left, right) => left.vmid - right.vmid);
  }

  /** RM looks at its queues, unless it is held back. */
  #runManager(): void {
    if (this.#managerHeldUntil > this.#now) return;
    const { vms } = this.#machine;
    this.manager.run();
    // A VM whose message found the queue full may have room now: it tries again before RM goes idle.
    for (const port of vms.ports) while (this.#putWaiting(port)) this.manager.run();
    for (const port of vms.ports) vms.forgetLost(port);
    if (this.manager.platform.realVms) this.#takeDue();
  }

  /** Time goes on over a reboot, but nothing of the boot before is left. */
  #forgetBoot(): void {
    this.#boot++;
    this.#due = [];
    this.#managerHeldUntil = 0;
  }

  #drawHandleBase(): void {
    if (!this.manager.platform.irqHandleBaseRandom) return;
    this.manager.irqHandleBase = this.#random.child(`irq-handle-base-${this.#boot}`).u32();
  }

  #jitter(port: DriverPort): number {
    return this.#delays.jitterNs === 0 ? 0 : port.random.below(this.#delays.jitterNs + 1);
  }

  /** Schedules an action that is dropped if the machine reboots first. */
  #schedule(time: number, action: () => void): void {
    const boot = this.#boot;
    this.#heap.push(time, () => {
      if (boot === this.#boot) action();
    });
  }

  #holdManager(ns: number): void {
    this.#managerHeldUntil = Math.max(this.#managerHeldUntil, this.#now + ns);
    this.#schedule(this.#managerHeldUntil, () => this.#runManager());
  }

  #put(port: DriverPort, frame: Uint8Array, options: SendOptions): void {
    const { refuse = false, enqueue = false } = options;
    if (!refuse && port.outbox.length > 0) port.outbox.push(frame);
    else {
      const error = this.#tryPut(port.vmid, frame, enqueue);
      if (error === QueueError.FULL && !refuse) port.outbox.push(frame);
      else if (error !== QueueError.OK) this.#observer.refused?.(port.vmid, frame);
    }
    if (!enqueue) this.#runManager();
  }

  /** @returns a QueueError; ARGUMENT_INVALID without a queue. */
  #tryPut(vmid: number, frame: Uint8Array, enqueue: boolean): number {
    const queue = this.manager.link(vmid)?.toManager;
    const before = queue?.count ?? 0;
    const error = this.#machine.put(vmid, frame);
    const enqueued = enqueue || this.#managerHeldUntil > this.#now;
    // The real hypervisor accepts a message of an impossible size and drops it: then the count stays.
    if (queue !== undefined && queue.count > before) this.#observer.put?.(vmid, VMID_RM, frame, enqueued);
    return error;
  }

  #putWaiting({ vmid, outbox }: DriverPort): boolean {
    const frame = outbox[0];
    if (frame === undefined || this.manager.panicked !== undefined) return false;
    const error = this.#tryPut(vmid, frame, false);
    if (error === QueueError.FULL) return false;
    outbox.shift();
    if (error !== QueueError.OK) this.#observer.refused?.(vmid, frame);
    return true;
  }

  /** RM has put a message on the queue to a VM, which takes it when its driver comes to it. */
  #takeLater(port: DriverPort): void {
    const { link } = port;
    if (link === undefined) return;
    const time = Math.max(port.lastTake, this.#now + this.#delays.takeNs + this.#jitter(port));
    port.lastTake = time;
    this.#schedule(time, () => this.#take({ port, link }));
  }

  #mayTake({ vmid, allowance, heldUntil }: DriverPort): boolean {
    if (allowance === 0 || heldUntil > this.#now) return false;
    return !this.manager.platform.realVms || this.#machine.executes(vmid);
  }

  #take(due: DueMessage): void {
    const { port, link } = due;
    if (this.manager.link(port.vmid) !== link) return;
    if (!this.#mayTake(port)) {
      this.#due.push(due);
      return;
    }
    const message = this.#machine.vms.take(port);
    if (message === undefined) return;
    this.#deliver(port, message);
    this.#runManager();
  }

  /** VMs that may take again do so now, the message that has waited longest first. */
  #takeDue(): void {
    const due = this.#due;
    this.#due = [];
    for (const item of due) {
      if (this.#mayTake(item.port)) this.#schedule(this.#now, () => this.#take(item));
      else this.#due.push(item);
    }
  }

  #deliver(port: DriverPort, message: Uint8Array): void {
    const verdict = this.faults.judge(VMID_RM, port.vmid, message);
    const usual = this.#now + (verdict?.delayNs ?? 0);
    const time = verdict?.overtaken ? usual : Math.max(usual, port.lastDelivery);
    if (!verdict?.overtaken) port.lastDelivery = time;
    if (verdict !== undefined && verdict.holdNs > 0) {
      port.heldUntil = Math.max(port.heldUntil, this.#now + verdict.holdNs);
      this.#schedule(port.heldUntil, () => this.#takeDue());
    }
    for (const frame of verdict?.frames ?? [message])
      this.#schedule(time, () => this.#observer.received?.(port.vmid, frame));
  }

  #lost(vmid: number, count: number): void {
    this.#observer.lost?.(vmid, count);
    this.#due = this.#due.filter(({ port }) => port.vmid !== vmid);
  }
}
