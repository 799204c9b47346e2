import { Access, type Fault, type Translation } from './access.js';
import { AddressSpace, type Blocks, blocksToMap, blocksToSplit, type Run } from './address-space.js';
import type { Interval } from './interval-map.js';
import { hasAddressSpace, type Owner } from './owner.js';
import {
  type MemoryKind,
  ownedRecord,
  type PageRecord,
  stateOf,
  withBorrower,
  withoutAddress,
  withoutBorrower,
} from './page-record.js';
import { hole, PageRecords, type Piece } from './page-records.js';
import { type CheckedRange, type Refusal, refuse } from './refusal.js';
import {
  checkParties,
  checkRange,
  checkRangeBorrowed,
  checkRangeIdentity,
  checkRangeNotBorrowed,
  checkRangeNowhere,
  checkRangeOwned,
  checkRights,
  checkVm,
  type Rule,
  rules,
  sideOf,
  type Transition,
  type TransitionStep,
} from './transition.js';

/** Memory that a host gives a VM: the fields of KVM_SET_USER_MEMORY_REGION that say where. Bytes. */
export interface UserMemoryRegion {
  readonly guestAddress: number;
  readonly size: number;
  /** Address in a process of the host. Ignored: an internal VM has no such process. */
  readonly userspaceAddress: number | bigint;
}

/** The rights that an owner has. */
const OWNER_ACCESS = { normal: Access.RWX, io: Access.RW } as const;

/**
 * The physical memory of a machine: the state of each page for each component, and its address in each VM.
 *
 * Pages change hands in transitions between two components, over a range. A transition first checks both sides (the
 * source owns every page, in the right state; the target has nothing at its address), then takes the tables that it
 * needs, and only then changes anything. A {@link Refusal} means that nothing has changed: all pages of a range move or
 * none. The cost grows with the number of ranges with different states, not with that of pages.
 *
 * An owner may share a page with several others. A component has a page at one address at most, so a page that is taken
 * from it is not mapped elsewhere.
 */
export class PhysicalMemory {
  readonly #records = new PageRecords();
  readonly #spaces = new Map<Owner, AddressSpace>();
  readonly #tablePagesMax: (owner: Owner) => number;

  /** @param tablePagesMax pages that the tables of a VM's address space may take at the moment. */
  constructor(tablePagesMax: (owner: Owner) => number = () => Number.POSITIVE_INFINITY) {
    this.#tablePagesMax = tablePagesMax;
  }

  /** Memory that exists from the start, owned by a VM at its physical address. Bytes, whole pages. */
  add(kind: MemoryKind, start: number, size: number, owner: Owner): void {
    this.#records.add(start, size, ownedRecord(kind, owner, start));
    const run = { address: start, phys: start, size };
    const space = this.addressSpace(owner);
    space.addTables(blocksToMap([run]));
    space.map(run, OWNER_ACCESS[kind]);
  }

  /** A VM's address space. It is made at the first use. @param owner a VMID. */
  addressSpace(owner: Owner): AddressSpace {
    return this.#spaces.get(owner) ?? this.#newSpace(owner, false);
  }

  /** Makes the address space of an internal VM. Its former memory is abandoned. @param owner a VMID. */
  addInternal(owner: Owner): AddressSpace {
    this.abandon(owner);
    return this.#newSpace(owner, true);
  }

  /**
   * The records of all ranges, in order. {@link stateOf} tells the state for one component. For checkers and tests.
   */
  records(): readonly Interval<PageRecord>[] {
    return this.#records.entries();
  }

  /** The owner of each range, in order. Neighbours of one owner are one range. */
  owners(kind: MemoryKind): readonly Interval<Owner>[] {
    return this.#records.owners(kind);
  }

  // Transitions

