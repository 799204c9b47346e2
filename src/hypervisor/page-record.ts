import type { Interval } from './interval-map.js';
import type { Owner } from './owner.js';

export type MemoryKind = 'normal' | 'io';

/**
 * What a page is to one component: the states of the KVM series that the seeds review (`none`: nothing), and `lent`,
 * for which it has no word: the owner keeps the page and its address, and has no access until it reclaims it.
 */
export type PageState = 'owned' | 'shared-owned' | 'lent' | 'shared-borrowed' | 'none';

/** A component that has a page which another owns. */
export interface Borrower {
  readonly owner: Owner;
  /** In its address space; undefined: it has none. */
  readonly address: number | undefined;
}

/** State of a page of physical memory. For a range of pages: that of its first one. */
export interface PageRecord {
  readonly kind: MemoryKind;
  readonly owner: Owner;
  /** Where the owner has it; undefined: nowhere, or it has no address space. */
  readonly address: number | undefined;
  /** By rising owner; no component twice. */
  readonly borrowers: readonly Borrower[];
  /** There is one borrower, and the owner has no access. */
  readonly lent: boolean;
}

const NO_BORROWERS: readonly Borrower[] = [];

/** What a component has borrowed of a page; undefined: nothing. A loop: it is asked for at every check of a page. */
export function borrowerOf({ borrowers }: PageRecord, owner: Owner): Borrower | undefined {
  for (const borrower of borrowers) if (borrower.owner === owner) return borrower;
  return undefined;
}

/** State of a page for a component. @param record undefined: there is no memory. */
export function stateOf(record: PageRecord | undefined, owner: Owner): PageState {
  if (record === undefined) return 'none';
  if (record.owner === owner) {
    if (record.lent) return 'lent';
    return record.borrowers.length === 0 ? 'owned' : 'shared-owned';
  }
  return borrowerOf(record, owner) === undefined ? 'none' : 'shared-borrowed';
}

function shifted(address: number | undefined, offset: number): number | undefined {
  return address === undefined ? undefined : address + offset;
}

/** The record of the page `offset` bytes behind the first one of a range. */
export function recordAt(record: PageRecord, offset: number): PageRecord {
  const { kind, owner, address, borrowers, lent } = record;
  if (offset === 0 || (address === undefined && borrowers.length === 0)) return record;
  return {
    kind,
    owner,
    address: shifted(address, offset),
    borrowers: borrowers.length === 0 ? NO_BORROWERS : borrowers.map((borrower) => behind(borrower, offset)),
    lent,
  };
}

function behind({ owner, address }: Borrower, offset: number): Borrower {
  return { owner, address: shifted(address, offset) };
}

/** Whether two ranges can be one: the same state for every component, and contiguous in every address space. */
export function recordContinues(left: Interval<PageRecord>, right: Interval<PageRecord>): boolean {
  const before = left.value;
  const after = right.value;
  const size = left.end - left.start;
  return (
    before.owner === after.owner &&
    before.kind === after.kind &&
    before.lent === after.lent &&
    shifted(before.address, size) === after.address &&
    borrowersContinue(before.borrowers, after.borrowers, size)
  );
}

function borrowersContinue(before: readonly Borrower[], after: readonly Borrower[], size: number): boolean {
  if (before === after && before.length === 0) return true;
  return (
    before.length === after.length &&
    before.every(({ owner, address }, index) => {
      const borrower = after[index];
      return borrower?.owner === owner && borrower.address === shifted(address, size);
    })
  );
}

/** The record of pages that one component owns alone. @param address undefined: they are not mapped for it. */
export function ownedRecord(kind: MemoryKind, owner: Owner, address: number | undefined): PageRecord {
  return { kind, owner, address, borrowers: NO_BORROWERS, lent: false };
}

/** The record with one borrower more. */
export function withBorrower(record: PageRecord, borrower: Borrower, lent: boolean): PageRecord {
  const { kind, owner, address } = record;
  const borrowers = [...record.borrowers, borrower];
  if (borrowers.length > 1) borrowers.sort((left, right) => left.owner - right.owner);
  return { kind, owner, address, borrowers, lent };
}

/** The record of pages that are mapped nowhere for that component, which still owns or has borrowed them. */
export function withoutAddress(record: PageRecord, owner: Owner): PageRecord {
  const { owner: keeper, borrowers } = record;
  if (keeper === owner) return { ...record, address: undefined };
  const changed = borrowers.map((entry) => (entry.owner === owner ? { owner, address: undefined } : entry));
  return { ...record, borrowers: changed };
}

/** The record without that borrower. A loan to it ends. */
export function withoutBorrower(record: PageRecord, owner: Owner): PageRecord {
  if (borrowerOf(record, owner) === undefined) return record;
  const borrowers = record.borrowers.filter((borrower) => borrower.owner !== owner);
  const { kind, owner: keeper, address } = record;
  return {
    kind,
    owner: keeper,
    address,
    borrowers: borrowers.length === 0 ? NO_BORROWERS : borrowers,
    lent: false,
  };
}
