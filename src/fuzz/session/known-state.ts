import { constants, vmStatus } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import type { GeneratedTree } from '../tree/generate-tree.js';

const { VMID_HLOS, VMID_DYNAMIC_FIRST } = constants;

/** States of a VM as RM reports them. */
export const State = vmStatus.values;
/** State of a VM whose state has to be asked for. RM never reports this value. */
export const UNKNOWN = State.NO_STATE;

const BEFORE_START: ReadonlySet<number> = new Set([UNKNOWN, State.LOAD, State.AUTH, State.INIT, State.READY]);

export interface Range {
  readonly address: number;
  readonly size: number;
}

/** A VM, as far as replies and notifications tell. */
export interface KnownVm {
  readonly vmid: number;
  /** Index of the memory region that it boots from. */
  readonly region: number;
  state: number;
  /** The parcel with the memory that it boots from. */
  image: KnownParcel | undefined;
  /** The devicetree that was last written into its image. */
  tree: GeneratedTree | undefined;
  /** No start has used {@link tree} yet. */
  treeFresh: boolean;
  /** The tree that it was initialised with. */
  configured: GeneratedTree | undefined;
  /** It has message queues to RM. */
  linked: boolean;
  /** Resets since its VMID was allocated. The public manager cleans up in the first one only (rm-lives.md, section 1). */
  resets: number;
  /** Guest memory that was donated to it. */
  readonly owned: Range[];
  /** Guest addresses that it has reserved. */
  readonly reserved: Range[];
}

/** OPEN: its owner still appends memory; OFFERED: complete and not accepted. */
export const ParcelState = { OPEN: 0, OFFERED: 1, ACCEPTED: 2 } as const;

export interface KnownParcel {
  handle: number;
  readonly owner: number;
  readonly transType: number;
  readonly memType: number;
  readonly label: number;
  readonly targets: readonly number[];
  /** Access rights of the targets, by their index. */
  readonly rights: readonly number[];
  /** Addresses in the owner's space. */
  readonly ranges: readonly Range[];
  readonly acceptors: number[];
  state: number;
  /** mem_info_tag of notifications, 0 until there was one. */
  tag: number;
}

export const InterruptState = { OFFERED: 0, BOUND: 1 } as const;

/** An interrupt that HLOS has lent. */
export interface KnownInterrupt {
  readonly handle: number;
  readonly virq: number;
  readonly borrower: number;
  state: number;
}

/** VMIDs that VM_ALLOC_VMID takes by number. */
export const NAMED_VMIDS = { first: 4, count: 28 } as const;
/** VMIDs and handles that no longer exist: so many of each are kept. */
const GONE_MAX = 8;
/** Probability that a request whose sender does not matter comes from a ghost, where there is one, 0..1. */
const GHOST_SHARE = 0.3;

/** What a session knows of the target from its replies and notifications. */
export class KnownState {
  readonly vms: KnownVm[] = [];
  readonly parcels: KnownParcel[] = [];
  readonly interrupts: KnownInterrupt[] = [];
  /**
   * What is left of a VM's earlier life: what it still held when a reset cleaned nothing up, and the parcels that it made
   * before any reset.
   */
  readonly leftParcels: KnownParcel[] = [];
  readonly leftInterrupts: KnownInterrupt[] = [];
  readonly goneVmids: number[] = [];
  /** VMIDs that were deallocated after a reset that cleaned nothing up: their queues to RM still exist. */
  readonly ghosts: number[] = [];
  readonly goneParcels: number[] = [];
  readonly goneInterrupts: number[] = [];
  /** The highest handle of a parcel so far, -1 before the first. */
  lastHandle = -1;
  lastVmid: number = VMID_DYNAMIC_FIRST - 1;
  /** Memory regions that VMs have used to boot from. */
  regions = 0;
  /** RM has firmware for VMs. */
  firmware = false;

  clear(): void {
    const { vms, parcels, interrupts, leftParcels, leftInterrupts } = this;
    const { goneVmids, ghosts, goneParcels, goneInterrupts } = this;
    for (const list of [vms, parcels, interrupts, leftParcels, leftInterrupts]) list.length = 0;
    for (const list of [goneVmids, ghosts, goneParcels, goneInterrupts]) list.length = 0;
    this.lastHandle = -1;
    this.lastVmid = VMID_DYNAMIC_FIRST - 1;
    this.regions = 0;
    this.firmware = false;
  }

  vm(vmid: number): KnownVm | undefined {
    for (const vm of this.vms) if (vm.vmid === vmid) return vm;
    return undefined;
  }

  parcel(handle: number): KnownParcel | undefined {
    for (const parcel of this.parcels) if (parcel.handle === handle) return parcel;
    return undefined;
  }

  /** Whether a VM has yet to be started, or there is no VM. */
  hasVmToStart(): boolean {
    for (const { state } of this.vms) if (BEFORE_START.has(state)) return true;
    return this.vms.length === 0;
  }

