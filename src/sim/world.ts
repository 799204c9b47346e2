import { constants } from '../../schemas/index.js';
import { formatHex } from '../base/hex.js';
import { Random } from '../base/random.js';
import { type Link, type ManagerOptions, type PanicReason, ResourceManager, VmState } from '../rm/index.js';
import { QueueError } from '../transport/index.js';
import { EventHeap } from './event-heap.js';
import { type FaultRule, Faults } from './faults.js';
import { Station } from './station.js';

const { VMID_RM } = constants;

/** How long things take, in whole nanoseconds of virtual time. RM itself takes none. */
export interface Delays {
  /** From a VM's sending to the message's place on the queue. */
  readonly putNs: number;
  /** From RM's putting a message on a queue to the VM's taking it. */
  readonly takeNs: number;
  /** 0 up to this many more for each of both, drawn from the VM's own generator. */
  readonly jitterNs: number;
}

const DELAYS: Delays = { putNs: 1000, takeNs: 1000, jitterNs: 0 };

/** What is done to a world from outside, in the words of recordings (vectors/README.md). */
export type Operation =
  | { readonly op: 'reboot' | 'drain' }
  | { readonly op: 'load'; readonly address: string; readonly file: string }
  | { readonly op: 'load'; readonly address: string; readonly data: string }
  | { readonly op: 'receive_limit'; readonly vmid: number; readonly count: number }
  | {
      readonly op: 'vcpu_halt';
      readonly vmid: number;
      readonly state: number;
      readonly data: readonly [string, string];
    };

/** More messages than any VM takes. */
export const UNLIMITED = 0x7fffffff;

/** What happens in a world, as it happens; `world.now` is when. Arrays must not be changed. */
export interface WorldObserver {
  /** A queue message was put on a queue. `enqueued`: RM does not look at it yet. */
  readonly put?: (from: number, to: number, frame: Uint8Array, enqueued: boolean) => void;
  /** An operation is about to happen. */
  readonly operation?: (operation: Operation) => void;
  /** A VM got a queue message from RM, after faults. */
  readonly received?: (vmid: number, frame: Uint8Array) => void;
  /** No queue took a VM's message: it has no link, or the queue is full or refuses the size. */
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
  /** RM does not look at the queue before {@link World.runManager}. */
  readonly enqueue?: boolean;
  /** What finds the queue full is refused; otherwise the VM tries again as soon as there is room. */
  readonly refuse?: boolean;
}

/** A message that a VM could take but may not yet. */
interface Owed {
  readonly station: Station;
  readonly link: Link;
}

/**
 * A simulated machine: RM, any number of VMs, and virtual time in whole nanoseconds from 0. One event at a time, by
 * (time, order); nothing reads a clock, all randomness comes from the seed. Same seed and same calls, same bytes.
 */
export class World {
  readonly manager: ResourceManager;
  readonly faults: Faults;
  readonly #random: Random;
  readonly #observer: WorldObserver;
  readonly #delays: Delays;
  readonly #heap = new EventHeap();
  /** By VMID, in the order in which they first had to do with a queue. */
  readonly #stations = new Map<number, Station>();
  #owed: Owed[] = [];
  #now = 0;
  #managerHeldUntil = 0;
  /** Counts boots: what was under way before does not arrive after. */
  #boot = 0;

