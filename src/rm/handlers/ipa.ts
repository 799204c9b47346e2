import { IPA_RESERVE, type IpaAllocRange, type IpaFixedRange } from '../../../schemas/index.js';
import { AllocType, RmError, VMID_HLOS } from '../codes.js';
import type { Context } from '../context.js';
import { constraintTag } from '../create/init.js';
import type { Vm } from '../vm.js';
import { hasRecord } from './conditions.js';
import { type Answer, type HandlerRow, handlerOfHead } from './row.js';

const ANYWHERE = 0xffffffffffffffffn;
const ADDRESS_LIMIT = 1n << 44n;
const PAGE_SIZE = 4096;

const reserve = handlerOfHead(
  IPA_RESERVE,
  (rm, sender, { alloc_type, generic_constraints, platform_constraints }, rest) => {
    if (alloc_type > AllocType.ALLOC_LIST) return RmError.MSG_INVALID;
    const tag = constraintTag(sender, generic_constraints, platform_constraints);
    if (tag === undefined) return RmError.ARGUMENT_INVALID;
    const request = rest.read();
    if (typeof request === 'number') return request;
    return alloc_type === AllocType.FIXED_LIST
      ? reserveFixed(rm, sender, request.entries as readonly IpaFixedRange[], tag)
      : reserveAnywhere(sender, request.entries as readonly IpaAllocRange[], tag);
  },
  {
    checks: [
      hasRecord,
      {
        text: 'sender has guest addresses to give away',
        error: 'DENIED',
        holds: (_rm, { allocator }) => allocator !== undefined,
      },
      'payload',
    ],
  },
);

/** Numbers that fit no address space become one that fits none either. */
function toNumber(value: bigint): number {
  return value < ADDRESS_LIMIT ? Number(value) : Number.POSITIVE_INFINITY;
}

/**
 * Reserves one range.
 *
 * @param base lowest address, {@link ANYWHERE}: any, in a fixed list too (recording ipa_reserve).
 * @returns its start, undefined when there is no room. HLOS has no range that could be reserved.
 */
function reserveOne(
  vm: Vm,
  base: bigint,
  room: number,
  size: bigint,
  align: number,
  tag: number,
): number | undefined {
  if (vm.vmid === VMID_HLOS) return undefined;
  return vm.allocator?.reserveAny(
    base === ANYWHERE ? undefined : toNumber(base),
    room,
    toNumber(size),
    align,
    tag,
  );
}

function reserveFixed(rm: Context, vm: Vm, entries: readonly IpaFixedRange[], tag: number): number {
  const done: { start: number; size: number }[] = [];
  for (const { base, size } of entries) {
    const start = reserveOne(vm, base, PAGE_SIZE, size, PAGE_SIZE, tag);
    if (start !== undefined) {
      done.push({ start, size: Number(size) });
      continue;
    }
    if (done.length === 0) return RmError.DENIED;
    const error = rm.panicOrError('ipa_reserve_fixed_partly');
    for (const range of done.reverse()) vm.allocator?.unreserve(range.start, range.size, tag);
    return error;
  }
  return RmError.OK;
}

function reserveAnywhere(
  vm: Vm,
  entries: readonly IpaAllocRange[],
  tag: number,
): Answer<{ readonly ipas: readonly bigint[] }> {
  const done: { start: number; size: number }[] = [];
  for (const { region_base, region_size, size, align } of entries) {
    const aligned = align >= PAGE_SIZE && (align & (align - 1n)) === 0n;
    const start = aligned
      ? reserveOne(vm, region_base, toNumber(region_size), size, Number(align), tag)
      : undefined;
    if (start === undefined) {
      for (const range of done.reverse()) vm.allocator?.unreserve(range.start, range.size, tag);
      return RmError.DENIED;
    }
    done.push({ start, size: Number(size) });
  }
  return { ipas: done.map(({ start }) => BigInt(start)) };
}

export const ipaRows: readonly HandlerRow[] = [reserve];
