import type { Refusal, Transition } from '../../hypervisor/index.js';
import { Right, RmError, TransType } from '../codes.js';
import type { MemoryContext } from '../context.js';
import type { Vm } from '../vm.js';
import type { Parcel, Region } from './parcel.js';

/**
 * How a parcel's memory changes hands in the hypervisor. The VM that makes a parcel donates the memory to it. A parcel
 * made by MEM_SHARE shares the memory with its owner. A VM that accepts gets it at its addresses: donated by
 * MEM_DONATE, lent if it is the only VM in the ACL of MEM_LEND, else shared.
 */

/** A region, and where the VM that accepts it has it. */
interface Place {
  readonly region: Region;
  readonly address: number;
}

/** Where accepted regions are. @param addresses one per region, or one in all when contiguous. */
function* placesOf(parcel: Parcel, contiguous: boolean, addresses: readonly number[]): Generator<Place> {
  let address = addresses[0] ?? 0;
  for (const [index, region] of parcel.regions.entries()) {
    if (!contiguous) address = addresses[index] ?? 0;
    yield { region, address };
    address += region.size;
  }
}

/**
 * The transition of a region from a parcel to a VM. @param address undefined: the VM owns it, but has it mapped
 * nowhere.
 */
function toVm(
  { kind, ownerCode }: Parcel,
  vmid: number,
  { phys, size }: Region,
  address: number | undefined,
): Transition {
  return { kind, source: { owner: ownerCode, address: phys }, target: { owner: vmid, address }, size };
}

/** The transition of a region from a VM to a parcel. */
function fromVm(parcel: Parcel, vmid: number, { phys, size }: Region, address: number): Transition {
  const target = { owner: parcel.ownerCode, address: phys };
  return { kind: parcel.kind, source: { owner: vmid, address }, target, size };
}

/** Takes a region of its owner's memory into a parcel. */
export function takeRegion(rm: MemoryContext, parcel: Parcel, region: Region): Refusal | undefined {
  const { memory } = rm.hypervisor;
  const { owner } = parcel;
  const refused = memory.donate(fromVm(parcel, owner, region, region.ownerIpa));
  if (refused !== undefined || parcel.transType !== TransType.SHARE) return refused;
  const rights = parcel.participant(owner)?.rights ?? Right.R;
  return memory.share(toVm(parcel, owner, region, region.ownerIpa), rights);
}

/** Gives a region back to its owner. If the owner was reset since, it owns the region but has it mapped nowhere. */
export function returnRegion(rm: MemoryContext, parcel: Parcel, region: Region, owner: Vm): void {
  const { memory } = rm.hypervisor;
  const sameLife = parcel.ownerLife === owner.life;
  const transition = toVm(parcel, owner.vmid, region, sameLife ? region.ownerIpa : undefined);
  if (sameLife && parcel.transType === TransType.SHARE) memory.unshare(transition);
  memory.donate(transition);
}

/**
 * Gives a VM all of a parcel at its addresses. What else it has there is mapped no more: an address that an earlier life
 * took may be in use in the present one.
 *
 * @returns MAP_FAILED, with nothing done, if the VM has no address space or the hypervisor refuses a part.
 */
export function mapParcel(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  addresses: readonly number[],
): number {
  const { memory } = rm.hypervisor;
  if (vm.config === undefined) return rm.panicOrError('ghost_unconfigured');
  const { addressSpace } = vm.config;
  if (addressSpace === undefined || !parcel.slots.map(addressSpace, parcel.regions))
    return RmError.MAP_FAILED;
  const rights = parcel.participant(vm.vmid)?.rights ?? Right.R;
  const given: Place[] = [];
  for (const place of placesOf(parcel, contiguous, addresses)) {
    const { region, address } = place;
    const transition = toVm(parcel, vm.vmid, region, address);
    let refused: Refusal | undefined;
    memory.displace(vm.vmid, address, region.size);
    if (parcel.transType === TransType.DONATE) refused = memory.donate(transition);
    else if (isExclusive(parcel)) refused = memory.lend(transition, rights);
    else refused = memory.share(transition, rights);
    if (refused !== undefined) {
      for (const earlier of given) takeBack(rm, parcel, vm.vmid, earlier);
      parcel.slots.unmap(addressSpace, parcel.regions);
      return RmError.MAP_FAILED;
    }
    given.push(place);
  }
  return RmError.OK;
}

/** Takes from a VM what it has accepted of a parcel. */
export function unmapParcel(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  addresses: readonly number[],
): void {
  const { mappedIn } = parcel.participant(vm.vmid) ?? {};
  if (mappedIn !== undefined) parcel.slots.unmap(mappedIn, parcel.regions);
  for (const place of placesOf(parcel, contiguous, addresses)) takeBack(rm, parcel, vm.vmid, place);
}

function takeBack(rm: MemoryContext, parcel: Parcel, vmid: number, { region, address }: Place): void {
  const { memory } = rm.hypervisor;
  if (parcel.transType === TransType.DONATE) memory.donate(fromVm(parcel, vmid, region, address));
  else if (isExclusive(parcel)) memory.reclaim(toVm(parcel, vmid, region, address));
  else memory.unshare(toVm(parcel, vmid, region, address));
}

function isExclusive(parcel: Parcel): boolean {
  return parcel.transType === TransType.LEND && parcel.participants.length === 1;
}
