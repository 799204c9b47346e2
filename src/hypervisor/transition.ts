import { hasAddressSpace, isComponent, type Owner } from './owner.js';
import { PAGE_SIZE } from './page-contents.js';
import { type MemoryKind, type PageState, stateOf } from './page-record.js';
import type { Piece } from './page-records.js';
import { type CheckedRange, type Refusal, refuse } from './refusal.js';

/** Addresses end here: 48 bits, the most that the tables of a 4 KiB granule reach. */
export const ADDRESS_LIMIT = 2 ** 48;
const RIGHTS_MAX = 7;

/** A component, and where it has a range of pages: the same for both sides of a transition. */
export interface Party {
  readonly owner: Owner;
  /**
   * In its address space, a multiple of {@link PAGE_SIZE}; the physical address for a component without one. Undefined,
   * for the target of a donation only: nowhere, it owns the pages and cannot see them.
   */
  readonly address: number | undefined;
}

/** A change of what pages are to two components. */
export interface Transition {
  /** Of memory: device memory moves only where it is said to be such. */
  readonly kind: MemoryKind;
  readonly source: Party;
  readonly target: Party;
  /** Bytes, a multiple of {@link PAGE_SIZE}, not 0. */
  readonly size: number;
}

/** What a transition asks of its two sides, and leaves to the source. */
export interface Rule {
  /** What every page must be to the source, one of these. */
  readonly source: readonly PageState[];
  /** Whether the target has nothing there yet, or just these pages. */
  readonly target: 'unmapped' | 'borrowed';
  /** Its access, only the address without access, or neither. */
  readonly sourceKeeps: 'access' | 'address' | 'nothing';
}

export const rules = {
  donate: { source: ['owned'], target: 'unmapped', sourceKeeps: 'nothing' },
  share: { source: ['owned', 'shared-owned'], target: 'unmapped', sourceKeeps: 'access' },
  unshare: { source: ['shared-owned'], target: 'borrowed', sourceKeeps: 'access' },
  lend: { source: ['owned'], target: 'unmapped', sourceKeeps: 'address' },
  reclaim: { source: ['lent'], target: 'borrowed', sourceKeeps: 'access' },
} as const satisfies Readonly<Record<string, Rule>>;

export type TransitionStep = keyof typeof rules;

/** One side of a transition, as checks and refusals name it. */
export function sideOf(
  step: TransitionStep,
  transition: Transition,
  side: 'source' | 'target',
): CheckedRange {
  const { owner, address } = transition[side];
  return { step, side, owner, start: address ?? 0, size: transition.size };
}

/** Whether both sides of a transition are there at all, and are two. */
export function checkParties(
  { source, target }: Transition,
  from: CheckedRange,
  to: CheckedRange,
): Refusal | undefined {
  const unknown = checkComponent(from) ?? checkComponent(to);
  if (unknown !== undefined) return unknown;
  if (from.owner === to.owner) return refuse(to, 'component', to.start, 'another than the source', to.owner);
  if (source.address === undefined) return refuse(from, 'address', 0, 'an address', 'nowhere');
  if (target.address === undefined && (to.step !== 'donate' || !hasAddressSpace(to.owner)))
    return refuse(to, 'address', 0, 'an address', 'nowhere');
  return checkRange(from) ?? checkRange(to);
}

function checkComponent(range: CheckedRange): Refusal | undefined {
  return isComponent(range.owner)
    ? undefined
    : refuse(range, 'component', range.start, 'a VM, a parcel or nobody', range.owner);
}

/** Whether a range is that of a VM, which has an address space. */
export function checkVm(range: CheckedRange): Refusal | undefined {
  return isComponent(range.owner) && hasAddressSpace(range.owner)
    ? undefined
    : refuse(range, 'component', range.start, 'a VM', range.owner);
}

/** Whether a range is one: pages, not none, within an address space. Any numbers. */
export function checkRange(range: CheckedRange): Refusal | undefined {
  const { start, size } = range;
  if (!Number.isSafeInteger(size) || size <= 0 || size % PAGE_SIZE !== 0)
    return refuse(range, 'size', start, `pages of ${PAGE_SIZE} bytes`, size);
  if (!Number.isSafeInteger(start) || start < 0 || start % PAGE_SIZE !== 0)
    return refuse(range, 'address', start, `a multiple of ${PAGE_SIZE}`, start);
  if (start + size > ADDRESS_LIMIT)
    return refuse(range, 'address', start, `an end up to ${ADDRESS_LIMIT}`, start + size);
  return undefined;
}

/** Whether there are rights at all, and no others than there are. */
export function checkRights(range: CheckedRange, access: number): Refusal | undefined {
  return Number.isInteger(access) && access > 0 && access <= RIGHTS_MAX
    ? undefined
    : refuse(range, 'rights', range.start, `1..${RIGHTS_MAX}`, access);
}

/**
 * Whether every page of a range is its component's own, in one of the given states.
 *
 * @param kind of memory that it must be; undefined: any.
 */
export function checkRangeOwned(
  range: CheckedRange,
  kind: MemoryKind | undefined,
  pieces: readonly Piece[],
  states: readonly PageState[],
): Refusal | undefined {
  for (const { offset, record } of pieces) {
    const page = range.start + offset;
    const state = stateOf(record, range.owner);
    if (!states.includes(state))
      return refuse(range, 'state', page, states.join(' or '), state, record?.owner);
    if (kind !== undefined && record?.kind !== kind)
      return refuse(range, 'kind', page, kind, record?.kind ?? 'none', record?.owner);
  }
  return undefined;
}

/** Whether the target would have, or has, every page at its physical address. */
export function checkRangeIdentity(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, phys, record } of pieces)
    if (range.start + offset !== phys)
      return refuse(range, 'identity', range.start + offset, phys, range.start + offset, record?.owner);
  return undefined;
}

/** Whether the target has none of the pages, wherever. */
export function checkRangeNotBorrowed(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, record } of pieces) {
    const state = stateOf(record, range.owner);
    if (state !== 'none')
      return refuse(range, 'borrowed', range.start + offset, 'none', state, record?.owner);
  }
  return undefined;
}

/** Whether the target has borrowed just these pages, and has them just there. */
export function checkRangeBorrowed(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, record } of pieces) {
    const page = range.start + offset;
    const borrower = record?.borrowers.find(({ owner }) => owner === range.owner);
    if (borrower === undefined)
      return refuse(range, 'not_borrowed', page, 'shared-borrowed', 'none', record?.owner);
    if (borrower.address !== undefined && borrower.address !== page)
      return refuse(range, 'not_borrowed', page, borrower.address, page, record?.owner);
  }
  return undefined;
}

/** Whether the component has the pages nowhere. */
export function checkRangeNowhere(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, record } of pieces)
    if (record?.address !== undefined)
      return refuse(range, 'mapped', range.start + offset, 'nowhere', record.address, record.owner);
  return undefined;
}
