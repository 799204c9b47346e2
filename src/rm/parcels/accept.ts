import { type Allocation, NO_TAG } from '../../hypervisor/index.js';
import { RmError, VMID_HLOS } from '../codes.js';
import type { ResourceManager } from '../manager.js';
import { removeUnordered, type Vm } from '../vm.js';
import { addressValid, type SglItem } from './create.js';
import { mapParcel } from './hand-over.js';
import {
  type AclItem,
  type AttrItem,
  MemType,
  type Parcel,
  type Participant,
  type Region,
  Rights,
  TransType,
} from './parcel.js';

/** Flags of MEM_ACCEPT. */
export const AcceptFlag = {
  VALIDATE_SANITIZED: 0x01,
  VALIDATE_ACL_ATTR: 0x02,
  VALIDATE_LABEL: 0x04,
  MAP_OTHER: 0x08,
  MAP_CONTIGUOUS: 0x10,
  SANITIZE: 0x20,
  DONE: 0x80,
} as const;

export interface AcceptRequest {
  readonly handle: number;
  readonly memType: number;
  readonly transType: number;
  readonly flags: number;
  readonly label: number;
  readonly acl: readonly AclItem[];
  readonly attrs: readonly AttrItem[];
  /** Empty: RM chooses the addresses. */
  readonly sgl: readonly SglItem[];
  readonly mapVmid: number;
}

export interface Accepted {
  readonly error: number;
  /** Addresses that RM chose in this call, in order. */
  readonly entries: readonly { readonly ipa: number; readonly size: number }[];
  /** More addresses are to come. */
  readonly incomplete: boolean;
}

/** Addresses that one call may ask for or be told. */
const ENTRIES_MAX = 512;
const SIZE_2M = 0x200000;
const PAGE_SIZE = 0x1000;
/** Constraints that any memory of the platform meets: valid and normal (rm-internals.md, section 5). */
const MEMORY_TAG = 9;

function refused(error: number): Accepted {
  return { error, entries: [], incomplete: false };
}

/** MEM_ACCEPT once the payload is read, also as RM itself uses it on a VM's behalf (rm-behaviour.md). */
export function acceptParcel(rm: ResourceManager, vmid: number, request: AcceptRequest): Accepted {
  const parcel = rm.parcels.get(request.handle);
  if (parcel === undefined) return refused(RmError.HANDLE_INVALID);
  const checked = checkRequest(parcel, request);
  if (checked !== RmError.OK) return refused(checked);
  const vm = rm.vm(vmid);
  const participant = parcel.participant(vmid);
  if (vm === undefined || participant === undefined) return refused(RmError.VMID_INVALID);
  if (vmid === parcel.owner || participant.mapped) return refused(RmError.DENIED);
  const contiguous = (request.flags & AcceptFlag.MAP_CONTIGUOUS) !== 0;
  if (contiguous && request.memType !== MemType.NORMAL) return refused(RmError.ARGUMENT_INVALID);
  const begun = participant.addresses !== undefined;
  if (contiguous && begun && !participant.contiguous) return refused(RmError.ARGUMENT_INVALID);
  if (!contiguous && begun && participant.contiguous && parcel.regions.length > 1)
    return refused(rm.die('mem_accept_contiguous_then_scattered'));
  if ((request.flags & AcceptFlag.SANITIZE) !== 0) {
    if (parcel.memType === MemType.IO || (participant.rights & Rights.W) === 0)
      return refused(RmError.ARGUMENT_INVALID);
    parcel.sanitizeReclaim = true;
  }
  return takeAndMap(rm, vm, parcel, participant, request, contiguous);
}

/** Checks that need the parcel and the request only. */
function checkRequest(parcel: Parcel, request: AcceptRequest): number {
  const { flags, acl, attrs } = request;
  if (request.memType !== parcel.memType || request.transType !== parcel.transType)
    return RmError.ARGUMENT_INVALID;
  if ((flags & AcceptFlag.VALIDATE_SANITIZED) !== 0 && !parcel.sanitizeCreate) return RmError.VALIDATE_FAILED;
  if ((flags & AcceptFlag.VALIDATE_LABEL) !== 0 && request.label !== parcel.label)
    return RmError.VALIDATE_FAILED;
  if ((flags & AcceptFlag.VALIDATE_ACL_ATTR) !== 0) {
    if (acl.length !== parcel.participants.length || attrs.length !== parcel.attrs.length)
      return RmError.VALIDATE_FAILED;
    const sameAcl = parcel.participants.every(
      (entry, index) => entry.vmid === acl[index]?.vmid && entry.rights === acl[index]?.rights,
    );
    const sameAttrs = parcel.attrs.every(
      (entry, index) => entry.vmid === attrs[index]?.vmid && entry.attr === attrs[index]?.attr,
    );
    if (!sameAcl || !sameAttrs) return RmError.VALIDATE_FAILED;
  }
  if ((flags & AcceptFlag.MAP_OTHER) !== 0) return RmError.DENIED;
  return request.mapVmid === 0 ? RmError.OK : RmError.ARGUMENT_INVALID;
}

/** What one call has taken, to be given back when it fails. */
interface Taken {
  readonly addresses: number[];
  readonly entries: { ipa: number; size: number }[];
}

