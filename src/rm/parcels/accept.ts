import type { MemAcceptRequest, SglEntry } from '../../../schemas/index.js';
import { type Allocation, NO_TAG } from '../../hypervisor/index.js';
import { AcceptFlag, MemType, Right, RmError, TransType, VMID_HLOS } from '../codes.js';
import type { MemoryContext } from '../context.js';
import { removeUnordered, type Vm } from '../vm.js';
import { pagesOf } from './create.js';
import { mapParcel } from './hand-over.js';
import type { Parcel, Participant, Region } from './parcel.js';

type NeededKeys = 'mem_handle' | 'mem_type' | 'trans_type' | 'flags';
/** A request of MEM_ACCEPT, of which RM itself gives only what it needs: the rest is 0 or empty. */
export type AcceptRequest = Pick<MemAcceptRequest, NeededKeys> & Partial<MemAcceptRequest>;

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

/** MEM_ACCEPT after its payload is read (rm-behaviour.md). RM also uses it on a VM's behalf. */
export function acceptParcel(rm: MemoryContext, vmid: number, request: AcceptRequest): Accepted {
  const parcel = rm.parcels.get(request.mem_handle);
  if (parcel === undefined) return refused(RmError.HANDLE_INVALID);
  const checked = checkRequest(parcel, request);
  if (checked !== RmError.OK) return refused(checked);
  const vm = rm.vms.get(vmid);
  const participant = parcel.participant(vmid);
  if (vm === undefined || participant === undefined) return refused(RmError.VMID_INVALID);
  if (vmid === parcel.owner || participant.mappedIn !== undefined) return refused(RmError.DENIED);
  const contiguous = (request.flags & AcceptFlag.MAP_CONTIGUOUS) !== 0;
  if (contiguous && request.mem_type !== MemType.NORMAL) return refused(RmError.ARGUMENT_INVALID);
  const begun = participant.addresses !== undefined;
  if (contiguous && begun && !participant.contiguous) return refused(RmError.ARGUMENT_INVALID);
  const scattered = !contiguous && begun && participant.contiguous && parcel.regions.length > 1;
  if (scattered && rm.careful) return refused(RmError.ARGUMENT_INVALID);
  if ((request.flags & AcceptFlag.SANITIZE) !== 0) {
    if (parcel.memType === MemType.IO || (participant.rights & Right.W) === 0)
      return refused(RmError.ARGUMENT_INVALID);
    parcel.sanitizeReclaim = true;
  }
  return takeAndMap(rm, vm, parcel, participant, request, contiguous);
}

/** Checks that need the parcel and the request only. */
function checkRequest(parcel: Parcel, request: AcceptRequest): number {
  const { flags, acl_entries: acl = [], attr_entries: attrs = [], label = 0, map_vmid = 0 } = request;
  if (request.mem_type !== parcel.memType || request.trans_type !== parcel.transType)
    return RmError.ARGUMENT_INVALID;
  if ((flags & AcceptFlag.VALIDATE_SANITIZED) !== 0 && !parcel.sanitizeCreate) return RmError.VALIDATE_FAILED;
  if ((flags & AcceptFlag.VALIDATE_LABEL) !== 0 && label !== parcel.label) return RmError.VALIDATE_FAILED;
  if ((flags & AcceptFlag.VALIDATE_ACL_ATTR) !== 0 && !(parcel.hasAcl(acl) && parcel.hasAttrs(attrs)))
    return RmError.VALIDATE_FAILED;
  if ((flags & AcceptFlag.MAP_OTHER) !== 0) return RmError.DENIED;
  return map_vmid === 0 ? RmError.OK : RmError.ARGUMENT_INVALID;
}

/** What one call has taken, to be given back when it fails. */
interface Taken {
  readonly addresses: number[];
  readonly entries: { ipa: number; size: number }[];
}

function takeAndMap(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  participant: Participant,
  request: AcceptRequest,
  contiguous: boolean,
): Accepted {
  const { sgl_entries: sgl = [] } = request;
  const mappings = contiguous ? 1 : parcel.regions.length;
  const before = participant.addresses ?? [];
  const first = before.length;
  let count = Math.min(mappings - first, ENTRIES_MAX);
  const incomplete = sgl.length === 0 && first + count < mappings;
  if (sgl.length > count) return refused(RmError.ARGUMENT_INVALID);
  if (sgl.length > 0) count = sgl.length;
  if (participant.addresses === undefined) participant.contiguous = contiguous;

  const taken: Taken = { addresses: [], entries: [] };
  let error = takeAddresses(rm, vm, parcel, contiguous, first, count, sgl, taken);
  const addresses = [...before, ...taken.addresses];
  const done = (request.flags & AcceptFlag.DONE) !== 0;
  if (error === RmError.OK && done)
    error =
      addresses.length === mappings
        ? mapParcel(rm, vm, parcel, participant.contiguous, addresses)
        : RmError.ARGUMENT_INVALID;
  if (error !== RmError.OK) {
    if (!contiguous && participant.contiguous && taken.addresses.length > 0 && first > 0)
      rm.panicOrError('mem_release_contiguous_scattered');
    giveBack(rm, vm, parcel, contiguous, first, taken.addresses);
    return refused(error);
  }
  participant.addresses = addresses;
  if (done && parcel.transType === TransType.DONATE) completeDonation(rm, vm, parcel);
  else {
    if (done) participant.mappedIn = vm.config?.addressSpace;
    if (!participant.shared) {
      participant.shared = true;
      parcel.shareCount++;
      parcel.state = 'shared';
      vm.config?.accepted.push(parcel);
    }
  }
  return { error: RmError.OK, entries: taken.entries, incomplete };
}

