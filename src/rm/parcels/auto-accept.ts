import type { SglEntry } from '../../../schemas/index.js';
import { AcceptFlag, ALL_RIGHTS, AuthMech, MemType, Right, RmError, TransType, VMID_RM } from '../codes.js';
import type { MemoryContext } from '../context.js';
import type { PanicReason } from '../panics.js';
import type { Vm } from '../vm.js';
import { type AcceptRequest, acceptParcel } from './accept.js';
import type { Parcel } from './parcel.js';

/** Whether the memory of a VM is cleared when it is given back: if its image is authenticated. */
export function sanitizes(vm: Vm): boolean {
  return vm.authentication !== AuthMech.NONE;
}

/** Accepts a parcel as the VM's own memory: contiguous, for the VM alone with all rights. */
export function acceptOwn(
  rm: MemoryContext,
  vm: Vm,
  handle: number,
  transType: number,
  wanted: SglEntry,
  validate: boolean,
  sanitize: boolean,
): boolean {
  const request: AcceptRequest = {
    mem_handle: handle,
    mem_type: MemType.NORMAL,
    trans_type: transType,
    flags:
      AcceptFlag.DONE |
      AcceptFlag.MAP_CONTIGUOUS |
      (validate ? AcceptFlag.VALIDATE_ACL_ATTR : 0) |
      (sanitize ? AcceptFlag.SANITIZE : 0),
    acl_entries: [{ vmid: vm.vmid, rights: ALL_RIGHTS }],
    sgl_entries: [wanted],
  };
  return acceptParcel(rm, vm.vmid, request).error === RmError.OK;
}

/**
 * Accepts a parcel on a VM's behalf. It is marked to be cleared if the VM is sensitive and may write to it, and the
 * owner cannot read it or is sensitive, too. The public manager dies of a donated parcel once it is accepted, and of one
 * whose owner is gone.
 *
 * @param ifDonated where it dies of a donated one. @returns whether it was accepted.
 */
export function autoAccept(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  sgl: readonly SglEntry[],
  extraFlags: number,
  ifDonated: PanicReason = 'vm_start_donated_parcel',
): boolean {
  const owner = rm.vms.get(parcel.owner);
  if (owner === undefined) {
    rm.panicOrError('vm_start_parcel_of_gone_owner');
    return false;
  }
  const donated = parcel.transType === TransType.DONATE;
  if (donated && rm.careful) return false;
  const ownerReads = ((parcel.participant(parcel.owner)?.rights ?? 0) & Right.R) !== 0;
  const writes = ((parcel.participant(vm.vmid)?.rights ?? 0) & Right.W) !== 0;
  const ownerSensitive = owner.vmid === VMID_RM || owner.sensitive;
  const sanitize = vm.sensitive && writes && (!ownerReads || ownerSensitive);
  const { error } = acceptParcel(rm, vm.vmid, {
    mem_handle: parcel.handle,
    mem_type: parcel.memType,
    trans_type: parcel.transType,
    flags: AcceptFlag.DONE | extraFlags | (sanitize ? AcceptFlag.SANITIZE : 0),
    sgl_entries: [...sgl],
  });
  if (donated && error === RmError.OK) rm.panicOrError(ifDonated);
  return error === RmError.OK;
}
