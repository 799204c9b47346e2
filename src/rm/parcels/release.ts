import { RmError } from '../codes.js';
import type { ResourceManager } from '../manager.js';
import { removeUnordered, type Vm } from '../vm.js';
import { freeAddresses } from './accept.js';
import { MemType, type Parcel, type Participant, Rights } from './parcel.js';

/** MEM_RELEASE once the payload is read (rm-behaviour.md). */
export function releaseParcel(rm: ResourceManager, vm: Vm, handle: number, sanitize: boolean): number {
  const parcel = rm.parcels.get(handle);
  const participant = parcel?.participant(vm.vmid);
  if (parcel === undefined || participant === undefined) return RmError.HANDLE_INVALID;
  if (vm.vmid === parcel.owner) return RmError.DENIED;
  if (!participant.shared) return RmError.MEM_RELEASED;
  if (sanitize) {
    if (parcel.memType === MemType.IO || (participant.rights & Rights.W) === 0)
      return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  endAcceptance(vm, parcel, participant);
  return RmError.OK;
}

/** Takes back everything that accepting gave a VM. */
export function endAcceptance(vm: Vm, parcel: Parcel, participant: Participant): void {
  freeAddresses(vm, parcel, participant);
  participant.addresses = undefined;
  participant.contiguous = false;
  participant.shared = false;
  participant.mapped = false;
  parcel.shareCount--;
  if (parcel.shareCount === 0) parcel.state = 'sharing';
  if (vm.config !== undefined) removeUnordered(vm.config.accepted, parcel);
}

/** MEM_RECLAIM once the payload is read (rm-behaviour.md). */
export function reclaimParcel(rm: ResourceManager, vm: Vm, handle: number, sanitize: boolean): number {
  const parcel = rm.parcels.get(handle);
  if (parcel === undefined) return RmError.HANDLE_INVALID;
  if (vm.vmid !== parcel.owner) return RmError.DENIED;
  if (parcel.state === 'shared') return RmError.MEM_INUSE;
  if (sanitize) {
    if (parcel.memType === MemType.IO) return RmError.ARGUMENT_INVALID;
    parcel.sanitizeReclaim = true;
  }
  const { hypervisor } = rm;
  for (const { phys, size, ownerIpa } of parcel.regions) {
    if (parcel.sanitizeReclaim) hypervisor.zeroMemory(phys, size);
    hypervisor.transfer(parcel.kind, phys, size, parcel.ownerCode, vm.vmid);
    // A VM that was reset since has lost its mappings: the memory is its own again, but nowhere to be seen.
    if (parcel.ownerLife === vm.life) hypervisor.show(vm.vmid, parcel.kind, ownerIpa, size, phys);
  }
  rm.parcels.delete(parcel);
  vm.parcelCount--;
  return RmError.OK;
}