  /** The source gives up pages that it owns. The target owns them from now on, with all rights. */
  donate(transition: Transition): Refusal | undefined {
    const { owner } = transition.target;
    return this.#perform('donate', transition, OWNER_ACCESS[transition.kind], ({ kind }, address) =>
      ownedRecord(kind, owner, address),
    );
  }

  /** The target may use pages beside the source. @param access bits of Access, for the target. */
  share(transition: Transition, access: number): Refusal | undefined {
    const { owner } = transition.target;
    return this.#perform('share', transition, access, (record, address) =>
      withBorrower(record, { owner, address }, false),
    );
  }

  /** Ends a share: the target loses the pages. */
  unshare(transition: Transition): Refusal | undefined {
    return this.#perform('unshare', transition, Access.RWX, (record) =>
      withoutBorrower(record, transition.target.owner),
    );
  }

  /** The target alone has access to pages that the source owns. @param access bits of Access, for the target. */
  lend(transition: Transition, access: number): Refusal | undefined {
    const { owner } = transition.target;
    return this.#perform('lend', transition, access, (record, address) =>
      withBorrower(record, { owner, address }, true),
    );
  }

  /** Ends a loan: the target loses the pages, and the source has access again. */
  reclaim(transition: Transition): Refusal | undefined {
    return this.#perform('reclaim', transition, Access.RWX, (record) =>
      withoutBorrower(record, transition.target.owner),
    );
  }

  /** @param change of the record of every page; `address` is where the target has the page. */
  #perform(
    step: TransitionStep,
    transition: Transition,
    access: number,
    change: (record: PageRecord, address: number | undefined) => PageRecord,
  ): Refusal | undefined {
    const rule: Rule = rules[step];
    const from = sideOf(step, transition, 'source');
    const to = sideOf(step, transition, 'target');
    const invalid = checkParties(transition, from, to) ?? checkRights(to, access);
    if (invalid !== undefined) return invalid;
    const pieces = this.#pieces(from);
    const nowhere = transition.target.address === undefined;
    const refused =
      checkRangeOwned(from, transition.kind, pieces, rule.source) ??
      (nowhere ? undefined : this.#checkTarget(rule, to, pieces));
    if (refused !== undefined) return refused;

    const sourceSpace = this.#spaceOf(from.owner);
    const targetSpace = nowhere ? undefined : this.#spaceOf(to.owner);
    const maps = rule.target === 'unmapped' && targetSpace !== undefined;
    const runs = maps ? runsOf(pieces, to.start) : [];
    const splits = rule.sourceKeeps !== 'access' && sourceSpace !== undefined && !sourceSpace.hasTables(from);
    const makes = targetSpace !== undefined && !targetSpace.hasTables(to);
    if (splits || makes) {
      const split = splits ? blocksToSplit(from) : [];
      const made = maps ? blocksToMap(runs) : blocksToSplit(to);
      const short = this.#checkTables(from, sourceSpace, split) ?? this.#checkTables(to, targetSpace, made);
      if (short !== undefined) return short;
      sourceSpace?.addTables(split);
      targetSpace?.addTables(made);
    }

    this.#records.change(pieces, (record, offset) =>
      change(record, targetSpace === undefined ? undefined : to.start + offset),
    );
    if (rule.sourceKeeps === 'nothing') sourceSpace?.unmap(from);
    if (rule.target === 'borrowed' && targetSpace !== undefined) unmapBorrowed(targetSpace, to, pieces);
    for (const run of runs) targetSpace?.map(run, access);
    return undefined;
  }

  #checkTarget(rule: Rule, range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
    const identity = this.#spaceOf(range.owner)?.isInternal ?? true;
    return (
      (identity ? checkRangeIdentity(range, pieces) : undefined) ??
      (rule.target === 'borrowed'
        ? checkRangeBorrowed(range, pieces)
        : (this.#checkRangeUnmapped(range) ?? checkRangeNotBorrowed(range, pieces)))
    );
  }

  /** Whether a component has nothing mapped in a range. */
  #checkRangeUnmapped(range: CheckedRange): Refusal | undefined {
    const { owner, start, size } = range;
    const found = this.#spaceOf(owner)?.overlapping(start, start + size)[0];
    if (found === undefined) return undefined;
    const page = Math.max(found.start, start);
    const record = this.#records.at(found.value.phys + page - found.start)?.record;
    return refuse(range, 'mapped', page, 'none', stateOf(record, owner), record?.owner);
  }

  /** Whether an address space may have the tables that blocks need. */
  #checkTables(
    range: CheckedRange,
    space: AddressSpace | undefined,
    blocks: readonly Blocks[],
  ): Refusal | undefined {
    const missing = space?.missingTables(blocks) ?? 0;
    if (space === undefined || missing === 0) return undefined;
    const left = this.#tablePagesMax(range.owner) - space.tablePages;
    return missing > left ? refuse(range, 'tables', range.start, missing, left) : undefined;
  }

  /** Ends what a component has borrowed of an owner's pages in a range of physical memory. */
  endBorrowing(owner: Owner, borrower: Owner, phys: number, size: number): void {
    const pieces: Piece[] = [];
    this.#records.addPieces(pieces, phys, size, 0);
    const borrowed = pieces.flatMap(({ offset, size: length, record }) => {
      const address = record?.borrowers.find((other) => other.owner === borrower)?.address;
      return record?.owner !== owner || address === undefined ? [] : [{ offset, length, record, address }];
    });
    for (const { offset, length, record, address } of borrowed) {
      const { kind, lent } = record;
      const source = { owner, address: phys + offset };
      const transition = { kind, source, target: { owner: borrower, address }, size: length };
      if (lent) this.reclaim(transition);
      else this.unshare(transition);
    }
  }

  // One component and its own pages

  /**
   * Maps an internal VM's pages at their physical address.
   *
   * @param kind of all the region; device memory is refused as normal memory, and the other way round.
   */
  mapRegion(owner: Owner, region: UserMemoryRegion, access: number, kind: MemoryKind): Refusal | undefined {
    const { guestAddress, size } = region;
    return this.map(owner, { address: guestAddress, phys: guestAddress, size }, access, kind);
  }

  /** Maps pages that a VM owns and that are mapped nowhere. */
  map(owner: Owner, run: Run, access: number, kind: MemoryKind): Refusal | undefined {
    const { address, phys, size } = run;
    const from: CheckedRange = { step: 'map', side: 'source', owner, start: phys, size };
    const to: CheckedRange = { step: 'map', side: 'target', owner, start: address, size };
    const invalid = checkVm(to) ?? checkRange(from) ?? checkRange(to) ?? checkRights(to, access);
    if (invalid !== undefined) return invalid;
    const space = this.addressSpace(owner);
    const pieces: Piece[] = [];
    this.#records.addPieces(pieces, phys, size, 0);
    const blocks = blocksToMap([run]);
    const refused =
      checkRangeOwned(from, kind, pieces, rules.donate.source) ??
      checkRangeNowhere(from, pieces) ??
      (space.isInternal ? checkRangeIdentity(to, pieces) : undefined) ??
      this.#checkRangeUnmapped(to) ??
      this.#checkTables(to, space, blocks);
    if (refused !== undefined) return refused;
    space.addTables(blocks);
    this.#records.change(pieces, (record, offset) => ({ ...record, address: address + offset }));
    space.map(run, access);
    return undefined;
  }

  /** Unmaps pages that a VM owns. The VM still owns them. */
  unmap(owner: Owner, address: number, size: number): Refusal | undefined {
    const range: CheckedRange = { step: 'unmap', side: 'source', owner, start: address, size };
    const invalid = checkVm(range) ?? checkRange(range);
    if (invalid !== undefined) return invalid;
    const space = this.addressSpace(owner);
    const pieces = this.#pieces(range);
    const blocks = blocksToSplit(range);
    const refused =
      checkRangeOwned(range, undefined, pieces, rules.donate.source) ??
      this.#checkTables(range, space, blocks);
    if (refused !== undefined) return refused;
    space.addTables(blocks);
    this.#records.change(pieces, (record) => ({ ...record, address: undefined }));
    space.unmap(range);
    return undefined;
  }

  /** Whatever a VM has mapped in a range is mapped nowhere for it from now on. It keeps or has borrowed the pages. */
  displace(owner: Owner, start: number, size: number): void {
    const space = this.addressSpace(owner);
    if (space.overlapping(start, start + size).length === 0) return;
    const range: CheckedRange = { step: 'displace', side: 'target', owner, start, size };
    this.#records.change(this.#pieces(range), (record) => withoutAddress(record, owner));
    space.unmap(range);
  }

  /** Translates a VM's access. @param address any number. @param access bits of Access that it needs. */
  translate(owner: Owner, address: number, access: number): Translation | Fault {
    const space = this.#spaces.get(owner);
    const found = space?.at(address);
    const fault = (reason: Fault['reason']): Fault => ({ event: 'fault', owner, address, access, reason });
    if (space === undefined || found === undefined) return fault('unmapped');
    const phys = found.value.phys + address - found.start;
    const record = this.#records.at(phys)?.record;
    if (record === undefined) return fault('unmapped');
    if (stateOf(record, owner) === 'lent') return fault('lent');
    if ((found.value.access & access) !== access) return fault('permission');
    return { phys, kind: record.kind, access: found.value.access, granule: space.granuleAt(address) };
  }

  /**
   * The memory that a VM owns alone from an address on, as far as it is contiguous both there and physically, at most
   * `size` bytes. Undefined if the first page is not owned or of another kind.
   */
  ownedStretch(
    owner: Owner,
    kind: MemoryKind,
    address: number,
    size: number,
  ): { readonly phys: number; readonly size: number } | undefined {
    const found = this.#spaces.get(owner)?.at(address);
    if (found === undefined) return undefined;
    const phys = found.value.phys + address - found.start;
    const page = this.#records.at(phys);
    if (page?.record.kind !== kind || stateOf(page.record, owner) !== 'owned') return undefined;
    return { phys, size: Math.min(size, found.end - address, page.end - phys) };
  }

  /** Ends a component: nobody owns its pages now, and the pages that it had borrowed go back to their owners. */
  abandon(owner: Owner): void {
    this.#records.abandon(owner);
    this.#spaces.delete(owner);
  }

  #newSpace(owner: Owner, isInternal: boolean): AddressSpace {
    const space = new AddressSpace(owner, isInternal);
    this.#spaces.set(owner, space);
    return space;
  }

  /** Undefined for a component that has none. */
  #spaceOf(owner: Owner): AddressSpace | undefined {
    return hasAddressSpace(owner) ? this.addressSpace(owner) : undefined;
  }

  /** The pieces of a range of a component's memory, in order. */
  #pieces({ owner, start, size }: CheckedRange): readonly Piece[] {
    const space = this.#spaceOf(owner);
    const pieces: Piece[] = [];
    if (space === undefined) this.#records.addPieces(pieces, start, size, 0);
    else {
      const end = start + size;
      let at = start;
      for (const mapping of space.overlapping(start, end)) {
        if (mapping.start > at) pieces.push(hole(at - start, mapping.start - at));
        at = Math.max(mapping.start, start);
        const to = Math.min(mapping.end, end);
        this.#records.addPieces(pieces, mapping.value.phys + at - mapping.start, to - at, at - start);
        at = to;
      }
      if (at < end) pieces.push(hole(at - start, end - at));
    }
    return pieces;
  }
}

/** Unmaps the pieces of a range that are mapped there. @param pieces as they were before they changed. */
function unmapBorrowed(space: AddressSpace, { owner, start }: CheckedRange, pieces: readonly Piece[]): void {
  for (const { offset, size, record } of pieces)
    if (record?.borrowers.some((borrower) => borrower.owner === owner && borrower.address !== undefined))
      space.unmap({ start: start + offset, size });
}

/** Runs that map pieces from an address on. Pieces that are contiguous in physical memory are one run. */
function runsOf(pieces: readonly Piece[], start: number): readonly Run[] {
  const runs: { address: number; phys: number; size: number }[] = [];
  for (const { offset, phys, size } of pieces) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.phys + last.size === phys) last.size += size;
    else runs.push({ address: start + offset, phys, size });
  }
  return runs;
}