  addVm(vmid: number): void {
    if (this.vm(vmid) !== undefined) return;
    this.vms.push({
      vmid,
      region: this.regions++,
      state: State.LOAD,
      image: undefined,
      tree: undefined,
      treeFresh: false,
      configured: undefined,
      linked: remove(this.ghosts, vmid),
      resets: 0,
      owned: [],
      reserved: [],
    });
    if (vmid > this.lastVmid) this.lastVmid = vmid;
  }

  addParcel(parcel: KnownParcel, handle: number): void {
    parcel.handle = handle;
    this.parcels.push(parcel);
    if (handle > this.lastHandle) this.lastHandle = handle;
  }

  forgetVm(vm: KnownVm): void {
    remove(this.vms, vm);
    keep(this.goneVmids, vm.vmid);
    if (vm.linked) keep(this.ghosts, vm.vmid);
  }

  forgetParcel(parcel: KnownParcel): void {
    remove(this.parcels, parcel);
    remove(this.leftParcels, parcel);
    keep(this.goneParcels, parcel.handle);
    for (const vm of this.vms) if (vm.image === parcel) vm.image = undefined;
  }

  forgetInterrupt(interrupt: KnownInterrupt): void {
    remove(this.interrupts, interrupt);
    remove(this.leftInterrupts, interrupt);
    keep(this.goneInterrupts, interrupt.handle);
  }

  /**
   * A VM was reset. The first time RM has released its parcels and unbound its interrupts. After a later reset it still
   * holds what it held, and its queues.
   */
  vmReset(vm: KnownVm): void {
    vm.state = State.RESET;
    for (const parcel of this.parcels) if (parcel.owner === vm.vmid) this.#left(parcel);
    if (++vm.resets > 1) {
      this.#leftAsHeld(vm);
      return;
    }
    vm.linked = false;
    vm.owned.length = 0;
    vm.reserved.length = 0;
    for (const parcel of this.parcels) this.parcelReleased(parcel, vm.vmid);
    for (const interrupt of this.interrupts)
      if (interrupt.borrower === vm.vmid) interrupt.state = InterruptState.OFFERED;
  }

  /** The memory that a VM boots from is part of each life. */
  #leftAsHeld({ vmid, image }: KnownVm): void {
    for (const parcel of this.parcels)
      if (parcel !== image && parcel.acceptors.includes(vmid)) this.#left(parcel);
    for (const interrupt of this.interrupts) {
      const isBound = interrupt.borrower === vmid && interrupt.state === InterruptState.BOUND;
      if (isBound && !this.leftInterrupts.includes(interrupt)) this.leftInterrupts.push(interrupt);
    }
  }

  #left(parcel: KnownParcel): void {
    if (!this.leftParcels.includes(parcel)) this.leftParcels.push(parcel);
  }

  parcelAccepted(parcel: KnownParcel, vmid: number): void {
    if (!parcel.acceptors.includes(vmid)) parcel.acceptors.push(vmid);
    parcel.state = ParcelState.ACCEPTED;
  }

  parcelReleased(parcel: KnownParcel, vmid: number): void {
    if (!remove(parcel.acceptors, vmid) || parcel.acceptors.length > 0) return;
    parcel.state = ParcelState.OFFERED;
    if (parcel.owner === VMID_HLOS) remove(this.leftParcels, parcel);
  }

  /** HLOS, or a VM that has queues to RM. */
  anySender(random: Random): number {
    if (this.ghosts.length > 0 && random.chance(GHOST_SHARE)) return pick(random, this.ghosts) as number;
    const vm = this.vms[random.below(this.vms.length + 1)];
    return vm?.linked === true ? vm.vmid : VMID_HLOS;
  }

  canSend(vmid: number): boolean {
    if (vmid === VMID_HLOS) return true;
    const vm = this.vm(vmid);
    return vm === undefined ? this.ghosts.includes(vmid) : vm.linked;
  }

  /** The queue did not take a message of a VM: it has none. */
  cannotSend(vmid: number): void {
    const vm = this.vm(vmid);
    if (vm !== undefined) vm.linked = false;
    else remove(this.ghosts, vmid);
  }

  /** A VMID that was deallocated and can be allocated again by number. */
  freedVmid(random: Random): number | undefined {
    return pick(
      random,
      this.goneVmids.filter(
        (vmid) => vmid < NAMED_VMIDS.first + NAMED_VMIDS.count && this.vm(vmid) === undefined,
      ),
    );
  }
}

export function namedVmid(random: Random): number {
  return NAMED_VMIDS.first + random.below(NAMED_VMIDS.count);
}

/** Any element, undefined of an empty list. */
export function pick<T>(random: Random, list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[random.below(list.length)];
}

function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
  return at >= 0;
}

function keep(list: number[], item: number): void {
  list.push(item);
  if (list.length > GONE_MAX) list.shift();
}
