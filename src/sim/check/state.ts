import {
  Access,
  extentOwner,
  HYPERVISOR,
  type HypervisorModel,
  NOBODY,
  type Owner,
  ownerName,
  parcelOwner,
  vmOfExtent,
} from '../../hypervisor/index.js';
import type { ResourceManager } from '../../rm/index.js';
import type { KnownFault } from './violation.js';

const VMID_COUNT = 256;
/** rm-behaviour.md, "Memory parcels". */
const PARCELS_MAX = 64;

/** A rule that the state breaks, and the known fault that may explain it. */
export interface Breach {
  readonly rule: string;
  readonly detail: string;
  readonly mayBe: KnownFault | undefined;
}

/** Yields the rules that a manager and its hypervisor break. Valid only while no message is being handled. */
export function* inspect(manager: ResourceManager, hypervisor: HypervisorModel): Generator<Breach> {
  yield* inspectParcels(manager, hypervisor);
  yield* inspectOwners(manager, hypervisor);
  yield* inspectBorrowers(manager, hypervisor);
  yield* inspectDevices(manager);
  for (let vmid = 0; vmid < VMID_COUNT; vmid++)
    if (manager.link(vmid) !== undefined && manager.vm(vmid) === undefined)
      yield { rule: 'link_of_nobody', detail: `VM ${vmid} is gone, its link is not`, mayBe: 'second_reset' };
}

/** Yields VMs whose reset will free a device's data a second time. */
function* inspectDevices(manager: ResourceManager): Generator<Breach> {
  for (const { vmid, config } of manager.vms())
    if (config?.iomemFreedTwice === true)
      yield { rule: 'freed_twice', detail: `VM ${vmid}'s iomem device`, mayBe: 'iomem_freed_twice' };
}

function* inspectParcels(manager: ResourceManager, hypervisor: HypervisorModel): Generator<Breach> {
  const counts = new Map<number, number>();
  for (const parcel of manager.parcels.all()) {
    const { handle, owner, regions } = parcel;
    const vm = manager.vm(owner);
    counts.set(owner, (counts.get(owner) ?? 0) + 1);
    if (vm === undefined)
      yield {
        rule: 'parcel_of_nobody',
        detail: `parcel ${handle} of VM ${owner}, which is gone`,
        mayBe: 'owner_gone',
      };
    const size = regions.reduce((sum, region) => sum + region.size, 0);
    if (size !== parcel.totalSize)
      yield {
        rule: 'parcel_size',
        detail: `parcel ${handle} holds ${size} bytes and counts ${parcel.totalSize}`,
        mayBe: 'failed_append',
      };
    const sharing = parcel.participants.filter(({ shared }) => shared);
    if (sharing.length !== parcel.shareCount)
      yield {
        rule: 'share_count',
        detail: `parcel ${handle}: ${sharing.length} VMs have it, ${parcel.shareCount} counted`,
        mayBe: undefined,
      };
    for (const { vmid } of sharing)
      if (manager.vm(vmid) === undefined)
        yield {
          rule: 'accepted_by_nobody',
          detail: `parcel ${handle} is accepted by VM ${vmid}, which is gone`,
          mayBe: 'second_reset',
        };
    if (parcel.participant(owner) === undefined)
      for (const { phys, size, ownerIpa } of regions)
        yield* seen(hypervisor, owner, ownerIpa, size, phys, handle);
  }
  for (const [vmid, count] of counts)
    if (count > PARCELS_MAX)
      yield { rule: 'parcels_per_owner', detail: `VM ${vmid} has ${count} parcels`, mayBe: undefined };
  for (const { vmid, parcelCount } of manager.vms())
    if (parcelCount !== (counts.get(vmid) ?? 0))
      yield {
        rule: 'parcel_count',
        detail: `VM ${vmid} has ${counts.get(vmid) ?? 0} parcels and counts ${parcelCount}`,
        // A VMID that is given out again starts at 0.
        mayBe: 'owner_gone',
      };
}

const PAGE_SIZE = 4096;

/** Yields a breach when the owner of a lent parcel can still access its memory. Tests its first and last page only. */
function* seen(
  hypervisor: HypervisorModel,
  owner: number,
  ipa: number,
  size: number,
  phys: number,
  handle: number,
): Generator<Breach> {
  for (const offset of size > PAGE_SIZE ? [0, size - PAGE_SIZE] : [0]) {
    const access = hypervisor.memory.translate(owner, ipa + offset, Access.R);
    if ('phys' in access && access.phys === phys + offset)
      yield {
        rule: 'lender_sees_memory',
        detail: `VM ${owner} still has 0x${(ipa + offset).toString(16)} of parcel ${handle}`,
        mayBe: undefined,
      };
  }
}

