import { type Interval, IntervalMap } from './interval-map.js';
import type { Owner } from './owner.js';
import { PAGE_SIZE } from './page-contents.js';

/** Bytes that one entry of the tables above the last level maps (4 KiB granule). */
export const BLOCK_SIZE = 0x200000;

/** Physical memory at an address of an address space; bytes. */
export interface Run {
  readonly address: number;
  readonly phys: number;
  readonly size: number;
}

/** A range of an address space; bytes. */
export interface AddressRange {
  readonly start: number;
  readonly size: number;
}

/** What is mapped at the first address of an interval. */
interface Mapping {
  readonly phys: number;
  /** Bits of Access. */
  readonly access: number;
}

/** Blocks of addresses, from the start of the first to the end of the last; whole multiples of {@link BLOCK_SIZE}. */
export interface Blocks {
  readonly start: number;
  readonly end: number;
}

/** While they are being collected. */
interface GrowingBlocks extends Blocks {
  end: number;
}

function blockOf(address: number): number {
  return Math.floor(address / BLOCK_SIZE) * BLOCK_SIZE;
}

/** The blocks that a range covers only in part: at most those of its first and its last page. */
function blocksInPart(start: number, end: number): GrowingBlocks[] {
  const blocks: GrowingBlocks[] = [];
  const first = blockOf(start);
  const last = blockOf(end);
  if (start !== first) blocks.push({ start: first, end: first + BLOCK_SIZE });
  if (end !== last && (start === first || last !== first))
    blocks.push({ start: last, end: last + BLOCK_SIZE });
  return blocks;
}

/** Blocks that need a table before a range in them can be mapped differently from the rest. */
export function blocksToSplit({ start, size }: AddressRange): readonly Blocks[] {
  return blocksInPart(start, start + size);
}

/** Blocks that need a table before runs can be mapped, each of which begins where the one before it ends. */
export function blocksToMap(runs: readonly Run[]): readonly Blocks[] {
  const blocks: GrowingBlocks[] = [];
  for (const { address, phys, size } of runs) {
    const end = address + size;
    const aligned = (phys - address) % BLOCK_SIZE === 0;
    const all = { start: blockOf(address), end: blockOf(end - 1) + BLOCK_SIZE };
    for (const next of aligned ? blocksInPart(address, end) : [all]) {
      const last = blocks[blocks.length - 1];
      if (last !== undefined && last.end >= next.start) last.end = Math.max(last.end, next.end);
      else blocks.push(next);
    }
  }
  return blocks;
}

/**
 * The stage-2 translation of one VM: guest addresses to physical memory, by pages or by blocks. Whether a change is
 * allowed is decided elsewhere (PhysicalMemory).
 *
 * A range that is aligned at both ends, in both spaces, is mapped by blocks. A block of which only a part changes is
 * split: it gets a table of the last level, one page. The table is kept until the address space goes, as the count that
 * was fitted to the real hypervisor never falls; with `joinsBlocks` it goes once all of the block is mapped alike again,
 * or nothing of it. Tables of higher levels are not counted. Costs follow the number of ranges, never that of pages.
 */
