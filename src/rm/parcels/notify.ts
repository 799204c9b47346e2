import { limits, MEM_NOTIFY, MEM_RECALL, MEM_SHARED } from '../../../schemas/index.js';
import { RmError } from '../codes.js';
import { processLabelled } from '../create/labelled.js';
import type { ResourceManager } from '../manager.js';
import { memAccepted, memReleased } from '../notifications.js';
import { VmState } from '../states.js';
import type { Vm } from '../vm.js';
import { decodeHead, notificationBytes, type Payload, sizeOf } from '../wire.js';
import { type Parcel, TransType } from './parcel.js';

const HEAD_SIZE = 12;
const LIST_HEADER_SIZE = 4;
const VMID_ENTRY_SIZE = 4;
const NotifyFlag = { SHARED: 1, RELEASED: 2, ACCEPTED: 4, RECALL: 8 } as const;
const SANITIZED = 1;

/** MEM_NOTIFY; returns the error of the reply (rm-behaviour.md). */
export function notifyParcel(rm: ResourceManager, sender: Vm, payload: Payload): number {
  if (sizeOf(payload) < HEAD_SIZE) return RmError.MSG_INVALID;
  const { view, start } = payload;
  const parcel = rm.parcels.get(view.getUint32(start, true));
  if (parcel === undefined) return RmError.HANDLE_INVALID;
  const flags = view.getUint8(start + 4);
  const tag = view.getUint32(start + 8, true);
  if (parcel.tag !== undefined && parcel.tag !== tag) return RmError.ARGUMENT_INVALID;
  if (flags === NotifyFlag.RELEASED) return notifyOwner(rm, parcel, sender.vmid, false);
  if (flags === NotifyFlag.ACCEPTED) return notifyOwner(rm, parcel, sender.vmid, true);
  if (flags !== NotifyFlag.SHARED && flags !== NotifyFlag.RECALL) return RmError.ARGUMENT_INVALID;
  if (sender.vmid !== parcel.owner) return RmError.DENIED;
  const targets = targetsOf(rm, parcel, payload);
  if (typeof targets === 'number') return targets;
  if (flags === NotifyFlag.SHARED) return notifyShared(rm, parcel, targets, tag);
  const recall = notificationBytes(MEM_RECALL.payload, {
    mem_handle: parcel.handle,
    mem_info_tag: parcel.tag ?? 0,
  });
  for (const target of targets) rm.notify(target.vmid, MEM_RECALL.id, recall);
  return RmError.OK;
}

/** The VMs listed in the request, each known and in the parcel's ACL, or the error. */
function targetsOf(rm: ResourceManager, parcel: Parcel, payload: Payload): readonly Vm[] | number {
  const size = sizeOf(payload);
  if (size < HEAD_SIZE + LIST_HEADER_SIZE) return RmError.MSG_INVALID;
  const count = payload.view.getUint16(payload.start + HEAD_SIZE, true);
  if (count === 0) return RmError.ARGUMENT_INVALID;
  const listEnd = HEAD_SIZE + LIST_HEADER_SIZE + count * VMID_ENTRY_SIZE;
  if (size < listEnd) return RmError.MSG_INVALID;
  if (count > parcel.participants.length) return RmError.ARGUMENT_INVALID;
  const { vmid_entries } = decodeHead(MEM_NOTIFY.request, payload, listEnd);
  const targets: Vm[] = [];
  for (const { vmid } of vmid_entries ?? []) {
    const target = rm.vm(vmid);
    if (target === undefined) return RmError.VMID_INVALID;
    if (parcel.participant(vmid) === undefined) return RmError.ARGUMENT_INVALID;
    targets.push(target);
  }
  return targets;
}

/** Tells each VM of the parcel; for a READY one RM itself accepts where a device has the parcel's label. */
function notifyShared(rm: ResourceManager, parcel: Parcel, targets: readonly Vm[], tag: number): number {
  parcel.tag ??= tag;
  const bytes = notificationBytes(MEM_SHARED.payload, {
    mem_handle: parcel.handle,
    mem_type: parcel.memType,
    trans_type: parcel.transType,
    flags: parcel.sanitizeCreate ? SANITIZED : 0,
    owner_vmid: parcel.owner,
    label: parcel.label,
    mem_info_tag: parcel.tag,
    acl_entries: parcel.participants.map(({ vmid, rights }) => ({ vmid, rights })),
    sgl_entries: parcel.regions.slice(0, limits.mem_list_entries).map(({ size }) => BigInt(size)),
    attr_entries: parcel.attrs.map(({ attr, vmid }) => ({ attr, vmid })),
  });
  let error: number = RmError.OK;
  for (const target of targets) {
    if (target.state !== VmState.READY) rm.notify(target.vmid, MEM_SHARED.id, bytes);
    else error = notifyOwner(rm, parcel, target.vmid, acceptForReady(rm, target, parcel));
  }
  return error;
}

function acceptForReady(rm: ResourceManager, vm: Vm, parcel: Parcel): boolean {
  const labelled = vm.config?.devices.some(
    (device) =>
      ((device.kind === 'shm' && device.config.base !== undefined) || device.kind === 'iomem') &&
      device.label === parcel.label,
  );
  if (parcel.transType === TransType.DONATE && labelled === true) {
    rm.die('mem_notify_donated_to_ready');
    return false;
  }
  return processLabelled(rm, vm, parcel);
}

/** Tells the owner that a VM has accepted or released, if that is so. */
function notifyOwner(rm: ResourceManager, parcel: Parcel, vmid: number, accepted: boolean): number {
  const participant = parcel.participant(vmid);
  if (participant === undefined) return RmError.HANDLE_INVALID;
  if (participant.shared !== accepted) return participant.shared ? RmError.MEM_INUSE : RmError.MEM_RELEASED;
  if (accepted) memAccepted(rm, parcel, vmid);
  else memReleased(rm, parcel, vmid);
  return RmError.OK;
}
