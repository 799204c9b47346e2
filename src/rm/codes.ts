/** The protocol's enums and flags under the names that the manager uses for them. */
import {
  authMech,
  constants,
  error,
  exitCode,
  exitFlags,
  exitType,
  idType,
  ipaAllocType,
  ipaGenericConstraints,
  irqNotifyFlags,
  memAcceptFlags,
  memAcceptReplyFlags,
  memAppendFlags,
  memAttr,
  memNotifyFlags,
  memReclaimFlags,
  memReleaseFlags,
  memRights,
  memSharedFlags,
  memShareFlags,
  memType,
  osStatus,
  resourceType,
  transType,
  vmStatus,
  vmStopFlags,
} from '../../schemas/index.js';

/** Error word of a reply. */
export const RmError = error.values;
export const VmState = vmStatus.values;
export const OsStatus = osStatus.values;
export const AuthMech = authMech.values;
export const ExitType = exitType.values;
export const ExitCode = exitCode.values;
export const ExitFlag = exitFlags.bits;
export const StopFlag = vmStopFlags.bits;
export const IdType = idType.values;
export const ResourceType = resourceType.values;
export const MemType = memType.values;
export const TransType = transType.values;
export const MemAttr = memAttr.values;
export const Right = memRights.bits;
export const ShareFlag = memShareFlags.bits;
export const AppendFlag = memAppendFlags.bits;
export const AcceptFlag = memAcceptFlags.bits;
export const AcceptReplyFlag = memAcceptReplyFlags.bits;
export const ReleaseFlag = memReleaseFlags.bits;
export const ReclaimFlag = memReclaimFlags.bits;
export const NotifyFlag = memNotifyFlags.bits;
export const SharedFlag = memSharedFlags.bits;
export const IrqNotifyFlag = irqNotifyFlags.bits;
export const AllocType = ipaAllocType.values;
export const Constraint = ipaGenericConstraints.bits;

/** Combinations of rights that RM takes. */
export const VALID_RIGHTS: readonly number[] = memRights.info.valid ?? [];
export const READ_WRITE = Right.R | Right.W;
export const ALL_RIGHTS = READ_WRITE | Right.X;

/** VMIDs with a fixed meaning. */
export const { VMID_HYP, VMID_HLOS, VMID_RM, VMID_PEER_DEFAULT } = constants;
