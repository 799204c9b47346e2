import { limits, MEM_ACCEPTED, MEM_RECALL, MEM_RELEASED, MEM_SHARED } from '../../../schemas/index.js';
import { NotifyFlag, RmError, SharedFlag, VmState } from '../codes.js';
import type { Context } from '../context.js';
import { tellParcelOwner } from '../notifications.js';
import type { Vm } from '../vm.js';
import { processLabelled } from './labelled.js';
import type { Parcel } from './parcel.js';

/**
 * MEM_NOTIFY of a known parcel (rm-behaviour.md).
 *
 * @param readTargets the VMs listed in the request, or the error of the list; it is read only when it is needed.
 * @returns the error of the reply.
 */
export function notifyParcel(
  rm: Context,
  sender: Vm,
  parcel: Parcel,
  flags: number,
  tag: number,
  readTargets: () => readonly { readonly vmid: number }[] | number,
): number {
  if (parcel.tag !== undefined && parcel.tag !== tag) return RmError.ARGUMENT_INVALID;
  if (flags === NotifyFlag.RELEASED) return notifyOwner(rm, parcel, sender.vmid, false);
  if (flags === NotifyFlag.ACCEPTED) return notifyOwner(rm, parcel, sender.vmid, true);
  if (flags !== NotifyFlag.SHARED && flags !== NotifyFlag.RECALL) return RmError.ARGUMENT_INVALID;
  if (sender.vmid !== parcel.owner) return RmError.DENIED;
  const listed = readTargets();
  const targets = typeof listed === 'number' ? listed : targetsOf(rm, parcel, listed);
  if (typeof targets === 'number') return targets;
  if (flags === NotifyFlag.SHARED) return notifyShared(rm, parcel, targets, tag);
  for (const { vmid } of targets)
    rm.links.notify(vmid, MEM_RECALL, { mem_handle: parcel.handle, mem_info_tag: parcel.tag ?? 0 });
  return RmError.OK;
}

/** The VMs of a list, each known and in the parcel's ACL, or the error. */
function targetsOf(
  rm: Context,
  parcel: Parcel,
  listed: readonly { readonly vmid: number }[],
): readonly Vm[] | number {
  if (listed.length === 0 || listed.length > parcel.participants.length) return RmError.ARGUMENT_INVALID;
  const targets: Vm[] = [];
  for (const { vmid } of listed) {
    const target = rm.vms.get(vmid);
    if (target === undefined) return RmError.VMID_INVALID;
    if (parcel.participant(vmid) === undefined) return RmError.ARGUMENT_INVALID;
    targets.push(target);
  }
  return targets;
}

/** Tells each VM of the parcel. For a READY VM with a device of the parcel's label RM accepts it itself instead. */
function notifyShared(rm: Context, parcel: Parcel, targets: readonly Vm[], tag: number): number {
  parcel.tag ??= tag;
  const shared = {
    mem_handle: parcel.handle,
    mem_type: parcel.memType,
    trans_type: parcel.transType,
    flags: parcel.sanitizeCreate ? SharedFlag.SANITIZED : 0,
    owner_vmid: parcel.owner,
    label: parcel.label,
    mem_info_tag: parcel.tag,
    acl_entries: parcel.participants.map(({ vmid, rights }) => ({ vmid, rights })),
    sgl_entries: parcel.regions.slice(0, limits.mem_list_entries).map(({ size }) => BigInt(size)),
    attr_entries: parcel.attrs.map(({ attr, vmid }) => ({ attr, vmid })),
  };
  let error: number = RmError.OK;
  for (const target of targets) {
    if (target.state !== VmState.READY) rm.links.notify(target.vmid, MEM_SHARED, shared);
    else
      error = notifyOwner(
        rm,
        parcel,
        target.vmid,
        processLabelled(rm, target, parcel, 'mem_notify_donated_to_ready'),
      );
  }
  return error;
}

/** Tells the owner that a VM has accepted or released, if that is so. */
function notifyOwner(rm: Context, parcel: Parcel, vmid: number, accepted: boolean): number {
  const participant = parcel.participant(vmid);
  if (participant === undefined) return RmError.HANDLE_INVALID;
  if (participant.shared !== accepted) return participant.shared ? RmError.MEM_INUSE : RmError.MEM_RELEASED;
  tellParcelOwner(rm, accepted ? MEM_ACCEPTED : MEM_RELEASED, parcel, vmid);
  return RmError.OK;
}
