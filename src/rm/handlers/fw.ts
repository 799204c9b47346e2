import { FW_MILESTONE, FW_SET_VM_FIRMWARE } from '../../../schemas/index.js';
import { AcceptFlag, ALL_RIGHTS, AuthMech, MemType, RmError, TransType, VMID_RM } from '../codes.js';
import { acceptParcel } from '../parcels/accept.js';
import { type Check, type Condition, type HandlerRow, handler } from './row.js';

const beforeMilestone: Condition = {
  text: 'FW_MILESTONE has not come yet',
  error: 'DENIED',
  holds: ({ firmware }) => !firmware.milestoneReached,
};
const checks: readonly Check[] = [beforeMilestone, 'sender', 'payload', 'reserved'];

const milestone = handler(
  FW_MILESTONE,
  ({ firmware }) => {
    firmware.milestoneReached = true;
    return RmError.OK;
  },
  { checks },
);

const setVmFirmware = handler(
  FW_SET_VM_FIRMWARE,
  (rm, _sender, { auth_mech, mem_handle: handle, image_offset, image_size }) => {
    if (auth_mech !== AuthMech.QCOM_ANDROID_PVM) return RmError.ARGUMENT_INVALID;
    if (rm.firmware.size !== undefined) return RmError.BUSY;
    const parcel = rm.parcels.get(handle);
    if (parcel?.participant(VMID_RM) === undefined) return RmError.HANDLE_INVALID;
    const size = parcel.totalSize;
    if (image_size === 0n || image_offset !== 0n || image_size > BigInt(size))
      return RmError.ARGUMENT_INVALID;
    const { error } = acceptParcel(rm, VMID_RM, {
      mem_handle: handle,
      mem_type: MemType.NORMAL,
      trans_type: TransType.DONATE,
      flags: AcceptFlag.DONE | AcceptFlag.MAP_CONTIGUOUS | AcceptFlag.VALIDATE_ACL_ATTR,
      acl_entries: [{ vmid: VMID_RM, rights: ALL_RIGHTS }],
    });
    if (error === RmError.OK) rm.firmware.size = size;
    return error;
  },
  { checks },
);

export const fwRows: readonly HandlerRow[] = [milestone, setVmFirmware];
