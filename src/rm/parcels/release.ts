import { MemType, Right, RmError } from '../codes.js';
import type { MemoryContext } from '../context.js';
import { removeUnordered, type Vm } from '../vm.js';
import { isAllocated } from '../vm-table.js';
import { freeAddresses } from './accept.js';
import { returnRegion, unmapParcel } from './hand-over.js';
import type { Parcel, Participant } from './parcel.js';

/** MEM_RELEASE after its payload is read (rm-behaviour.md). @returns the error of the reply. */
export function releaseParcel(rm: MemoryContext, vm: Vm, handle: number, sanitize: boolean): number {
  const parcel = rm.parcels.get(handle);
  const participant = parcel?.participant(vm.vmid);
  if (parcel === undefined || participant === undefined) return RmError.HANDLE_INVALID;
  if (!isAllocated(rm, vm)) return RmError.VMID_INVALID;
  if (vm.vmid === parcel.owner) return RmError.DENIED;
  if (!participant.shared) return RmError.MEM_RELEASED;
  if (sanitize) {
    if (parcel.memType === MemType.IO || (participant.rights & Right.W) === 0)
      return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  const { mappedIn } = participant;
  if (mappedIn !== undefined) {
    if (vm.config === undefined) return rm.panicOrError('ghost_unconfigured');
    // Mapped in an address space that a later VM_CONFIG_IMAGE forgot: nothing can unmap it.
    if (mappedIn !== vm.config.addressSpace) return RmError.MAP_FAILED;
  }
  endAcceptance(rm, vm, parcel, participant);
  return RmError.OK;
}

/** Takes from a VM everything that it got by accepting a parcel. */
export function endAcceptance(rm: MemoryContext, vm: Vm, parcel: Parcel, participant: Participant): void {
  const { mappedIn, contiguous, addresses = [] } = participant;
  if (mappedIn !== undefined) unmapParcel(rm, vm, parcel, contiguous, addresses);
  freeAddresses(rm, vm, parcel, participant);
  participant.addresses = undefined;
  participant.contiguous = false;
  participant.shared = false;
  participant.mappedIn = undefined;
  parcel.shareCount--;
  if (parcel.shareCount === 0) parcel.state = 'sharing';
  if (vm.config !== undefined) removeUnordered(vm.config.accepted, parcel);
}

/** MEM_RECLAIM after its payload is read (rm-behaviour.md). @returns the error of the reply. */
export function reclaimParcel(rm: MemoryContext, vm: Vm, handle: number, sanitize: boolean): number {
  const parcel = rm.parcels.get(handle);
  if (parcel === undefined) return RmError.HANDLE_INVALID;
  if (vm.vmid !== parcel.owner) return RmError.DENIED;
  if (parcel.state === 'shared') return RmError.MEM_INUSE;
  if (sanitize) {
    if (parcel.memType === MemType.IO) return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  if (!isAllocated(rm, vm)) return RmError.VMID_INVALID;
  if (vm.config === undefined) return rm.panicOrError('ghost_unconfigured');
  for (const region of parcel.regions) {
    if (parcel.sanitizeReclaim) rm.hypervisor.zeroMemory(region.phys, region.size);
    returnRegion(rm, parcel, region, vm);
  }
  rm.parcels.delete(parcel);
  vm.parcelCount--;
  return RmError.OK;
}