/** Yields VMs that can access a parcel's memory although they neither accepted the parcel nor own a shared one. */
function* inspectBorrowers(manager: ResourceManager, hypervisor: HypervisorModel): Generator<Breach> {
  const parcels = new Map([...manager.parcels.all()].map((parcel) => [parcelOwner(parcel.handle), parcel]));
  for (const { start, value } of hypervisor.memory.records())
    for (const borrower of value.borrowers) {
      const parcel = parcels.get(value.owner);
      if (isPaged(manager, value.owner, borrower.owner)) continue;
      // RM knows nothing of what these do without it.
      const isApart = (owner: Owner) => owner === HYPERVISOR || hypervisor.memory.isInternal(owner);
      if (isApart(borrower.owner) || isApart(value.owner)) continue;
      if (parcel?.owner === borrower.owner || parcel?.participant(borrower.owner)?.mappedIn !== undefined)
        continue;
      yield {
        rule: 'seen_by_stranger',
        detail: `VM ${borrower.owner} sees memory at 0x${start.toString(16)}, which it has not accepted`,
        mayBe: undefined,
      };
    }
}

/** Whether memory of an extent may be seen by a VM: it is the guest's, and shared memory is the host's, too. */
function isPaged(manager: ResourceManager, owner: Owner, vmid: number): boolean {
  const guest = vmOfExtent(owner);
  if (guest === undefined) return false;
  return vmid === guest || (owner === extentOwner(guest, 'shared') && vmid === manager.vm(guest)?.owner);
}

function* inspectOwners(manager: ResourceManager, hypervisor: HypervisorModel): Generator<Breach> {
  const parcels = new Map([...manager.parcels.all()].map((parcel) => [parcelOwner(parcel.handle), parcel]));
  for (const kind of ['normal', 'io'] as const) {
    const inParcels = new Map<number, number>();
    let last = Number.NEGATIVE_INFINITY;
    for (const { start, end, value } of hypervisor.memory.owners(kind)) {
      const range = `${kind} memory 0x${start.toString(16)}..0x${end.toString(16)}`;
      if (start < last || end <= start)
        yield { rule: 'two_owners', detail: `${range} overlaps what is before it`, mayBe: undefined };
      last = end;
      const exists = value === HYPERVISOR || hypervisor.memory.isInternal(value);
      if (value >= 0 && !exists && manager.vm(value) === undefined)
        yield {
          rule: 'memory_of_nobody',
          detail: `${range} is VM ${value}'s, which is gone`,
          mayBe: 'second_reset',
        };
      const paged = vmOfExtent(value);
      if (paged !== undefined && manager.vm(paged)?.config?.paging?.capabilities === undefined)
        yield { rule: 'memory_of_nobody', detail: `${range} is in a ${ownerName(value)}`, mayBe: undefined };
      if (value >= 0 || value === NOBODY || paged !== undefined) continue;
      if (parcels.has(value)) inParcels.set(value, (inParcels.get(value) ?? 0) + end - start);
      else
        yield {
          rule: 'memory_in_no_parcel',
          detail: `${range} is in a parcel that is gone`,
          mayBe: undefined,
        };
    }
    for (const [owner, parcel] of parcels) {
      const size = parcel.kind === kind ? parcel.regions.reduce((sum, region) => sum + region.size, 0) : 0;
      if ((inParcels.get(owner) ?? 0) !== size)
        yield {
          rule: 'parcel_not_owned',
          detail: `parcel ${parcel.handle} lists ${size} bytes of ${kind} memory and owns ${inParcels.get(owner) ?? 0}`,
          mayBe: undefined,
        };
    }
  }
}

/** What a manager holds. It must be the same again after everything was given back. */
export interface Holdings {
  readonly vms: readonly number[];
  readonly links: readonly number[];
  readonly parcels: readonly number[];
  /** Ranges of memory: who owns them, who has borrowed them, where. */
  readonly memory: readonly string[];
  /** Interrupt numbers in use, by VM. */
  readonly interrupts: readonly string[];
  /** Peers, by VM. */
  readonly peers: readonly string[];
}

export function holdings(manager: ResourceManager, hypervisor: HypervisorModel): Holdings {
  const vms = manager.vms();
  const vmids = Array.from({ length: VMID_COUNT }, (_, vmid) => vmid);
  return {
    vms: vms.map(({ vmid }) => vmid),
    links: vmids.filter((vmid) => manager.link(vmid) !== undefined),
    parcels: [...manager.parcels.all()].map(({ handle }) => handle),
    memory: hypervisor.memory.records().map(({ start, end, value: { kind, owner, address, borrowers } }) => {
      const others = borrowers.map((borrower) => ` ${borrower.owner}@${borrower.address}`).join('');
      return `${kind} ${start}..${end} ${owner}@${address}${others}`;
    }),
    interrupts: vms.map(({ vmid, interrupts }) => `${vmid}: ${[...(interrupts?.numbers() ?? [])].join()}`),
    peers: vms.map(({ vmid, peers }) => `${vmid}: ${peers.map((peer) => peer.vmid).join()}`),
  };
}
