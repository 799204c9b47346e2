/** The protocol's enums and flags under the names that the manager uses for them. */
import * as schemas from '../../schemas/index.js';

/** Error word of a reply. */
export const RmError = schemas.error.values;
export const VmState = schemas.vmStatus.values;
export const OsStatus = schemas.osStatus.values;
export const AuthMech = schemas.authMech.values;
export const ExitType = schemas.exitType.values;
export const ExitCode = schemas.exitCode.values;
export const ExitFlag = schemas.exitFlags.bits;
export const StopFlag = schemas.vmStopFlags.bits;
export const IdType = schemas.idType.values;
export const ResourceType = schemas.resourceType.values;
export const MemType = schemas.memType.values;
export const TransType = schemas.transType.values;
export const MemAttr = schemas.memAttr.values;
export const Right = schemas.memRights.bits;
export const ShareFlag = schemas.memShareFlags.bits;
export const AppendFlag = schemas.memAppendFlags.bits;
export const AcceptFlag = schemas.memAcceptFlags.bits;
export const AcceptReplyFlag = schemas.memAcceptReplyFlags.bits;
export const ReleaseFlag = schemas.memReleaseFlags.bits;
export const ReclaimFlag = schemas.memReclaimFlags.bits;
export const NotifyFlag = schemas.memNotifyFlags.bits;
export const SharedFlag = schemas.memSharedFlags.bits;
export const IrqNotifyFlag = schemas.irqNotifyFlags.bits;
export const AllocType = schemas.ipaAllocType.values;
export const Constraint = schemas.ipaGenericConstraints.bits;

/** Combinations of rights that RM takes. */
export const VALID_RIGHTS: readonly number[] = schemas.memRights.info.valid ?? [];
export const READ_WRITE = Right.R | Right.W;
export const ALL_RIGHTS = READ_WRITE | Right.X;

/** VMIDs with a fixed meaning. */
export const { VMID_HLOS, VMID_RM, VMID_PEER_DEFAULT } = schemas.constants;
