import { hasAddressSpace, isComponent, type Owner } from './owner.js';
import { PAGE_SIZE } from './page-contents.js';
import {
  type Borrower,
  borrowerOf,
  type MemoryKind,
  ownedRecord,
  type PageRecord,
  type PageState,
  stateOf,
  withBorrower,
  withoutBorrower,
} from './page-record.js';
import type { Piece } from './page-records.js';
import { type CheckedRange, type Refusal, refuse } from './refusal.js';

/** First address that is too large: tables of a 4 KiB granule translate 48 bits. */
export const ADDRESS_LIMIT = 2 ** 48;
/** First address that no memory of an internal VM may reach: KVM_PHYS_SIZE of Linux 4.13 for arm64. */
export const INTERNAL_LIMIT = 2 ** 40;
const RIGHTS_MAX = 7;

/** One side of a transition: a component and the address of the range for it. */
export interface Party {
  readonly owner: Owner;
  /**
   * In its address space, a multiple of {@link PAGE_SIZE}. The physical address for a component without one. Undefined,
   * for the target of a donation only: it owns the pages, but they are mapped nowhere.
   */
  readonly address: number | undefined;
}

/** A change of the state of pages for two components. */
export interface Transition {
  /** All pages must be of this kind. */
  readonly kind: MemoryKind;
  readonly source: Party;
  readonly target: Party;
  /** Bytes, a multiple of {@link PAGE_SIZE}, not 0. */
  readonly size: number;
}

/** What a transition requires of its two sides, and what becomes of the pages. */
export interface Rule {
  /** States that a page may have for the source. */
  readonly source: readonly PageState[];
  /** Whether the target must have nothing there, or exactly these pages. */
  readonly target: 'unmapped' | 'borrowed';
  /** Its access, only the address without access, or neither. */
  readonly sourceKeeps: 'access' | 'address' | 'nothing';
  /** The record of a page afterwards. @param target where the target has the page, if it gets it. */
  readonly becomes: (record: PageRecord, target: Borrower) => PageRecord;
}

const ended: Rule['becomes'] = (record, { owner }) => withoutBorrower(record, owner);

/** By their names, which refusals show. */
export const rules = {
  donate: {
    source: ['owned'],
    target: 'unmapped',
    sourceKeeps: 'nothing',
    becomes: ({ kind }, { owner, address }) => ownedRecord(kind, owner, address),
  },
  share: {
    source: ['owned', 'shared-owned'],
    target: 'unmapped',
    sourceKeeps: 'access',
    becomes: (record, target) => withBorrower(record, target, false),
  },
  unshare: {
    source: ['shared-owned'],
    target: 'borrowed',
    sourceKeeps: 'access',
    becomes: ended,
  },
  lend: {
    source: ['owned'],
    target: 'unmapped',
    sourceKeeps: 'address',
    becomes: (record, target) => withBorrower(record, target, true),
  },
  reclaim: { source: ['lent'], target: 'borrowed', sourceKeeps: 'access', becomes: ended },
} as const satisfies Readonly<Record<string, Rule>>;

export type TransitionStep = keyof typeof rules;

/** One side of a transition, as checks and refusals name it. */
export function sideOf(
  step: TransitionStep,
  side: 'source' | 'target',
  { owner, address }: Party,
  size: number,
): CheckedRange {
  return { step, side, owner, start: address ?? 0, size };
}

/** Whether both sides of a transition exist and differ. */
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

/** Whether a number is a multiple of a page, 0 or more. The remainder of one above 2^31 would take ten times as long. */
export function isPages(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && Math.floor(value / PAGE_SIZE) * PAGE_SIZE === value;
}

/** Whether a range may be memory of an internal VM; one that is no range at all is refused elsewhere. */
export function checkInternalLimit(range: CheckedRange): Refusal | undefined {
  const { start, size } = range;
  const end = start + size;
  if (!isPages(start) || !isPages(size) || end < INTERNAL_LIMIT) return undefined;
  return refuse(range, 'limit', start, `an end below ${INTERNAL_LIMIT}`, end);
}

/** Whether numbers are a range: whole pages, at least one, within an address space. Any numbers may be given. */
export function checkRange(range: CheckedRange): Refusal | undefined {
  const { start, size } = range;
  if (!isPages(size) || size === 0) return refuse(range, 'size', start, `pages of ${PAGE_SIZE} bytes`, size);
  if (!isPages(start)) return refuse(range, 'address', start, `a multiple of ${PAGE_SIZE}`, start);
  if (start + size > ADDRESS_LIMIT)
    return refuse(range, 'address', start, `an end up to ${ADDRESS_LIMIT}`, start + size);
  return undefined;
}

/** Whether at least one right is given, and no unknown bit. */
export function checkRights(range: CheckedRange, access: number): Refusal | undefined {
  return Number.isInteger(access) && access > 0 && access <= RIGHTS_MAX
    ? undefined
    : refuse(range, 'rights', range.start, `1..${RIGHTS_MAX}`, access);
}

/**
 * Whether every page of a range has one of the given states for its component.
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
    const state = stateOf(record, range.owner);
    if (!states.includes(state))
      return refuse(range, 'state', range.start + offset, states.join(' or '), state, record?.owner);
    if (kind !== undefined && record?.kind !== kind)
      return refuse(range, 'kind', range.start + offset, kind, record?.kind ?? 'none', record?.owner);
  }
  return undefined;
}

/** Whether the target has every page at its physical address, now or after the transition. */
export function checkRangeIdentity(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, phys, record } of pieces)
    if (range.start + offset !== phys)
      return refuse(range, 'identity', range.start + offset, phys, range.start + offset, record?.owner);
  return undefined;
}

/** Whether the target has none of the pages at any address. */
export function checkRangeNotBorrowed(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, record } of pieces) {
    const state = stateOf(record, range.owner);
    if (state !== 'none')
      return refuse(range, 'borrowed', range.start + offset, 'none', state, record?.owner);
  }
  return undefined;
}

/** Whether the target has borrowed exactly these pages and has them at these addresses. */
export function checkRangeBorrowed(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, record } of pieces) {
    const page = range.start + offset;
    const borrower = record && borrowerOf(record, range.owner);
    if (borrower === undefined)
      return refuse(range, 'not_borrowed', page, 'shared-borrowed', 'none', record?.owner);
    if (borrower.address !== undefined && borrower.address !== page)
      return refuse(range, 'not_borrowed', page, borrower.address, page, record?.owner);
  }
  return undefined;
}

/** Whether the pages are mapped nowhere for the component. */
export function checkRangeNowhere(range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
  for (const { offset, record } of pieces)
    if (record?.address !== undefined)
      return refuse(range, 'mapped', range.start + offset, 'nowhere', record.address, record.owner);
  return undefined;
}