  /** @param seed any integer; its low 32 bits count. */
  constructor(seed: number, options: WorldOptions = {}) {
    this.#random = new Random(seed);
    this.#observer = options.observer ?? {};
    this.#delays = { ...DELAYS, ...options.delays };
    this.faults = new Faults(this.#random.child('faults'), (...fault) => this.#observer.fault?.(...fault));
    this.manager = new ResourceManager({
      ...options.manager,
      onSent: (vmid, frame) => this.#sent(vmid, frame),
      onPanic: (reason) => this.#observer.panic?.(reason),
    });
    this.#drawHandleBase();
  }

  /** Virtual time in nanoseconds. */
  get now(): number {
    return this.#now;
  }

  /** When the next event is due, undefined when nothing is. */
  get nextTime(): number | undefined {
    return this.#heap.nextTime;
  }

  /** Schedules an action of the caller. @param time in nanoseconds; the past is now. */
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

  /** Handles every event up to a time (all there are, unless told), then it is that time. */
  run(until?: number): void {
    for (let next = this.nextTime; next !== undefined && next <= (until ?? next); next = this.nextTime)
      this.step();
    if (until !== undefined) this.#now = Math.max(this.#now, until);
  }

  /** A VM sends one queue message to RM. */
  send(vmid: number, frame: Uint8Array, options: SendOptions = {}): void {
    const station = this.#station(vmid);
    const verdict = this.faults.judge(vmid, VMID_RM, frame);
    const usual = this.#now + this.#delays.putNs + this.#jitter(station) + (verdict?.delayNs ?? 0);
    const time = verdict?.overtaken ? usual : Math.max(usual, station.lastPut);
    if (!verdict?.overtaken) station.lastPut = time;
    if (verdict !== undefined && verdict.holdNs > 0) this.#holdManager(verdict.holdNs);
    for (const sent of verdict?.frames ?? [frame])
      this.#schedule(time, () => this.#put(station, sent, options));
  }

  /** RM looks at its queues, unless it is held back. */
  runManager(): void {
    if (this.#managerHeldUntil > this.#now) return;
    this.manager.run();
    // One that found the queue full goes in before RM turns away for good.
    for (const station of this.#stations.values()) while (this.#putWaiting(station)) this.manager.run();
    for (const station of this.#stations.values()) this.#noticeLoss(station);
    if (this.manager.platform.realVms) this.#takeOwed();
  }

  /** A VM's first vCPU halts; see ResourceManager.vcpuHalt. Where VMs are real only one that runs can. */
  vcpuHalt(vmid: number, state: number, data: readonly [bigint, bigint]): void {
    const { platform } = this.manager;
    if (platform.realVms && this.manager.vm(vmid)?.state !== VmState.RUNNING) return;
    const words = [`0x${data[0].toString(16)}`, `0x${data[1].toString(16)}`] as const;
    this.#observer.operation?.({ op: 'vcpu_halt', vmid, state, data: words });
    this.manager.vcpuHalt(vmid, state, data);
    this.runManager();
  }

  /** Fresh machine: memory, links, everything under way is gone; time goes on. */
  reboot(): void {
    this.#observer.operation?.({ op: 'reboot' });
    this.#boot++;
    this.#owed = [];
    this.#managerHeldUntil = 0;
    this.#stations.clear();
    this.manager.reboot();
    this.#drawHandleBase();
  }

  /** Writes to physical memory. @param file name of the file that the bytes are from, for captures. */
  load(address: number, bytes: Uint8Array, file: string | undefined): void {
    const where = { op: 'load', address: `0x${address.toString(16)}` } as const;
    this.#observer.operation?.(
      file === undefined ? { ...where, data: formatHex(bytes) } : { ...where, file },
    );
    this.manager.hypervisor.writeMemory(address, bytes);
  }

  /** From now on a VM takes so many more messages ({@link UNLIMITED}: all). What it may take it takes now. */
  limit(vmid: number, count: number): void {
    this.#observer.operation?.({ op: 'receive_limit', vmid, count });
    this.#station(vmid).allowance = count;
    this.#takeOwed();
  }

  /** All VMs take everything again. */
  unlimit(): void {
    this.#observer.operation?.({ op: 'drain' });
    for (const station of this.#stations.values()) station.allowance = UNLIMITED;
    this.#takeOwed();
  }

  /** Messages that wait on queues to VMs, by rising VMID; VMs with none are left out. */
  waiting(): readonly { readonly vmid: number; readonly count: number }[] {
    return [...this.#stations.keys()]
      .map((vmid) => ({ vmid, count: this.manager.link(vmid)?.toVm.count ?? 0 }))
      .filter(({ count }) => count > 0)
      .sort((left, right) => left.vmid - right.vmid);
  }

  #station(vmid: number): Station {
    let station = this.#stations.get(vmid);
    if (station === undefined) {
      station = new Station(vmid, this.#random.child(`vm-${vmid}`));
      this.#stations.set(vmid, station);
    }
    return station;
  }

  #drawHandleBase(): void {
    if (!this.manager.platform.irqHandleBaseRandom) return;
    this.manager.irqHandleBase = this.#random.child(`irq-handle-base-${this.#boot}`).u32();
  }

  #jitter(station: Station): number {
    return this.#delays.jitterNs === 0 ? 0 : station.random.below(this.#delays.jitterNs + 1);
  }

  /** What belongs to one boot of the machine. */
  #schedule(time: number, action: () => void): void {
    const boot = this.#boot;
    this.#heap.push(time, () => {
      if (boot === this.#boot) action();
    });
  }

  #holdManager(ns: number): void {
    this.#managerHeldUntil = Math.max(this.#managerHeldUntil, this.#now + ns);
    this.#schedule(this.#managerHeldUntil, () => this.runManager());
  }