export class AddressSpace {
  readonly owner: Owner;
  /** No process of a host stands behind the VM: its memory lies at its physical address. */
  readonly isInternal: boolean;
  readonly #mappings = new IntervalMap<Mapping>(
    ({ start, end, value }, right) =>
      value.phys + (end - start) === right.value.phys && value.access === right.value.access,
    ({ phys, access }, offset) => ({ phys: phys + offset, access }),
  );
  /** Blocks of addresses that have a table. */
  readonly #tables = new IntervalMap<true>(() => true);
  readonly #joinsBlocks: boolean;
  /** Mapped addresses that the VM has lent to others, and therefore cannot use. Known with `joinsBlocks` only. */
  readonly #hidden = new IntervalMap<true>(() => true);
  #tablePages = 0;

  constructor(owner: Owner, isInternal: boolean, joinsBlocks = false) {
    this.owner = owner;
    this.isInternal = isInternal;
    this.#joinsBlocks = joinsBlocks;
  }

  /** Pages that its tables of the last level take. */
  get tablePages(): number {
    return this.#tablePages;
  }

  /** What is mapped, in order; adjacent parts that continue each other are one. */
  mappings(): readonly Interval<Mapping>[] {
    return this.#mappings.entries();
  }

  at(address: number): Interval<Mapping> | undefined {
    return this.#mappings.at(address);
  }

  /** The mappings that have a part in [start, end), whole. */
  overlapping(start: number, end: number): readonly Interval<Mapping>[] {
    return this.#mappings.overlapping(start, end);
  }

  /** Bytes that one entry maps at a mapped address. */
  granuleAt(address: number): number {
    return this.#tables.at(address) === undefined ? BLOCK_SIZE : PAGE_SIZE;
  }

  /** Whether all blocks of a range have a table, so that no change in it needs one. */
  hasTables({ start, size }: AddressRange): boolean {
    const table = this.#tables.at(start);
    return table !== undefined && table.end >= start + size;
  }

  /** Pages that tables for blocks, given in order, would take. */
  missingTables(blocks: readonly Blocks[]): number {
    let missing = 0;
    for (const { start, end } of blocks) missing += end - start - this.#tables.covered(start, end);
    return missing / BLOCK_SIZE;
  }

  addTables(blocks: readonly Blocks[]): void {
    const missing = this.missingTables(blocks);
    if (missing === 0) return;
    this.#tablePages += missing;
    for (const { start, end } of blocks) this.#tables.set(start, end, true);
  }

  map({ address, phys, size }: Run, access: number): void {
    this.#mappings.set(address, address + size, { phys, access });
    if (this.#joinsBlocks) this.#joinMapped(address);
  }

  unmap({ start, size }: AddressRange): void {
    this.#mappings.set(start, start + size, undefined);
    if (!this.#joinsBlocks) return;
    this.#hidden.set(start, start + size, undefined);
    this.#joinUnmapped(start, start + size);
  }

  /** The VM lends what it has mapped in a range. */
  hide({ start, size }: AddressRange): void {
    if (this.#joinsBlocks) this.#hidden.set(start, start + size, true);
  }

  /** What the VM has lent is its own again. */
  show({ start, size }: AddressRange): void {
    if (!this.#joinsBlocks) return;
    this.#hidden.set(start, start + size, undefined);
    for (const mapping of this.#mappings.overlapping(start, start + size)) this.#joinMapped(mapping.start);
  }

  /** The blocks of a mapping need no tables where it covers them wholly, if both addresses are aligned alike. */
  #joinMapped(address: number): void {
    const mapping = this.#mappings.at(address);
    if (mapping === undefined || (mapping.value.phys - mapping.start) % BLOCK_SIZE !== 0) return;
    let from = blockOf(mapping.start + BLOCK_SIZE - 1);
    for (const hidden of this.#hidden.overlapping(from, blockOf(mapping.end))) {
      this.#dropTables(from, blockOf(hidden.start));
      from = blockOf(hidden.end + BLOCK_SIZE - 1);
    }
    this.#dropTables(from, blockOf(mapping.end));
  }

  /** Blocks in which nothing is mapped any more need no tables. */
  #joinUnmapped(start: number, end: number): void {
    const isEmpty = (block: number) => this.#mappings.overlapping(block, block + BLOCK_SIZE).length === 0;
    const first = blockOf(start);
    const last = blockOf(end - 1);
    this.#dropTables(isEmpty(first) ? first : first + BLOCK_SIZE, isEmpty(last) ? last + BLOCK_SIZE : last);
  }

  #dropTables(start: number, end: number): void {
    if (start >= end) return;
    const covered = this.#tables.covered(start, end);
    if (covered === 0) return;
    this.#tables.set(start, end, undefined);
    this.#tablePages -= covered / BLOCK_SIZE;
  }
}