/** What a participant maps in one piece: all of the parcel when contiguous, else one region. */
interface Piece {
  /** Undefined: the piece has no single physical address. */
  readonly phys: number | undefined;
  readonly size: number;
}

function pieceAt(parcel: Parcel, contiguous: boolean, index: number): Piece {
  return contiguous ? { phys: undefined, size: parcel.totalSize } : (parcel.regions[index] as Region);
}

/** Takes addresses for `count` pieces from the one with index `first` on. */
function takeAddresses(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  first: number,
  count: number,
  sgl: readonly SglEntry[],
  taken: Taken,
): number {
  for (let index = 0; index < count; index++) {
    const { phys, size } = pieceAt(parcel, contiguous, first + index);
    const wanted = sgl[index];
    if (wanted !== undefined && (pagesOf(wanted.ipa) === undefined || Number(wanted.size) !== size))
      return RmError.ARGUMENT_INVALID;
    if (vm.config === undefined) return rm.panicOrError('ghost_unconfigured');
    if (vm.allocator === undefined && !mappedDirectly(vm, parcel))
      return rm.panicOrError('mem_accept_no_allocator');
    const got = allocate(vm, parcel, wanted === undefined ? undefined : Number(wanted.ipa), phys, size);
    if (got === undefined) return RmError.NORESOURCE;
    if (!tagFits(got)) {
      // Unless careful, a range refused for its constraints stays taken (rm-internals.md, section 5).
      if (rm.careful) freeRange(rm, vm, parcel, got.start, size);
      return RmError.MEM_INVALID;
    }
    taken.addresses.push(got.start);
    taken.entries.push({ ipa: got.start, size });
  }
  return RmError.OK;
}

function tagFits(got: Allocation): boolean {
  return got.tag === NO_TAG || (got.tag & MEMORY_TAG) === got.tag;
}

/**
 * Whether a VM has a parcel's memory at its physical address, without allocation: HLOS always, others device memory.
 */
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
  if (wanted !== undefined) return vm.allocator?.allocateAt(wanted, size);
  return vm.allocator?.allocateAny(size, size >= SIZE_2M ? SIZE_2M : PAGE_SIZE);
}

function freeRange(rm: MemoryContext, vm: Vm, parcel: Parcel, start: number, size: number): void {
  if (mappedDirectly(vm, parcel)) return;
  if (vm.config === undefined) rm.panicOrError('ghost_unconfigured');
  else if (vm.allocator === undefined) rm.panicOrError('mem_release_no_allocator');
  else if (!vm.allocator.free(start, size)) rm.panicOrError('mem_release_stale_range');
}

function giveBack(
  rm: MemoryContext,
  vm: Vm,
  parcel: Parcel,
  contiguous: boolean,
  first: number,
  addresses: readonly number[],
): void {
  for (const [index, start] of addresses.entries())
    freeRange(rm, vm, parcel, start, pieceAt(parcel, contiguous, first + index).size);
}

/** Gives every address back that a participant has taken. */
export function freeAddresses(rm: MemoryContext, vm: Vm, parcel: Parcel, participant: Participant): void {
  const { contiguous, addresses = [] } = participant;
  if (contiguous && addresses.length > 1) rm.panicOrError('mem_release_contiguous_scattered');
  giveBack(rm, vm, parcel, contiguous, 0, addresses);
}

/**
 * Ends a donation: the VM that accepts owns the memory now, and the parcel and its handle no longer exist. The public
 * manager dies if the donor does not have the addresses any more that it gave up (rm-lives.md, section 5).
 */
function completeDonation(rm: MemoryContext, vm: Vm, parcel: Parcel): void {
  const previous = rm.vms.get(parcel.owner);
  if (previous?.life !== parcel.ownerLife) rm.panicOrError('mem_accept_donor_changed');
  else for (const { ownerIpa, size } of parcel.regions) freeRange(rm, previous, parcel, ownerIpa, size);
  if (vm.config !== undefined) removeUnordered(vm.config.accepted, parcel);
  rm.parcels.delete(parcel);
  if (previous !== undefined) previous.parcelCount--;
}
