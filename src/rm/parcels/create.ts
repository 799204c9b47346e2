import { type AttrEntry, limits, type MemLendRequest, type SglEntry } from '../../../schemas/index.js';
import {
  ALL_RIGHTS,
  MemAttr,
  MemType,
  READ_WRITE,
  Right,
  RmError,
  ShareFlag,
  TransType,
  VALID_RIGHTS,
} from '../codes.js';
import type { MemoryContext } from '../context.js';
import type { Vm } from '../vm.js';
import { VMID_COUNT } from '../vm-table.js';
import { returnRegion, takeRegion } from './hand-over.js';
import { Parcel, Participant, type Region } from './parcel.js';

const ADDRESS_LIMIT = 2 ** 44;
const PAGE_SIZE = 4096;

/**
 * An address or a size of memory as a number, if it is whole pages below 2^44; else undefined. Numbers from 2^44 on stay
 * above the limit, however they are rounded. The remainder of a number above 2^31 would take ten times as long.
 */
export function pagesOf(value: bigint): number | undefined {
  const number = Number(value);
  const isPages = Math.floor(number / PAGE_SIZE) * PAGE_SIZE === number;
  return isPages && number < ADDRESS_LIMIT ? number : undefined;
}

/** The VMIDs of one list. It is emptied at once and used again: a set for each list costs more than all other checks. */
class ListedVmids {
  /** By VMID: the list in which it was found last. */
  readonly #lists = new Float64Array(VMID_COUNT);
  #list = 0;

  /** Forgets all. */
  begin(): void {
    this.#list++;
  }

