import { protocol } from '../../schemas/index.js';
import { AddressRanges, type Hypervisor, HypervisorModel, InterruptNumbers } from '../hypervisor/index.js';
import { FrameWriter } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { RmError, VMID_HLOS, VMID_RM } from './codes.js';
import { haltVcpu } from './create/halt.js';
import { handlers } from './dispatch.js';
import { EventLoop } from './event-loop.js';
import type { Handler } from './handlers/handler.js';
import { InterruptTable } from './interrupt-table.js';
import { Link, type LinkOwner, NotificationCounter } from './link.js';
import { ManagerPanic, type PanicReason, panicPlaces } from './panics.js';
import { ParcelTable } from './parcels/table.js';
import { type PlatformProfile, platforms } from './platform.js';
import { VmState } from './states.js';
import { Vm, VmConfig } from './vm.js';
import { errorReply } from './wire.js';

/** Bits of the VMIDs that may be asked for by number: 4..31. */
const SECONDARY_VMID_MIN = 4;
const SECONDARY_VMID_MAX = 31;
const DYNAMIC_VMID_MIN = 128;
/** 191 is never handed out: the free mask covers 63 values. */
const DYNAMIC_VMID_MAX = 190;
const VMID_COUNT = 256;
const ADDRESS_SPACE_SIZE = 2 ** 36;
const PAGE_SIZE = 0x1000;

/** Pages that the hypervisor has for the tables of a VM's address space at the moment. */
type TablePagesMax = (vmid: number) => number;

export interface ManagerOptions {
  readonly platform?: PlatformProfile;
  /** Depth of the primary VM's queues; other values than 8 replace the depth of all queues. */
  readonly queueDepth?: number;
  /** Whether the primary VM owns the platform's device memory. */
  readonly hlosOwnsIo?: boolean;
  /** A debug build checks less of the image at VM_START. */
  readonly debugBuild?: boolean;
  /** Answers with an error where the public manager dies, and has none of its leaks. */
  readonly careful?: boolean;
  /** The hypervisor below, made anew at every boot; the model by default. */
  readonly hypervisor?: (options: ManagerOptions, tablePagesMax: TablePagesMax) => Hypervisor;
  /** Other handlers by message id than the manager's own, all of them; a message without one is not implemented. */
  readonly handlers?: ReadonlyMap<number, Handler>;
  /** It has died and answers nothing until {@link ResourceManager.reboot}. */
  readonly onPanic?: (reason: PanicReason) => void;
  /** A queue message was put on the queue to a VM. */
  readonly onSent?: (vmid: number, frame: Uint8Array) => void;
}

function modelFor(options: ManagerOptions, tablePagesMax: TablePagesMax): Hypervisor {
  const platform = options.platform ?? platforms.native;
  return new HypervisorModel({
    normal: [platform.memory],
    io: options.hlosOwnsIo === true ? [platform.ownedIo] : [],
    interrupts: platform.interrupts,
    primaryVmid: VMID_HLOS,
    tablePagesMax,
  });
}

/**
 * The simulated resource manager: messages in through queues, messages out through queues. It does nothing on
 * its own: whoever holds it calls {@link run} after a message was put or taken. No clock, no randomness.
 */
export class ResourceManager implements LinkOwner {
  readonly platform: PlatformProfile;
  readonly careful: boolean;
  readonly debugBuild: boolean;
  /** IRQ lend handles count from here; a platform with a random base has it set from outside, like any randomness. */
  irqHandleBase: number;
  readonly frames = new FrameWriter(protocol);
  readonly #options: ManagerOptions;
  readonly #handlers: ReadonlyMap<number, Handler>;
  #state: BootState;

  constructor(options: ManagerOptions = {}) {
    this.#options = options;
    this.#handlers = options.handlers ?? handlers;
    this.platform = options.platform ?? platforms.native;
    this.irqHandleBase = this.platform.irqHandleBase;
    this.careful = options.careful ?? false;
    this.debugBuild = options.debugBuild ?? false;
    this.#state = this.#boot();
  }

  /** Why it stopped, undefined while it runs. Only {@link reboot} makes it run again. */
  get panicked(): PanicReason | undefined {
    return this.#state.panicked;
  }

  get hypervisor(): Hypervisor {
    return this.#state.hypervisor;
  }

  get parcels(): ParcelTable {
    return this.#state.parcels;
  }

  get interrupts(): InterruptTable {
    return this.#state.interrupts;
  }

  get loop(): EventLoop {
    return this.#state.loop;
  }

