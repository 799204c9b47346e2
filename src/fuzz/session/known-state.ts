import { constants, vmStatus } from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import type { GeneratedTree } from '../tree/generate-tree.js';

/** States of a VM as RM reports them. */
export const State = vmStatus.values;
/** What a VM's state is called while it has to be asked for: RM never reports that one. */
export const UNKNOWN = State.NO_STATE;

const UNBORN =
  (1 << UNKNOWN) | (1 << State.LOAD) | (1 << State.AUTH) | (1 << State.INIT) | (1 << State.READY);

export interface Range {
  readonly address: number;
  readonly size: number;
}

/** A VM, as far as replies and notifications tell. */
export interface KnownVm {
  readonly vmid: number;
  /** Number of the part of memory that it boots from. */
  readonly region: number;
  state: number;
  image: KnownParcel | undefined;
  /** What was last written where its devicetree goes, and whether no boot has used it up since. */
  tree: GeneratedTree | undefined;
  treeFresh: boolean;
  /** The tree that it was initialised with. */
  configured: GeneratedTree | undefined;
  /** It has queues to RM. */
  linked: boolean;
  authentication: number;
  /** Guest memory that it was given for good. */
  readonly owned: Range[];
  /** Guest addresses that it has reserved. */
  readonly reserved: Range[];
}

/** What became of a parcel: more memory is to come, nobody has accepted it, somebody has. */
export const ParcelState = { OPEN: 0, OFFERED: 1, ACCEPTED: 2 } as const;

export interface KnownParcel {
  handle: number;
  readonly owner: number;
  readonly transType: number;
  readonly memType: number;
  readonly label: number;
  readonly targets: readonly number[];
  readonly rights: readonly number[];
  /** Addresses in the owner's space. */
  readonly ranges: Range[];
  readonly acceptors: number[];
  stage: number;
  tag: number;
}

export const InterruptState = { OFFERED: 0, BOUND: 1 } as const;

/** An interrupt that HLOS has lent. */
export interface KnownInterrupt {
  readonly handle: number;
  readonly virq: number;
  readonly borrower: number;
  stage: number;
}

/** So many of what is gone are remembered. */
const GONE_MAX = 8;

/** Everything that a session has learnt since the target was fresh. */
export class KnownState {
  readonly vms: KnownVm[] = [];
  readonly parcels: KnownParcel[] = [];
  readonly interrupts: KnownInterrupt[] = [];
  readonly goneVmids: number[] = [];
  readonly goneHandles: number[] = [];
  readonly goneInterrupts: number[] = [];
  /** The highest handle seen. */
  lastHandle = -1;
  lastVmid: number = constants.VMID_DYNAMIC_FIRST - 1;
  /** Parts of memory that VMs were made to boot from. */
  regions = 0;
  /** RM has firmware for VMs. */
  firmware = false;

  clear(): void {
    for (const list of [
      this.vms,
      this.parcels,
      this.interrupts,
      this.goneVmids,
      this.goneHandles,
      this.goneInterrupts,
    ])
      list.length = 0;
    this.lastHandle = -1;
    this.lastVmid = constants.VMID_DYNAMIC_FIRST - 1;
    this.regions = 0;
    this.firmware = false;
  }

  vm(vmid: number): KnownVm | undefined {
    for (const vm of this.vms) if (vm.vmid === vmid) return vm;
    return undefined;
  }

  /** Whether there is a VM that does not run yet and has not ended, or none at all. */
  unborn(): boolean {
    for (const { state } of this.vms) if (((1 << state) & UNBORN) !== 0) return true;
    return this.vms.length === 0;
  }

  parcel(handle: number): KnownParcel | undefined {
    for (const parcel of this.parcels) if (parcel.handle === handle) return parcel;
    return undefined;
  }

  interrupt(handle: number): KnownInterrupt | undefined {
    for (const interrupt of this.interrupts) if (interrupt.handle === handle) return interrupt;
    return undefined;
  }

  addParcel(parcel: KnownParcel, handle: number): void {
    parcel.handle = handle;
    this.parcels.push(parcel);
    if (handle > this.lastHandle) this.lastHandle = handle;
  }

  forgetVm(vm: KnownVm): void {
    forget(this.vms, vm);
    remember(this.goneVmids, vm.vmid);
  }

  forgetParcel(parcel: KnownParcel): void {
    forget(this.parcels, parcel);
    remember(this.goneHandles, parcel.handle);
    for (const vm of this.vms) if (vm.image === parcel) vm.image = undefined;
  }

  forgetInterrupt(interrupt: KnownInterrupt): void {
    forget(this.interrupts, interrupt);
    remember(this.goneInterrupts, interrupt.handle);
  }

  /** What a VM's reset gives back: what it had accepted, and the interrupts it had bound. */
  released(vmid: number): void {
    for (const parcel of this.parcels) this.left(parcel, vmid);
    for (const interrupt of this.interrupts)
      if (interrupt.borrower === vmid) interrupt.stage = InterruptState.OFFERED;
  }

  /** A VM no longer uses a parcel. */
  left(parcel: KnownParcel, vmid: number): void {
    const at = parcel.acceptors.indexOf(vmid);
    if (at < 0) return;
    parcel.acceptors.splice(at, 1);
    if (parcel.acceptors.length === 0) parcel.stage = ParcelState.OFFERED;
  }

  /** HLOS, or one of the VMs that can send. */
  speaker(random: Random): number {
    const vm = this.vms[random.below(this.vms.length + 1)];
    return vm?.linked === true ? vm.vmid : constants.VMID_HLOS;
  }

  speaks(vmid: number): boolean {
    return vmid === constants.VMID_HLOS || this.vm(vmid)?.linked === true;
  }
}

/** Any element, undefined of an empty list. */
export function pick<T>(random: Random, list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[random.below(list.length)];
}

function forget<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

function remember(list: number[], item: number): void {
  list.push(item);
  if (list.length > GONE_MAX) list.shift();
}