  /** @returns false for one that the list has already. */
  add(vmid: number): boolean {
    if (this.#lists[vmid] === this.#list) return false;
    this.#lists[vmid] = this.#list;
    return true;
  }

  has(vmid: number): boolean {
    return this.#lists[vmid] === this.#list;
  }
}

const listed = new ListedVmids();

/** MEM_DONATE, MEM_LEND, MEM_SHARE after the payload is read (rm-behaviour.md). @returns the parcel or the error. */
export function createParcel(
  rm: MemoryContext,
  owner: Vm,
  transType: number,
  request: MemLendRequest,
): Parcel | number {
  const { acl_entries: acl, sgl_entries: sgl, attr_entries: attrs = [], mem_type: memType, flags } = request;
  const sanitize = (flags & ShareFlag.SANITIZE) !== 0;
  if (acl.length === 0 || sgl.length === 0) return RmError.ARGUMENT_INVALID;
  if (transType === TransType.DONATE && acl.length > 1) return RmError.ARGUMENT_INVALID;
  if (owner.parcelCount === limits.parcels_per_owner) return RmError.DENIED;
  if (sanitize && memType === MemType.IO) return RmError.ARGUMENT_INVALID;
  // From here on a failure uses the handle up (rm-internals.md, section 11).
  const handle = rm.parcels.takeHandle();
  const participants = checkAcl(rm, owner, transType, request);
  if (typeof participants === 'number') return participants;
  const attrError = applyAttributes(transType, memType, attrs, participants);
  if (attrError !== RmError.OK) return attrError;
  const parcel = new Parcel(
    handle,
    owner.vmid,
    owner.life,
    transType,
    memType,
    request.label,
    sanitize,
    participants,
    attrs,
  );
  const error = addRegions(rm, owner, parcel, sgl, (flags & ShareFlag.APPEND) === 0);
  if (error !== RmError.OK) return error;
  rm.parcels.add(parcel);
  owner.parcelCount++;
  return parcel;
}

function checkAcl(
  rm: MemoryContext,
  owner: Vm,
  transType: number,
  { acl_entries: acl, mem_type }: MemLendRequest,
): Participant[] | number {
  const io = mem_type === MemType.IO;
  listed.begin();
  for (const { vmid, rights } of acl) {
    if (!rm.vms.isTarget(vmid) || !listed.add(vmid) || !VALID_RIGHTS.includes(rights))
      return RmError.ARGUMENT_INVALID;
    if (io && (rights & Right.X) !== 0) return RmError.ARGUMENT_INVALID;
    if (transType === TransType.DONATE && rights !== (io ? READ_WRITE : ALL_RIGHTS)) return RmError.DENIED;
  }
  if (listed.has(owner.vmid) !== (transType === TransType.SHARE)) return RmError.ARGUMENT_INVALID;
  // Not pushed one by one: a list that grows begins with room for 17 elements.
  return acl.map(({ vmid, rights }) => new Participant(vmid, rights, io ? MemAttr.DEVICE : MemAttr.NORMAL));
}

function applyAttributes(
  transType: number,
  memType: number,
  attrs: readonly AttrEntry[],
  participants: readonly Participant[],
): number {
  const io = memType === MemType.IO;
  const usual = io ? MemAttr.DEVICE : MemAttr.NORMAL;
  listed.begin();
  for (const { attr, vmid } of attrs) {
    if (listed.has(vmid) || attr > MemAttr.CACHED) return RmError.ARGUMENT_INVALID;
    if (io !== (attr === MemAttr.DEVICE)) return RmError.ARGUMENT_INVALID;
    if (transType === TransType.DONATE && attr !== usual) return RmError.ARGUMENT_INVALID;
    const participant = participants.find((entry) => entry.vmid === vmid);
    if (participant === undefined) return RmError.VMID_INVALID;
    listed.add(vmid);
    participant.attr = attr;
  }
  return RmError.OK;
}

/**
 * Takes memory from its owner into a parcel. Memory that is contiguous both for the owner and physically becomes one
 * region. If it fails, everything taken in this call goes back. The public manager then leaves the total size too high
 * and the mappings of an owner that shares, each with its slot.
 */
export function addRegions(
  rm: MemoryContext,
  owner: Vm,
  parcel: Parcel,
  sgl: readonly SglEntry[],
  done: boolean,
): number {
  const before = parcel.regions.length;
  const sizeBefore = parcel.totalSize;
  const error = takeAll(rm, owner, parcel, sgl);
  if (error === RmError.OK) {
    if (done) parcel.state = 'sharing';
    return error;
  }
  const taken = parcel.regions.splice(before);
  for (const region of taken) returnRegion(rm, parcel, region, owner);
  if (rm.careful) parcel.slots.unmap(spaceOf(owner), taken);
  if (rm.careful) parcel.totalSize = sizeBefore;
  return error;
}

/** The address space that has the owner's mapping of what it shares. One without has no memory to share. */
function spaceOf({ config, life }: Vm): object {
  return config?.addressSpace ?? life;
}

function takeAll(rm: MemoryContext, owner: Vm, parcel: Parcel, sgl: readonly SglEntry[]): number {
  const { kind } = parcel;
  const share = parcel.transType === TransType.SHARE;
  const space = spaceOf(owner);
  for (const item of sgl) {
    let ipa = pagesOf(item.ipa);
    let left = pagesOf(item.size);
    if (ipa === undefined || left === undefined) return RmError.ARGUMENT_INVALID;
    if (left === 0) return RmError.MEM_INVALID;
    while (left > 0) {
      const stretch = rm.hypervisor.memory.ownedStretch(owner.vmid, kind, ipa, left);
      if (stretch === undefined) return RmError.MEM_INVALID;
      const { phys, size } = stretch;
      const region: Region = { phys, size, ownerIpa: ipa };
      if (share && !parcel.slots.map(space, [region])) return RmError.MAP_FAILED;
      const refused = takeRegion(rm, parcel, region);
      if (refused !== undefined) {
        if (share) parcel.slots.unmap(space, [region]);
        return refused.errno === 'ENOMEM' ? rm.panicOrError('mem_tables_exhausted') : RmError.MEM_INVALID;
      }
      parcel.addRegion(region);
      if (parcel.sanitizeCreate) rm.hypervisor.zeroMemory(phys, size);
      parcel.totalSize += size;
      ipa += size;
      left -= size;
    }
  }
  return RmError.OK;
}
