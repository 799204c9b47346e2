import {
  MEM_ACCEPT,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  MEM_RELEASE,
  MEM_SHARE,
  type MemQcomLookupSglRequest,
} from '../../../schemas/index.js';
import { AcceptReplyFlag, AppendFlag, ReclaimFlag, ReleaseFlag, RmError, TransType } from '../codes.js';
import { acceptParcel } from '../parcels/accept.js';
import { addRegions, createParcel } from '../parcels/create.js';
import { notifyParcel } from '../parcels/notify.js';
import type { Parcel } from '../parcels/parcel.js';
import { reclaimParcel, releaseParcel } from '../parcels/release.js';
import { isAllocated } from '../vm-table.js';
import { hasRecord, isConfigured } from './conditions.js';
import { type HandlerRow, handler, handlerOfHead, usualChecks } from './row.js';

function create(message: typeof MEM_LEND, transType: number): HandlerRow {
  return handler(
    message,
    (rm, sender, request) => {
      const made = createParcel(rm, sender, transType, request);
      return typeof made === 'number' ? made : { mem_handle: made.handle };
    },
    { checks: [...usualChecks, hasRecord, isConfigured] },
  );
}

const append = handler(MEM_APPEND, (rm, sender, { mem_handle, flags, sgl_entries }) => {
  if (sgl_entries.length === 0) return RmError.ARGUMENT_INVALID;
  const parcel = rm.parcels.get(mem_handle);
  if (parcel === undefined) return RmError.HANDLE_INVALID;
  if (parcel.owner !== sender.vmid || parcel.state !== 'init') return RmError.DENIED;
  if (!isAllocated(rm, sender)) return RmError.VMID_INVALID;
  if (sender.config === undefined) return rm.panicOrError('ghost_unconfigured');
  return addRegions(rm, sender, parcel, sgl_entries, (flags & AppendFlag.END) !== 0);
});

const accept = handler(MEM_ACCEPT, (rm, sender, request) => {
  const { error, incomplete, entries } = acceptParcel(rm, sender.vmid, request);
  if (error !== RmError.OK || request.sgl_entries.length > 0) return error;
  return {
    flags: incomplete ? AcceptReplyFlag.INCOMPLETE : 0,
    sgl_entries: entries.map(({ ipa, size }) => ({ ipa: BigInt(ipa), size: BigInt(size) })),
  };
});

const release = handler(MEM_RELEASE, (rm, sender, { mem_handle, flags }) =>
  releaseParcel(rm, sender, mem_handle, (flags & ReleaseFlag.SANITIZE) !== 0),
);

const reclaim = handler(MEM_RECLAIM, (rm, sender, { mem_handle, flags }) =>
  reclaimParcel(rm, sender, mem_handle, (flags & ReclaimFlag.SANITIZE) !== 0),
);

const notify = handlerOfHead(MEM_NOTIFY, (rm, sender, { mem_handle, flags, mem_info_tag }, rest) => {
  const parcel = rm.parcels.get(mem_handle);
  if (parcel === undefined) return RmError.HANDLE_INVALID;
  return notifyParcel(rm, sender, parcel, flags, mem_info_tag, () => {
    const request = rest.read();
    return typeof request === 'number' ? request : (request.vmid_entries ?? []);
  });
});

const lookUp = handler(MEM_QCOM_LOOKUP_SGL, (rm, sender, request) => {
  for (const parcel of rm.parcels.ownedBy(sender.vmid))
    if (parcel.state === 'sharing' && isDescribedBy(parcel, request)) return { mem_handle: parcel.handle };
  return RmError.LOOKUP_FAILED;
});

/** Same type, ACL, regions and attributes, each in order. Labels are given at creation and never compared. */
function isDescribedBy(parcel: Parcel, request: MemQcomLookupSglRequest): boolean {
  const { acl_entries: acl, sgl_entries: sgl, attr_entries: attrs = [] } = request;
  const { participants, regions } = parcel;
  return (
    parcel.memType === request.mem_type &&
    participants.length > 0 &&
    parcel.hasAcl(acl) &&
    parcel.hasAttrs(attrs) &&
    regions.length === sgl.length &&
    regions.every(({ ownerIpa, size }, index) => {
      const wanted = sgl[index];
      return wanted?.ipa === BigInt(ownerIpa) && wanted.size === BigInt(size);
    })
  );
}

export const memRows: readonly HandlerRow[] = [
  create(MEM_DONATE, TransType.DONATE),
  accept,
  create(MEM_LEND, TransType.LEND),
  create(MEM_SHARE, TransType.SHARE),
  release,
  reclaim,
  notify,
  append,
  lookUp,
];
