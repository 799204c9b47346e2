import { Access, type Fault, type Translation } from './access.js';
import { type AddressSpace, blocksToMap, blocksToSplit, type Run } from './address-space.js';
import { AddressSpaces, type PhysicalMemoryOptions } from './address-spaces.js';
import type { Interval } from './interval-map.js';
import { HYPERVISOR, hasAddressSpace, type Owner } from './owner.js';
import {
  borrowerOf,
  type MemoryKind,
  ownedRecord,
  type PageRecord,
  stateOf,
  withoutAddress,
} from './page-record.js';
import { PageRecords, type Piece } from './page-records.js';
import { PagesInUse } from './pages-in-use.js';
import { type CheckedRange, type Refusal, refuse } from './refusal.js';
import { runsOf, unmapBorrowed } from './runs.js';
import {
  checkInternalLimit,
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
  readonly #spaces: AddressSpaces;
  readonly #inUse = new PagesInUse();
  /** VMs that have had memory from the start, at its physical address. */
  readonly #firstOwners = new Set<Owner>();
  readonly #options: PhysicalMemoryOptions;

  constructor(options: PhysicalMemoryOptions = {}) {
    this.#options = options;
    this.#spaces = new AddressSpaces(this.#records, options);
  }

  /** Memory that exists from the start, owned by a VM at its physical address. Bytes, whole pages. */
  add(kind: MemoryKind, start: number, size: number, owner: Owner): void {
    this.#records.add(start, size, ownedRecord(kind, owner, start));
    this.#firstOwners.add(owner);
    const run = { address: start, phys: start, size };
    const space = this.addressSpace(owner);
    space.addTables(blocksToMap([run]));
    space.map(run, OWNER_ACCESS[kind]);
  }

  /** A VM's address space. It is made at the first use. @param owner a VMID. */
  addressSpace(owner: Owner): AddressSpace {
    return this.#spaces.get(owner);
  }

  /** Makes the address space of an internal VM. Its former memory is abandoned. @param owner a VMID. */
  addInternal(owner: Owner): AddressSpace {
    this.abandon(owner);
    return this.#spaces.make(owner, true);
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

  /**
   * The source gives up pages that it owns. The target owns them from now on, with all rights. When the hypervisor gives
   * pages, what is at the target's address is not looked at (__host_ack_skip_pgtable_check of the series), except in a
   * debug build: it is mapped there no more.
   */
  donate(transition: Transition): Refusal | undefined {
    return this.#perform('donate', transition, OWNER_ACCESS[transition.kind]);
  }

  /** As a donation, but the source keeps its access: pages that it uses may go, too. */
  entrust(transition: Transition): Refusal | undefined {
    const { kind, source, target } = transition;
    const refused = this.#perform('donate', transition, OWNER_ACCESS[kind], false);
    return refused ?? this.share({ ...transition, source: target, target: source }, Access.RWX);
  }

  /** The target may use pages beside the source. @param access bits of Access, for the target. */
  share(transition: Transition, access: number): Refusal | undefined {
    return this.#perform('share', transition, access);
  }

  /** Ends a share: the target loses the pages. */
  unshare(transition: Transition): Refusal | undefined {
    return this.#perform('unshare', transition, Access.RWX);
  }

  /** The target alone has access to pages that the source owns. @param access bits of Access, for the target. */
  lend(transition: Transition, access: number): Refusal | undefined {
    return this.#perform('lend', transition, access);
  }

  /** Ends a loan: the target loses the pages, and the source has access again. */
  reclaim(transition: Transition): Refusal | undefined {
    return this.#perform('reclaim', transition, Access.RWX);
  }

  /** @param losesAccess whether the source must not be using the pages. */
  #perform(
    step: TransitionStep,
    transition: Transition,
    access: number,
    losesAccess = true,
  ): Refusal | undefined {
    const rule: Rule = rules[step];
    const { source, target, size } = transition;
    const from = sideOf(step, 'source', source, size);
    const to = sideOf(step, 'target', target, size);
    const invalid = checkParties(transition, from, to) ?? checkRights(to, access);
    if (invalid !== undefined) return this.refused(invalid);
    const pieces = this.#spaces.pieces(from);
    const nowhere = target.address === undefined;
    const trusted = step === 'donate' && this.#isTrusted(from.owner, to.owner);
    const refused =
      checkRangeOwned(from, transition.kind, pieces, rule.source) ??
      (losesAccess && rule.target === 'unmapped' ? this.#inUse.check(from, pieces) : undefined) ??
      (nowhere || trusted ? undefined : this.#checkTarget(rule, to, pieces));
    if (refused !== undefined) return this.refused(refused);

    const sourceSpace = this.#spaces.of(from.owner);
    // Made here even if the pages get no address: `abandon` takes it that a VM without one has no pages.
    const spaceOfTarget = this.#spaces.of(to.owner);
    const targetSpace = nowhere ? undefined : spaceOfTarget;
    const maps = rule.target === 'unmapped' && targetSpace !== undefined;
    const runs = maps ? runsOf(pieces, to.start) : [];
    const displaces = trusted && !nowhere;
    const splits = rule.sourceKeeps !== 'access' && sourceSpace !== undefined && !sourceSpace.hasTables(from);
    const makes = targetSpace !== undefined && (displaces || !targetSpace.hasTables(to));
    if (splits || makes) {
      const split = splits ? blocksToSplit(from) : [];
      const made = maps ? blocksToMap(runs) : blocksToSplit(to);
      const short =
        this.#spaces.checkTables(from, sourceSpace, split) ?? this.#spaces.checkTables(to, targetSpace, made);
      if (short !== undefined) return this.refused(short);
      if (displaces) this.displace(to.owner, to.start, to.size);
      sourceSpace?.addTables(split);
      targetSpace?.addTables(made);
    }

    for (const { offset, phys, size, record } of pieces) {
      const address = targetSpace === undefined ? undefined : to.start + offset;
      if (record !== undefined)
        this.#records.add(phys, size, rule.becomes(record, { owner: to.owner, address }));
    }
    if (rule.sourceKeeps === 'nothing') sourceSpace?.unmap(from);
    if (rule.target === 'borrowed' && targetSpace !== undefined) unmapBorrowed(targetSpace, to, pieces);
    for (const run of runs) targetSpace?.map(run, access);
    if (step === 'lend') sourceSpace?.hide(from);
    if (step === 'reclaim') sourceSpace?.show(from);
    return undefined;
  }

  /** Whether the hypervisor gives a page to a VM without looking at what is mapped there. */
  #isTrusted(source: Owner, target: Owner): boolean {
    const { debugBuild = false } = this.#options;
    return source === HYPERVISOR && !debugBuild && hasAddressSpace(target) && !this.isInternal(target);
  }

  /** Tells of a refusal. Where a VM has nothing any more, the page that it had from the start tells the owner. */
  refused(refusal: Refusal): Refusal {
    const { owner, offset = 0, pageOwner } = refusal;
    const known = pageOwner !== undefined || !this.#firstOwners.has(owner);
    const told = known ? refusal : { ...refusal, pageOwner: this.#records.at(offset)?.record.owner };
    this.#options.onRefused?.(told);
    return told;
  }

  #checkTarget(rule: Rule, range: CheckedRange, pieces: readonly Piece[]): Refusal | undefined {
    const identity = this.#spaces.of(range.owner)?.isInternal ?? true;
    return (
      (identity ? checkRangeIdentity(range, pieces) : undefined) ??
      (rule.target === 'borrowed'
        ? checkRangeBorrowed(range, pieces)
        : (this.#spaces.checkUnmapped(range) ?? checkRangeNotBorrowed(range, pieces)))
    );
  }

  /** Ends what a component has borrowed of an owner's pages in a range of physical memory. */
  endBorrowing(owner: Owner, borrower: Owner, phys: number, size: number): void {
    const pieces: Piece[] = [];
    this.#records.addPieces(pieces, phys, size, 0);
    const borrowed = pieces.flatMap(({ offset, size: length, record }) => {
      const address = record && borrowerOf(record, borrower)?.address;
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
   * The kernel of a VM begins to use pages, which it may access: maps or pins them for somebody. They can be neither
   * lent nor shared nor donated until {@link endUse}.
   *
   * @param phys physical address. @param user for people: `mapped by vmm`.
   */
  use(owner: Owner, phys: number, size: number, user: string): Refusal | undefined {
    const refused = this.accessible(owner, phys, size);
    if (refused !== undefined) return this.refused(refused);
    this.#inUse.add(phys, size, user);
    return undefined;
  }

  /** Ends one use of pages. */
  endUse(phys: number, size: number, user: string): void {
    this.#inUse.remove(phys, size, user);
  }

  /** Whether a VM may access all of a range of physical memory: it owns the pages, or has borrowed them. */
  accessible(owner: Owner, phys: number, size: number): Refusal | undefined {
    const range: CheckedRange = { step: 'use', side: 'source', owner, start: phys, size };
    const invalid = checkVm(range) ?? checkRange(range);
    if (invalid !== undefined) return invalid;
    const pieces: Piece[] = [];
    this.#records.addPieces(pieces, phys, size, 0);
    return checkRangeOwned(range, undefined, pieces, ['owned', 'shared-owned', 'shared-borrowed']);
  }

  /**
   * Maps an internal VM's pages at their physical address.
   *
   * @param kind of all the region; device memory is refused as normal memory, and the other way round.
   */
  mapRegion(owner: Owner, region: UserMemoryRegion, access: number, kind: MemoryKind): Refusal | undefined {
    const { guestAddress, size } = region;
    const range: CheckedRange = { step: 'map', side: 'target', owner, start: guestAddress, size };
    const beyond = checkInternalLimit(range);
    if (beyond !== undefined) return this.refused(beyond);
    return this.map(owner, { address: guestAddress, phys: guestAddress, size }, access, kind);
  }

  /** Maps pages that a VM owns and that are mapped nowhere. */
  map(owner: Owner, run: Run, access: number, kind: MemoryKind): Refusal | undefined {
    const { address, phys, size } = run;
    const from: CheckedRange = { step: 'map', side: 'source', owner, start: phys, size };
    const to: CheckedRange = { step: 'map', side: 'target', owner, start: address, size };
    const invalid = checkVm(to) ?? checkRange(from) ?? checkRange(to) ?? checkRights(to, access);
    if (invalid !== undefined) return this.refused(invalid);
    const space = this.addressSpace(owner);
    const pieces: Piece[] = [];
    this.#records.addPieces(pieces, phys, size, 0);
    const blocks = blocksToMap([run]);
    const refused =
      checkRangeOwned(from, kind, pieces, rules.donate.source) ??
      checkRangeNowhere(from, pieces) ??
      (space.isInternal ? checkRangeIdentity(to, pieces) : undefined) ??
      this.#spaces.checkUnmapped(to) ??
      this.#spaces.checkTables(to, space, blocks);
    if (refused !== undefined) return this.refused(refused);
    space.addTables(blocks);
    this.#records.change(pieces, (record, offset) => ({ ...record, address: address + offset }));
    space.map(run, access);
    return undefined;
  }

  /** Unmaps pages that a VM owns. The VM still owns them. */
  unmap(owner: Owner, address: number, size: number): Refusal | undefined {
    const range: CheckedRange = { step: 'unmap', side: 'source', owner, start: address, size };
    const invalid = checkVm(range) ?? checkRange(range);
    if (invalid !== undefined) return this.refused(invalid);
    const space = this.addressSpace(owner);
    const pieces = this.#spaces.pieces(range);
    const blocks = blocksToSplit(range);
    const refused =
      checkRangeOwned(range, undefined, pieces, rules.donate.source) ??
      this.#spaces.checkTables(range, space, blocks);
    if (refused !== undefined) return this.refused(refused);
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
    this.#records.change(this.#spaces.pieces(range), (record) => withoutAddress(record, owner));
    space.unmap(range);
  }

  /** Translates a VM's access. @param address any number. @param access bits of Access that it needs. */
  translate(owner: Owner, address: number, access: number): Translation | Fault {
    const space = this.#spaces.find(owner);
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
    const found = this.#spaces.find(owner)?.at(address);
    const phys = found && found.value.phys + address - found.start;
    const page = phys === undefined ? undefined : this.#records.rangeAt(phys);
    const isOwned = page?.value.kind === kind && stateOf(page.value, owner) === 'owned';
    if (isOwned && phys !== undefined && found !== undefined)
      return { phys, size: Math.min(size, found.end - address, page.end - phys) };
    const range: CheckedRange = { step: 'give', side: 'source', owner, start: address, size };
    const state = stateOf(page?.value, owner);
    this.refused(refuse(range, 'state', address, 'owned', state, page?.value.owner));
    return undefined;
  }

  /** Whether a component is an internal VM. */
  isInternal(owner: Owner): boolean {
    return this.#spaces.find(owner)?.isInternal ?? false;
  }

  /** Ends a component: nobody owns its pages now, and the pages that it had borrowed go back to their owners. */
  abandon(owner: Owner): void {
    // A VM without an address space has no pages, and has borrowed none. To look through all ranges would take long.
    if (hasAddressSpace(owner) && this.#spaces.find(owner) === undefined) return;
    this.#records.abandon(owner, ({ start, end, value }) => {
      if (value.address !== undefined)
        this.#spaces.of(value.owner)?.show({ start: value.address, size: end - start });
    });
    this.#spaces.delete(owner);
  }
}
