import { AcceptFlag, RmError, TransType, VMID_HLOS } from '../codes.js';
import type { IomemConfig } from '../config/index.js';
import type { MemoryContext } from '../context.js';
import type { PanicReason } from '../panics.js';
import type { Vm } from '../vm.js';
import { acceptParcel } from './accept.js';
import { autoAccept } from './auto-accept.js';
import type { Parcel } from './parcel.js';

/**
 * Accepts a parcel for the first shm or iomem device with its label: at VM_START (rm-internals.md, section 4, step 3),
 * and at MEM_NOTIFY to a READY VM. The public manager dies of a donated one once it is accepted.
 *
 * @returns whether it was accepted, or there is no device that needs it.
 */
export function processLabelled(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  ifDonated: PanicReason = 'vm_start_donated_parcel',
): boolean {
  if (parcel.participant(vm.vmid)?.shared !== false) return true;
  const device = vm.config?.devices.find(
    (entry) => (entry.kind === 'shm' || entry.kind === 'iomem') && entry.label === parcel.label,
  );
  if (device?.kind === 'iomem') return acceptIomem(rm, vm, parcel, device.config, ifDonated);
  if (device?.kind !== 'shm' || device.config.base === undefined) return true;
  const sgl = [{ ipa: device.config.base, size: BigInt(parcel.totalSize) }];
  return autoAccept(rm, vm, parcel, sgl, AcceptFlag.MAP_CONTIGUOUS, ifDonated);
}

/** Checks a parcel against what the iomem device expects, then accepts it at addresses that RM chooses. */
function acceptIomem(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  config: IomemConfig,
  ifDonated: PanicReason,
): boolean {
  const { rights, attributes, regions } = config;
  if (regions.length > parcel.regions.length) return false;
  const sameRegions = regions.every((wanted, index) => {
    const region = parcel.regions[index];
    return (
      region !== undefined && wanted.address === BigInt(region.phys) && wanted.size === BigInt(region.size)
    );
  });
  if (!sameRegions) return false;
  const donated = parcel.transType === TransType.DONATE;
  if (donated && rm.careful) return false;
  const checked = rights !== undefined || attributes !== undefined;
  const { error } = acceptParcel(rm, vm.vmid, {
    mem_handle: parcel.handle,
    mem_type: parcel.memType,
    trans_type: parcel.transType,
    flags: AcceptFlag.DONE | (checked ? AcceptFlag.VALIDATE_ACL_ATTR : 0),
    label: config.label,
    acl_entries: forBoth(vm, rights, (vmid, value) => ({ vmid, rights: value & 0xff })),
    attr_entries: forBoth(vm, attributes, (vmid, value) => ({ vmid, attr: value & 0xffff })),
  });
  if (error !== RmError.OK) return false;
  if (donated) rm.panicOrError(ifDonated);
  if (config.infoTag !== undefined) parcel.tag = config.infoTag;
  return true;
}

/** List entries for the VM and for HLOS, in this order; none when nothing is expected. */
function forBoth<T>(
  vm: Vm,
  pair: readonly [number, number] | undefined,
  make: (vmid: number, value: number) => T,
): T[] {
  return pair === undefined ? [] : [make(vm.vmid, pair[0]), make(VMID_HLOS, pair[1])];
}
