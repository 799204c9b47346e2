import {
  limits,
  MEM_ACCEPT,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  MEM_RELEASE,
  MEM_SHARE,
} from '../../../schemas/index.js';
import { RmError } from '../codes.js';
import { checkLists, withSecondList } from '../lists.js';
import type { ResourceManager } from '../manager.js';
import { acceptParcel } from '../parcels/accept.js';
import { addRegions, createParcel } from '../parcels/create.js';
import { notifyParcel } from '../parcels/notify.js';
import { type Parcel, TransType } from '../parcels/parcel.js';
import { reclaimParcel, releaseParcel } from '../parcels/release.js';
import type { Vm } from '../vm.js';
import { decode, decodeHead, errorReply, type Payload, type Reply, replyWith, sizeOf } from '../wire.js';
import type { Handlers } from './handler.js';

const CREATE_SIZE_MIN = 20;
const CREATE_LISTS = 8;
const ACCEPT_SIZE_MIN = 24;
const ACCEPT_LISTS = 12;
const APPEND_SIZE_MIN = 12;
const APPEND_LISTS = 8;
const LOOKUP_SIZE_MIN = 16;
const LOOKUP_LISTS = 8;
const HANDLE_FLAGS_SIZE = 8;
/** Entries of ACL, SG and attribute list, in bytes. */
const ACL_SIZE = 4;
const SGL_SIZE = 16;
const ATTR_SIZE = 4;
const ALL_LISTS: readonly number[] = [ACL_SIZE, SGL_SIZE, ATTR_SIZE];

const CreateFlag = { SANITIZE: 1, APPEND: 2 } as const;
const APPEND_END = 1;
const SANITIZE = 1;
const REPLY_INCOMPLETE = 1;

function listsOf(payload: Payload, sizeMin: number, offset: number, entrySizes = ALL_LISTS): number {
  if (sizeOf(payload) < sizeMin) return RmError.MSG_INVALID;
  return checkLists(payload, offset, entrySizes, limits.mem_list_entries);
}

function create(transType: number, message: typeof MEM_LEND | typeof MEM_SHARE | typeof MEM_DONATE) {
  return (rm: ResourceManager, sender: Vm, payload: Payload): Reply => {
    const error = listsOf(payload, CREATE_SIZE_MIN, CREATE_LISTS);
    if (error !== RmError.OK) return errorReply(error);
    const request = decode(message.request, withSecondList(payload, CREATE_LISTS, ACL_SIZE));
    const made = createParcel(rm, sender, {
      transType,
      memType: request.mem_type,
      label: request.label,
      sanitize: (request.flags & CreateFlag.SANITIZE) !== 0,
      append: (request.flags & CreateFlag.APPEND) !== 0,
      acl: request.acl_entries,
      sgl: request.sgl_entries,
      attrs: request.attr_entries ?? [],
    });
    return typeof made === 'number'
      ? errorReply(made)
      : replyWith(message.reply, { mem_handle: made.handle });
  };
}

function append(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const error = listsOf(payload, APPEND_SIZE_MIN, APPEND_LISTS, [SGL_SIZE]);
  if (error !== RmError.OK) return errorReply(error);
  const request = decode(MEM_APPEND.request, payload);
  if (request.sgl_entries.length === 0) return errorReply(RmError.ARGUMENT_INVALID);
  const parcel = rm.parcels.get(request.mem_handle);
  if (parcel === undefined) return errorReply(RmError.HANDLE_INVALID);
  if (parcel.owner !== sender.vmid || parcel.state !== 'init') return errorReply(RmError.DENIED);
  const done = (request.flags & APPEND_END) !== 0;
  return errorReply(addRegions(rm, sender, parcel, request.sgl_entries, done));
}

