import { AcceptFlag, ALL_RIGHTS, AuthMech, MemType, Right, RmError, TransType, VMID_RM } from '../codes.js';
import type { MemoryContext } from '../context.js';
import { type AcceptRequest, acceptParcel } from '../parcels/accept.js';
import type { SglItem } from '../parcels/create.js';
import type { Parcel } from '../parcels/parcel.js';
import type { Vm } from '../vm.js';

/** Memory of authenticated images is cleared when it is given back. */
export function sanitizes(vm: Vm): boolean {
  return vm.authentication !== AuthMech.NONE;
}

/** Accepts a parcel as the VM's own memory: contiguous, for the VM alone with all rights. */
export function acceptOwn(
  rm: MemoryContext,
  vm: Vm,
  handle: number,
  transType: number,
  wanted: SglItem,
  validate: boolean,
  sanitize: boolean,
): boolean {
  const request: AcceptRequest = {
    handle,
    memType: MemType.NORMAL,
    transType,
    flags:
      AcceptFlag.DONE |
      AcceptFlag.MAP_CONTIGUOUS |
      (validate ? AcceptFlag.VALIDATE_ACL_ATTR : 0) |
      (sanitize ? AcceptFlag.SANITIZE : 0),
    acl: [{ vmid: vm.vmid, rights: ALL_RIGHTS }],
    sgl: [wanted],
  };
  return acceptParcel(rm, vm.vmid, request).error === RmError.OK;
}

/**
 * Accepts a parcel on a VM's behalf. A sensitive VM has what it may write sanitised where the owner cannot read
 * or is sensitive itself. A donated parcel, or one whose owner is gone, kills the public manager.
 */
export function autoAccept(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  sgl: readonly SglItem[],
  extraFlags: number,
): boolean {
  const owner = rm.vms.get(parcel.owner);
  if (owner === undefined) {
    rm.panicOrError('vm_start_parcel_of_gone_owner');
    return false;
  }
  if (parcel.transType === TransType.DONATE) {
    rm.panicOrError('vm_start_donated_parcel');
    return false;
  }
  const ownerReads = ((parcel.participant(parcel.owner)?.rights ?? 0) & Right.R) !== 0;
  const writes = ((parcel.participant(vm.vmid)?.rights ?? 0) & Right.W) !== 0;
  const ownerSensitive = owner.vmid === VMID_RM || owner.sensitive;
  const sanitize = vm.sensitive && writes && (!ownerReads || ownerSensitive);
  const { error } = acceptParcel(rm, vm.vmid, {
    handle: parcel.handle,
    memType: parcel.memType,
    transType: parcel.transType,
    flags: AcceptFlag.DONE | extraFlags | (sanitize ? AcceptFlag.SANITIZE : 0),
    sgl,
  });
  return error === RmError.OK;
}