function takeAndMap(
  rm: ResourceManager,
  vm: Vm,
  parcel: Parcel,
  participant: Participant,
  request: AcceptRequest,
  contiguous: boolean,
): Accepted {
  const mappings = contiguous ? 1 : parcel.regions.length;
  const first = participant.addresses?.length ?? 0;
  let count = Math.min(mappings - first, ENTRIES_MAX);
  const incomplete = request.sgl.length === 0 && first + count < mappings;
  if (request.sgl.length > count) return refused(RmError.ARGUMENT_INVALID);
  if (request.sgl.length > 0) count = request.sgl.length;
  const fresh = participant.addresses === undefined;
  if (fresh) participant.contiguous = contiguous;

  const taken: Taken = { addresses: [], entries: [] };
  let error: number =
    contiguous && count > 0
      ? takeContiguous(rm, vm, parcel, request.sgl, taken)
      : takeScattered(rm, vm, parcel, first, count, request.sgl, taken);
  const addresses = [...(participant.addresses ?? []), ...taken.addresses];
  const done = (request.flags & AcceptFlag.DONE) !== 0;
  if (error === RmError.OK && done) {
    if (addresses.length !== mappings) error = RmError.ARGUMENT_INVALID;
    else if (!parcel.hasSlot || !mapParcel(rm, vm, parcel, contiguous, addresses)) error = RmError.MAP_FAILED;
  }
  if (error !== RmError.OK) {
    giveBack(vm, parcel, contiguous, first, taken.addresses);
    return refused(error);
  }
  participant.addresses = addresses;
  if (done && parcel.transType === TransType.DONATE) completeDonation(rm, vm, parcel);
  else {
    if (done) participant.mapped = true;
    if (!participant.shared) {
      participant.shared = true;
      parcel.shareCount++;
      parcel.state = 'shared';
      vm.config?.accepted.push(parcel);
    }
  }
  return { error: RmError.OK, entries: taken.entries, incomplete };
}

function takeContiguous(
  rm: ResourceManager,
  vm: Vm,
  parcel: Parcel,
  sgl: readonly SglItem[],
  taken: Taken,
): number {
  const size = parcel.totalSize;
  const wanted = sgl[0];
  if (wanted !== undefined && (!addressValid(wanted.ipa) || wanted.size !== BigInt(size)))
    return RmError.ARGUMENT_INVALID;
  const got = allocate(vm, parcel, wanted === undefined ? undefined : Number(wanted.ipa), undefined, size);
  if (got === undefined) return RmError.NORESOURCE;
  const fits = tagFits(got);
  // Unless careful, a range refused for its constraints stays taken (rm-internals.md, section 5).
  if (!fits && rm.careful) freeRange(vm, parcel, got.start, size);
  if (!fits) return RmError.MEM_INVALID;
  taken.addresses.push(got.start);
  taken.entries.push({ ipa: got.start, size });
  return RmError.OK;
}

function takeScattered(
  rm: ResourceManager,
  vm: Vm,
  parcel: Parcel,
  first: number,
  count: number,
  sgl: readonly SglItem[],
  taken: Taken,
): number {
  for (let index = 0; index < count; index++) {
    const { phys, size } = parcel.regions[first + index] as Region;
    const wanted = sgl[index];
    if (wanted !== undefined && (!addressValid(wanted.ipa) || wanted.size !== BigInt(size)))
      return RmError.ARGUMENT_INVALID;
    const got = allocate(vm, parcel, wanted === undefined ? undefined : Number(wanted.ipa), phys, size);
    if (got === undefined) return RmError.NORESOURCE;
    const fits = tagFits(got);
    if (!fits && rm.careful) freeRange(vm, parcel, got.start, size);
    if (!fits) return RmError.MEM_INVALID;
    taken.addresses.push(got.start);
    taken.entries.push({ ipa: got.start, size });
  }
  return RmError.OK;
}

function tagFits(got: Allocation): boolean {
  return got.tag === NO_TAG || (got.tag & MEMORY_TAG) === got.tag;
}

/** HLOS, and every VM for IO memory, has memory at its physical address; nothing is allocated for it. */
function mappedDirectly(vm: Vm, parcel: Parcel): boolean {
  return vm.vmid === VMID_HLOS || parcel.memType === MemType.IO;
}

function allocate(
  vm: Vm,
  parcel: Parcel,
  wanted: number | undefined,
  phys: number | undefined,
  size: number,
): Allocation | undefined {
  if (mappedDirectly(vm, parcel))
    return phys !== undefined && (wanted === undefined || wanted === phys)
      ? { start: phys, tag: NO_TAG }
      : undefined;
  if (wanted !== undefined) return vm.space?.allocateAt(wanted, size);
  return vm.space?.allocateAny(size, size >= SIZE_2M ? SIZE_2M : PAGE_SIZE);
}

function freeRange(vm: Vm, parcel: Parcel, start: number, size: number): void {
  if (!mappedDirectly(vm, parcel)) vm.space?.free(start, size);
}

function giveBack(
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  first: number,
  addresses: readonly number[],
): void {
  addresses.forEach((start, index) => {
    const size = contiguous ? parcel.totalSize : (parcel.regions[first + index] as Region).size;
    freeRange(vm, parcel, start, size);
  });
}

/** Gives every address back that a participant has taken. */
export function freeAddresses(vm: Vm, parcel: Parcel, participant: Participant): void {
  participant.addresses?.forEach((start, index) => {
    const size = participant.contiguous ? parcel.totalSize : (parcel.regions[index] as Region).size;
    freeRange(vm, parcel, start, size);
  });
}

/** The acceptor owns the memory: parcel and handle are gone. */
function completeDonation(rm: ResourceManager, vm: Vm, parcel: Parcel): void {
  const previous = rm.vm(parcel.owner);
  for (const { ownerIpa, size } of parcel.regions)
    if (previous !== undefined) freeRange(previous, parcel, ownerIpa, size);
  if (vm.config !== undefined) removeUnordered(vm.config.accepted, parcel);
  rm.parcels.delete(parcel);
  if (previous !== undefined) previous.parcelCount--;
}