  get counter(): NotificationCounter {
    return this.#state.counter;
  }

  /** Firmware for Android VMs, and whether the time to provide it is over; for the firmware messages. */
  get firmware(): FirmwareState {
    return this.#state.firmware;
  }

  /** Interrupts can no longer be made for VMs of this boot (platform, privateVirqSpoils). */
  get interruptsSpoilt(): boolean {
    return this.#state.interruptsSpoilt;
  }

  set interruptsSpoilt(spoilt: boolean) {
    this.#state.interruptsSpoilt = spoilt;
  }

  /** Pages for the primary VM's tables: what the hypervisor has beside a fixed number for each other VM. */
  get #primaryTablesMax(): number {
    const { tables } = this.platform;
    if (tables === undefined) return Number.POSITIVE_INFINITY;
    let left = tables.pages - 1;
    for (const vm of this.vms())
      if (vm.owner !== VMID_RM && vm.config !== undefined) left -= tables.pagesPerVm;
    return left;
  }

  /** Fresh state, everything forgotten, memory contents included. */
  reboot(): void {
    this.#state = this.#boot();
  }

  #boot(): BootState {
    const hypervisor = (this.#options.hypervisor ?? modelFor)(this.#options, (vmid) =>
      vmid === VMID_HLOS ? this.#primaryTablesMax : Number.POSITIVE_INFINITY,
    );
    const vms = new Array<Vm | undefined>(VMID_COUNT).fill(undefined);
    const manager = new Vm(VMID_RM, VMID_RM);
    manager.name = 'RM';
    manager.sensitive = true;
    manager.config = new VmConfig();
    manager.config.vcpus = [{ label: 0, virq: 0, capability: hypervisor.newCapability() }];
    manager.space = this.newSpace();
    const primary = new Vm(VMID_HLOS, VMID_RM);
    primary.name = 'HLOS';
    primary.state = VmState.RUNNING;
    primary.config = new VmConfig();
    const { virtioRange } = this.platform;
    primary.space = new AddressRanges(virtioRange.start, virtioRange.size);
    primary.space.allocateAt(virtioRange.start, PAGE_SIZE);
    primary.interrupts = new InterruptNumbers();
    for (const number of this.platform.interrupts) primary.interrupts.take(number);
    // Its own two queues.
    primary.interrupts.choose();
    primary.interrupts.choose();
    vms[VMID_RM] = manager;
    vms[VMID_HLOS] = primary;
    const state: BootState = {
      hypervisor,
      vms,
      present: undefined,
      links: new Array<Link | undefined>(VMID_COUNT).fill(undefined),
      parcels: new ParcelTable(),
      interrupts: new InterruptTable(),
      loop: new EventLoop(),
      counter: new NotificationCounter(),
      firmware: { milestoneReached: false, size: undefined },
      rasHandler: undefined,
      interruptsSpoilt: false,
      panicked: undefined,
    };
    this.#state = state;
    this.addLink(VMID_HLOS, undefined, undefined);
    return state;
  }

  /** A secondary VM's address space, the device range taken. */
  newSpace(): AddressRanges {
    const space = new AddressRanges(0, ADDRESS_SPACE_SIZE);
    space.allocateAt(this.platform.deviceRange.start, this.platform.deviceRange.size);
    return space;
  }

  vm(vmid: number): Vm | undefined {
    return this.#state.vms[vmid];
  }

  /** All VMs by rising VMID, the manager included; a list that later calls do not change. */
  vms(): readonly Vm[] {
    this.#state.present ??= this.#state.vms.filter((vm) => vm !== undefined);
    return this.#state.present;
  }

  /** Makes a VM; its owner becomes its peer. @param vmid 0: the lowest free dynamic one. @returns undefined when there is none. */
  allocateVm(vmid: number, owner: Vm): Vm | undefined {
    const { vms } = this.#state;
    let chosen = vmid;
    if (vmid === 0) {
      chosen = DYNAMIC_VMID_MIN;
      while (chosen <= DYNAMIC_VMID_MAX && vms[chosen] !== undefined) chosen++;
      if (chosen > DYNAMIC_VMID_MAX) return undefined;
    } else if (!this.isSecondary(vmid) || vms[vmid] !== undefined) return undefined;
    const vm = new Vm(chosen, owner.vmid);
    vms[chosen] = vm;
    this.#state.present = undefined;
    return vm;
  }

  forgetVm(vm: Vm): void {
    if (vm.resetEvent !== undefined) this.loop.cancel(vm.resetEvent);
    this.#state.vms[vm.vmid] = undefined;
    this.#state.present = undefined;
  }

  isSecondary(vmid: number): boolean {
    return vmid >= SECONDARY_VMID_MIN && vmid <= SECONDARY_VMID_MAX;
  }

  /** Whether a VMID may stand in an ACL. */
  isTarget(vmid: number): boolean {
    if (vmid === VMID_HLOS || vmid === VMID_RM || this.isSecondary(vmid)) return true;
    return vmid >= DYNAMIC_VMID_MIN && vmid <= DYNAMIC_VMID_MAX && this.vm(vmid) !== undefined;
  }

  /** The VM that handles RAS errors; the public manager never forgets the first one. */
  get rasHandler(): Vm | undefined {
    return this.#state.rasHandler;
  }

  set rasHandler(vm: Vm | undefined) {
    this.#state.rasHandler = vm;
  }

  // Links

  link(vmid: number): Link | undefined {
    return this.#state.links[vmid];
  }

  /** Makes a VM's RPC link. @returns false when one exists for that VMID. */
  addLink(vmid: number, depth: number | undefined, messageSizeMax: number | undefined): boolean {
    if (this.link(vmid) !== undefined) return false;
    const platformDepth = this.#options.queueDepth ?? 8;
    const link = new Link(vmid, this, {
      depth: platformDepth === 8 ? (depth ?? 8) : platformDepth,
      ...(messageSizeMax === undefined ? {} : { messageSizeMax }),
      rules: this.platform.queueRules,
    });
    this.#state.links[vmid] = link;
    return true;
  }

  /** @returns false when there is none. */
  removeLink(vmid: number): boolean {
    const link = this.link(vmid);
    link?.close();
    this.#state.links[vmid] = undefined;
    return link !== undefined;
  }

  /** Sends a notification; without a link the public manager dies. */
  notify(vmid: number, id: number, payload: Uint8Array): void {
    const link = this.link(vmid);
    if (link === undefined) this.die('notify_without_link');
    link?.notify(id, payload);
  }

  sent(vmid: number, frame: Uint8Array): void {
    this.#options.onSent?.(vmid, frame);
  }

  tooLong(): void {
    this.die('message_too_long');
  }

  received(vmid: number, header: Header, view: DataView, start: number, end: number): void {
    if (header.type !== MessageType.request) return;
    const sender = this.vm(vmid);
    const handler = this.#handlers.get(header.msg_id);
    const reply =
      handler === undefined || sender === undefined
        ? errorReply(RmError.UNIMPLEMENTED)
        : handler(this, sender, { view, start, end });
    this.link(vmid)?.reply(header.msg_id, header.seq, reply);
  }

  /** Handles everything there is to do. */
  run(): void {
    if (this.panicked !== undefined) return;
    try {
      this.loop.run();
    } catch (error) {
      if (!(error instanceof ManagerPanic)) throw error;
      this.#panic(error.reason);
    }
  }

  /**
   * A VM's vCPU halts.
   *
   * @param state run state as the hypervisor reports it. @param data its two data words.
   */
  vcpuHalt(vmid: number, state: number, data: readonly [bigint, bigint]): void {
    if (this.panicked !== undefined) return;
    try {
      haltVcpu(this, vmid, state, data);
    } catch (error) {
      if (!(error instanceof ManagerPanic)) throw error;
      this.#panic(error.reason);
    }
  }

  /** A place where the public manager dies: unwinds, or in careful mode returns the error to answer instead. */
  die(reason: PanicReason): number {
    if (!this.careful) throw new ManagerPanic(reason);
    return panicPlaces[reason].carefulError;
  }

  #panic(reason: PanicReason): void {
    this.#state.panicked = reason;
    this.loop.clear();
    this.#options.onPanic?.(reason);
  }
}

/** What the firmware messages have set, for ever until a reboot. */
export interface FirmwareState {
  milestoneReached: boolean;
  /** Bytes of firmware that RM holds. */
  size: number | undefined;
}

interface BootState {
  readonly hypervisor: Hypervisor;
  /** By VMID. */
  readonly vms: (Vm | undefined)[];
  /** Those that there are, until one comes or goes. */
  present: readonly Vm[] | undefined;
  /** By VMID. */
  readonly links: (Link | undefined)[];
  readonly parcels: ParcelTable;
  readonly interrupts: InterruptTable;
  readonly loop: EventLoop;
  readonly counter: NotificationCounter;
  readonly firmware: FirmwareState;
  rasHandler: Vm | undefined;
  interruptsSpoilt: boolean;
  panicked: PanicReason | undefined;
}
