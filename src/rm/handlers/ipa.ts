import { IPA_RESERVE } from '../../../schemas/index.js';
import { RmError, VMID_HLOS } from '../codes.js';
import { constraintTag } from '../create/init.js';
import { checkLists } from '../lists.js';
import type { ResourceManager } from '../manager.js';
import type { Vm } from '../vm.js';
import { decode, errorReply, type Payload, type Reply, replyWith, sizeOf } from '../wire.js';
import type { Handlers } from './handler.js';

const HEAD_SIZE = 16;
const LIST_OFFSET = 12;
const ENTRIES_MAX = 30;
const AllocType = { FIXED_LIST: 0, ALLOC_LIST: 1 } as const;
const FIXED_ENTRY_SIZE = 16;
const ALLOC_ENTRY_SIZE = 32;
const ALL_ONES = 0xffffffffffffffffn;
const ADDRESS_LIMIT = 1n << 44n;
const ALIGNMENT_MIN = 4096n;
const PAGE_SIZE = 4096;

function reserve(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sender.space === undefined) return errorReply(RmError.DENIED);
  if (sizeOf(payload) < HEAD_SIZE) return errorReply(RmError.MSG_INVALID);
  const allocType = payload.view.getUint8(payload.start);
  if (allocType > AllocType.ALLOC_LIST) return errorReply(RmError.MSG_INVALID);
  const generic = payload.view.getUint32(payload.start + 4, true);
  const platform = payload.view.getUint32(payload.start + 8, true);
  const tag = constraintTag(sender, generic, platform);
  if (tag === undefined) return errorReply(RmError.ARGUMENT_INVALID);
  const entrySize = allocType === AllocType.FIXED_LIST ? FIXED_ENTRY_SIZE : ALLOC_ENTRY_SIZE;
  const error = checkLists(payload, LIST_OFFSET, [entrySize], ENTRIES_MAX);
  if (error !== RmError.OK) return errorReply(error);
  const request = decode(IPA_RESERVE.request, payload);
  return allocType === AllocType.FIXED_LIST
    ? errorReply(reserveFixed(rm, sender, request.entries as readonly FixedRange[], tag))
    : reserveAnywhere(sender, request.entries as readonly AllocRange[], tag);
}

interface FixedRange {
  readonly base: bigint;
  readonly size: bigint;
}

interface AllocRange {
  readonly region_base: bigint;
  readonly region_size: bigint;
  readonly size: bigint;
  readonly align: bigint;
}

/** Numbers that fit no address space become one that fits none either. */
function toNumber(value: bigint): number {
  return value < ADDRESS_LIMIT ? Number(value) : Number.POSITIVE_INFINITY;
}

/** A base of all ones means anywhere here too (recording ipa_reserve). */
function reserveOne(vm: Vm, { base, size }: FixedRange, tag: number): number | undefined {
  if (vm.vmid === VMID_HLOS) return undefined;
  const start = base === ALL_ONES ? undefined : toNumber(base);
  return vm.space?.reserveAny(start, PAGE_SIZE, toNumber(size), PAGE_SIZE, tag);
}

function reserveFixed(rm: ResourceManager, vm: Vm, entries: readonly FixedRange[], tag: number): number {
  const done: { start: number; size: number }[] = [];
  for (const entry of entries) {
    const start = reserveOne(vm, entry, tag);
    if (start !== undefined) {
      done.push({ start, size: Number(entry.size) });
      continue;
    }
    if (done.length === 0) return RmError.DENIED;
    const error = rm.die('ipa_reserve_fixed_partly');
    for (const { start, size } of done.reverse()) vm.space?.unreserve(start, size, tag);
    return error;
  }
  return RmError.OK;
}

function reserveAnywhere(vm: Vm, entries: readonly AllocRange[], tag: number): Reply {
  const found: { base: number; size: number }[] = [];
  for (const entry of entries) {
    const aligned = entry.align >= ALIGNMENT_MIN && (entry.align & (entry.align - 1n)) === 0n;
    const regionStart = entry.region_base === ALL_ONES ? undefined : toNumber(entry.region_base);
    const size = toNumber(entry.size);
    const base =
      vm.vmid === VMID_HLOS || !aligned
        ? undefined
        : vm.space?.reserveAny(regionStart, toNumber(entry.region_size), size, Number(entry.align), tag);
    if (base === undefined) {
      for (const done of found.reverse()) vm.space?.unreserve(done.base, done.size, tag);
      return errorReply(RmError.DENIED);
    }
    found.push({ base, size });
  }
  return replyWith(IPA_RESERVE.reply, { ipas: found.map(({ base }) => BigInt(base)) });
}

export const ipaHandlers: Handlers = [[IPA_RESERVE.id, reserve]];