function accept(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const error = listsOf(payload, ACCEPT_SIZE_MIN, ACCEPT_LISTS);
  if (error !== RmError.OK) return errorReply(error);
  const request = decode(MEM_ACCEPT.request, withSecondList(payload, ACCEPT_LISTS, ACL_SIZE));
  const sgl = request.sgl_entries ?? [];
  const accepted = acceptParcel(rm, sender.vmid, {
    handle: request.mem_handle,
    memType: request.mem_type,
    transType: request.trans_type,
    flags: request.flags,
    label: request.label,
    acl: request.acl_entries,
    attrs: request.attr_entries ?? [],
    sgl,
    // Behind a payload that ends after the ACL the public manager reads whatever is there.
    mapVmid: request.map_vmid ?? 0,
  });
  if (accepted.error !== RmError.OK || sgl.length > 0) return errorReply(accepted.error);
  return replyWith(MEM_ACCEPT.reply, {
    flags: accepted.incomplete ? REPLY_INCOMPLETE : 0,
    sgl_entries: accepted.entries.map(({ ipa, size }) => ({ ipa: BigInt(ipa), size: BigInt(size) })),
  });
}

function release(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) < HANDLE_FLAGS_SIZE) return errorReply(RmError.MSG_INVALID);
  const { mem_handle, flags } = decodeHead(MEM_RELEASE.request, payload, HANDLE_FLAGS_SIZE);
  return errorReply(releaseParcel(rm, sender, mem_handle, (flags & SANITIZE) !== 0));
}

function reclaim(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) < HANDLE_FLAGS_SIZE) return errorReply(RmError.MSG_INVALID);
  const { mem_handle, flags } = decodeHead(MEM_RECLAIM.request, payload, HANDLE_FLAGS_SIZE);
  return errorReply(reclaimParcel(rm, sender, mem_handle, (flags & SANITIZE) !== 0));
}

function lookUp(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const error = listsOf(payload, LOOKUP_SIZE_MIN, LOOKUP_LISTS);
  if (error !== RmError.OK) return errorReply(error);
  const request = decode(MEM_QCOM_LOOKUP_SGL.request, withSecondList(payload, LOOKUP_LISTS, ACL_SIZE));
  for (const parcel of rm.parcels.ownedBy(sender.vmid))
    if (parcel.state === 'sharing' && isDescribedBy(parcel, request))
      return replyWith(MEM_QCOM_LOOKUP_SGL.reply, { mem_handle: parcel.handle });
  return errorReply(RmError.LOOKUP_FAILED);
}

/** Same type, ACL, regions and attributes, each in order; labels are given at creation and so never compared. */
function isDescribedBy(parcel: Parcel, request: LookupRequest): boolean {
  const attrs = request.attr_entries ?? [];
  return (
    parcel.memType === request.mem_type &&
    parcel.participants.length === request.acl_entries.length &&
    parcel.regions.length === request.sgl_entries.length &&
    parcel.attrs.length === attrs.length &&
    parcel.participants.length > 0 &&
    request.acl_entries.every(
      ({ vmid, rights }, index) =>
        parcel.participants[index]?.vmid === vmid && parcel.participants[index]?.rights === rights,
    ) &&
    request.sgl_entries.every(({ ipa, size }, index) => {
      const region = parcel.regions[index];
      return region !== undefined && BigInt(region.ownerIpa) === ipa && BigInt(region.size) === size;
    }) &&
    attrs.every(
      ({ attr, vmid }, index) => parcel.attrs[index]?.attr === attr && parcel.attrs[index]?.vmid === vmid,
    )
  );
}

type LookupRequest = ReturnType<typeof decode<typeof MEM_QCOM_LOOKUP_SGL.request>>;

export const memHandlers: Handlers = [
  [MEM_DONATE.id, create(TransType.DONATE, MEM_DONATE)],
  [MEM_ACCEPT.id, accept],
  [MEM_LEND.id, create(TransType.LEND, MEM_LEND)],
  [MEM_SHARE.id, create(TransType.SHARE, MEM_SHARE)],
  [MEM_RELEASE.id, release],
  [MEM_RECLAIM.id, reclaim],
  [MEM_NOTIFY.id, (rm, sender, payload) => errorReply(notifyParcel(rm, sender, payload))],
  [MEM_APPEND.id, append],
  [MEM_QCOM_LOOKUP_SGL.id, lookUp],
];
