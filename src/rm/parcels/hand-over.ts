import type { Refusal, Transition } from '../../hypervisor/index.js';
import { Right, TransType } from '../codes.js';
import type { MemoryContext } from '../context.js';
import type { Vm } from '../vm.js';
import type { Parcel, Region } from './parcel.js';

/**
 * How a parcel's memory changes hands in the hypervisor. Whoever makes a parcel donates the memory to it; a parcel made
 * by MEM_SHARE shares it with its owner from then on. A VM that accepts is given it at its addresses: donated, lent
 * when it is the only one that may have it, else shared.
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

/** A parcel hands a region to a VM. @param address undefined: nowhere to be seen. */
function toVm(
  { kind, ownerCode }: Parcel,
  vmid: number,
  { phys, size }: Region,
  address: number | undefined,
): Transition {
  return { kind, source: { owner: ownerCode, address: phys }, target: { owner: vmid, address }, size };
}

function reversed(transition: Transition): Transition {
  const { kind, source, target, size } = transition;
  return { kind, source: target, target: source, size };
}

/** Takes a region of its owner's memory into a parcel. */
export function takeRegion(rm: MemoryContext, parcel: Parcel, region: Region): Refusal | undefined {
  const { memory } = rm.hypervisor;
  const back = toVm(parcel, parcel.owner, region, region.ownerIpa);
  const refused = memory.donate(reversed(back));
  if (refused !== undefined || parcel.transType !== TransType.SHARE) return refused;
  return memory.share(back, parcel.participant(parcel.owner)?.rights ?? Right.R);
}

/** Gives a region back to its owner. A VM that was reset since owns it again, but has it nowhere to be seen. */
export function returnRegion(rm: MemoryContext, parcel: Parcel, region: Region, owner: Vm): void {
  const { memory } = rm.hypervisor;
  const sameLife = parcel.ownerLife === owner.life;
  const transition = toVm(parcel, owner.vmid, region, sameLife ? region.ownerIpa : undefined);
  if (sameLife && parcel.transType === TransType.SHARE) memory.unshare(transition);
  memory.donate(transition);
}

/** Gives a VM all of a parcel at its addresses; false, and nothing is done, when the hypervisor refuses a part. */
export function mapParcel(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  addresses: readonly number[],
): boolean {
  const { memory } = rm.hypervisor;
  const rights = parcel.participant(vm.vmid)?.rights ?? Right.R;
  const given: Transition[] = [];
  for (const { region, address } of placesOf(parcel, contiguous, addresses)) {
    const transition = toVm(parcel, vm.vmid, region, address);
    let refused: Refusal | undefined;
    if (parcel.transType === TransType.DONATE) refused = memory.donate(transition);
    else if (isExclusive(parcel)) refused = memory.lend(transition, rights);
    else refused = memory.share(transition, rights);
    if (refused !== undefined) {
      for (const earlier of given) takeBack(rm, parcel, earlier);
      return false;
    }
    given.push(transition);
  }
  return true;
}

/** Takes from a VM what it has accepted of a parcel. */
export function unmapParcel(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  addresses: readonly number[],
): void {
  // Refused for a VM that was reset since: it has lost all that it had mapped.
  for (const { region, address } of placesOf(parcel, contiguous, addresses))
    takeBack(rm, parcel, toVm(parcel, vm.vmid, region, address));
}

function takeBack(rm: MemoryContext, parcel: Parcel, transition: Transition): void {
  const { memory } = rm.hypervisor;
  if (parcel.transType === TransType.DONATE) memory.donate(reversed(transition));
  else if (isExclusive(parcel)) memory.reclaim(transition);
  else memory.unshare(transition);
}

function isExclusive(parcel: Parcel): boolean {
  return parcel.transType === TransType.LEND && parcel.participants.length === 1;
}