  #put(station: Station, frame: Uint8Array, options: SendOptions): void {
    const { refuse = false, enqueue = false } = options;
    if (!refuse && station.outbox.length > 0) station.outbox.push(frame);
    else {
      const error = this.#tryPut(station, frame, enqueue);
      if (error === QueueError.FULL && !refuse) station.outbox.push(frame);
      else if (error !== QueueError.OK) this.#observer.refused?.(station.vmid, frame);
    }
    if (!enqueue) this.runManager();
  }

  /** @returns a QueueError; ARGUMENT_INVALID without a queue. */
  #tryPut(station: Station, frame: Uint8Array, enqueue: boolean): number {
    const queue = this.manager.link(station.vmid)?.toManager;
    if (queue === undefined) return QueueError.ARGUMENT_INVALID;
    const before = queue.count;
    const { error } = queue.send(frame);
    const enqueued = enqueue || this.#managerHeldUntil > this.#now;
    // The real hypervisor takes messages of impossible sizes, and they vanish.
    if (queue.count > before) this.#observer.put?.(station.vmid, VMID_RM, frame, enqueued);
    return error;
  }

  #putWaiting(station: Station): boolean {
    const frame = station.outbox[0];
    if (frame === undefined || this.manager.panicked !== undefined) return false;
    const error = this.#tryPut(station, frame, false);
    if (error === QueueError.FULL) return false;
    station.outbox.shift();
    if (error !== QueueError.OK) this.#observer.refused?.(station.vmid, frame);
    return true;
  }

  /** RM has put a message on the queue to a VM, which will take it. */
  #sent(vmid: number, frame: Uint8Array): void {
    this.#observer.put?.(VMID_RM, vmid, frame, false);
    const link = this.manager.link(vmid);
    if (link === undefined) return;
    const station = this.#station(vmid);
    if (station.link !== link) this.#noticeLoss(station);
    station.link = link;
    station.sent++;
    const time = Math.max(station.lastTake, this.#now + this.#delays.takeNs + this.#jitter(station));
    station.lastTake = time;
    this.#schedule(time, () => this.#take({ station, link }));
  }

  #mayTake(station: Station): boolean {
    if (station.allowance === 0 || station.heldUntil > this.#now) return false;
    return !this.manager.platform.realVms || this.manager.vm(station.vmid)?.state === VmState.RUNNING;
  }

  #take(owed: Owed): void {
    const { station, link } = owed;
    if (this.manager.link(station.vmid) !== link) return;
    if (!this.#mayTake(station)) {
      this.#owed.push(owed);
      return;
    }
    const { message } = link.toVm.receive();
    if (message === undefined) return;
    station.sent--;
    station.allowance--;
    this.#deliver(station, message);
    this.runManager();
  }

  /** VMs that may take again do so now, the message that has waited longest first. */
  #takeOwed(): void {
    const owed = this.#owed;
    this.#owed = [];
    for (const item of owed) {
      if (this.#mayTake(item.station)) this.#schedule(this.#now, () => this.#take(item));
      else this.#owed.push(item);
    }
  }

  #deliver(station: Station, message: Uint8Array): void {
    const verdict = this.faults.judge(VMID_RM, station.vmid, message);
    const usual = this.#now + (verdict?.delayNs ?? 0);
    const time = verdict?.overtaken ? usual : Math.max(usual, station.lastDelivery);
    if (!verdict?.overtaken) station.lastDelivery = time;
    if (verdict !== undefined && verdict.holdNs > 0) {
      station.heldUntil = Math.max(station.heldUntil, this.#now + verdict.holdNs);
      this.#schedule(station.heldUntil, () => this.#takeOwed());
    }
    for (const frame of verdict?.frames ?? [message])
      this.#schedule(time, () => this.#observer.received?.(station.vmid, frame));
  }

  #noticeLoss(station: Station): void {
    if (station.link === undefined || station.link === this.manager.link(station.vmid)) return;
    if (station.sent > 0) this.#observer.lost?.(station.vmid, station.sent);
    station.link = undefined;
    station.sent = 0;
    this.#owed = this.#owed.filter((owed) => owed.station !== station);
  }
}
