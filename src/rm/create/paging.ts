import type { AddressRanges } from '../../hypervisor/index.js';
import { Right } from '../codes.js';
import type { MemoryContext } from '../context.js';
import { endAcceptance } from '../parcels/release.js';
import type { GuestRange, Paging, Vm } from '../vm.js';

/*
 * What RM does for a VM whose memory the host gives page by page. The public manager of 2023 does none of it: all of it
 * is assumed from what Linux v17 and a15 rely on (vcpu-and-paging.md, section 2).
 */

/** Takes the paged addresses out of the free ones, so that RM puts no device there. The image goes to its own. */
export function keepFree(allocator: AddressRanges, { ranges, image }: Paging): boolean {
  const parts = ranges.flatMap((range) => without(range, image));
  return parts.every(({ start, size }) => allocator.allocateAt(start, size) !== undefined);
}

/** The parts of a range that are not in another. */
function without({ start, size }: GuestRange, hole: GuestRange | undefined): GuestRange[] {
  if (hole === undefined) return [{ start, size }];
  const end = start + size;
  const before = Math.min(hole.start, end) - start;
  const behind = Math.max(hole.start + hole.size, start);
  return [
    { start, size: before },
    { start: behind, size: end - behind },
  ].filter((part) => part.size > 0);
}

/**
 * Puts the image of a VM that starts into its own extent, at the same guest addresses, and forgets the parcel: the
 * host takes these pages back by hypercalls. @returns false if the hypervisor refuses a part.
 */
export function handOverImage(rm: MemoryContext, vm: Vm): boolean {
  const parcel = vm.image === undefined ? undefined : rm.parcels.get(vm.image.handle);
  const participant = parcel?.participant(vm.vmid);
  const owner = parcel === undefined ? undefined : rm.vms.get(parcel.owner);
  if (parcel === undefined || participant === undefined || owner === undefined) return false;
  let guestAddress = participant.addresses?.[0] ?? 0;
  endAcceptance(rm, vm, parcel, participant);
  vm.allocator?.allocateAt(guestAddress, parcel.totalSize);
  for (const { phys, size } of parcel.regions) {
    const access = participant.rights & (Right.R | Right.W | Right.X);
    const run = { guestAddress, address: phys, size, access };
    if (rm.hypervisor.extents.adopt(vm.vmid, parcel.ownerCode, run) !== undefined) return false;
    guestAddress += size;
  }
  rm.parcels.delete(parcel);
  owner.parcelCount--;
  return true;
}
