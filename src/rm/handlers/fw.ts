import { FW_MILESTONE, FW_SET_VM_FIRMWARE } from '../../../schemas/index.js';
import { RmError, VMID_HLOS, VMID_RM } from '../codes.js';
import { Authentication } from '../create/image.js';
import type { ResourceManager } from '../manager.js';
import { AcceptFlag, acceptParcel } from '../parcels/accept.js';
import { MemType, Rights, TransType } from '../parcels/parcel.js';
import type { Vm } from '../vm.js';
import { decode, errorReply, okReply, type Payload, type Reply, sizeOf } from '../wire.js';
import type { Handlers } from './handler.js';

const FIRMWARE_SIZE = 24;

function milestone(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (rm.firmware.milestoneReached || sender.vmid !== VMID_HLOS) return errorReply(RmError.DENIED);
  if (sizeOf(payload) !== 0) return errorReply(RmError.MSG_INVALID);
  rm.firmware.milestoneReached = true;
  return okReply;
}

function setVmFirmware(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (rm.firmware.milestoneReached || sender.vmid !== VMID_HLOS) return errorReply(RmError.DENIED);
  if (sizeOf(payload) !== FIRMWARE_SIZE) return errorReply(RmError.MSG_INVALID);
  const request = decode(FW_SET_VM_FIRMWARE.request, payload);
  if ((request.reserved ?? 0) !== 0) return errorReply(RmError.UNIMPLEMENTED);
  if (request.auth_mech !== Authentication.ANDROID) return errorReply(RmError.ARGUMENT_INVALID);
  if (rm.firmware.size !== undefined) return errorReply(RmError.BUSY);
  const parcel = rm.parcels.get(request.mem_handle);
  if (parcel?.participant(VMID_RM) === undefined) return errorReply(RmError.HANDLE_INVALID);
  const size = parcel.totalSize;
  if (request.image_size === 0n || request.image_offset !== 0n || request.image_size > BigInt(size))
    return errorReply(RmError.ARGUMENT_INVALID);
  const { error } = acceptParcel(rm, VMID_RM, {
    handle: request.mem_handle,
    memType: MemType.NORMAL,
    transType: TransType.DONATE,
    flags: AcceptFlag.DONE | AcceptFlag.MAP_CONTIGUOUS | AcceptFlag.VALIDATE_ACL_ATTR,
    label: 0,
    acl: [{ vmid: VMID_RM, rights: Rights.RWX }],
    attrs: [],
    sgl: [],
    mapVmid: 0,
  });
  if (error === RmError.OK) rm.firmware.size = size;
  return errorReply(error);
}

export const fwHandlers: Handlers = [
  [FW_MILESTONE.id, milestone],
  [FW_SET_VM_FIRMWARE.id, setVmFirmware],
];
