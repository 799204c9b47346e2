import { AddressSpace, type Blocks } from './address-space.js';
import { hasAddressSpace, type Owner } from './owner.js';
import { stateOf } from './page-record.js';
import { hole, type PageRecords, type Piece } from './page-records.js';
import { type CheckedRange, type Refusal, refuse } from './refusal.js';

export interface PhysicalMemoryOptions {
  /** Pages that the tables of a VM's address space may take at the moment; by default as many as they want. */
  readonly tablePagesMax?: ((owner: Owner) => number) | undefined;
  /** A table goes when all of its block is mapped alike again. The fitted hypervisor never gives one back. */
  readonly joinsBlocks?: boolean;
  /** A debug build also checks the pages at the target of a donation that the hypervisor itself begins. */
  readonly debugBuild?: boolean;
  /** Something was refused. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/** The address spaces of all VMs, and what their ranges mean in physical memory. */
export class AddressSpaces {
  readonly #spaces = new Map<Owner, AddressSpace>();
  readonly #records: PageRecords;
  readonly #options: PhysicalMemoryOptions;

  constructor(records: PageRecords, options: PhysicalMemoryOptions) {
    this.#records = records;
    this.#options = options;
  }

  /** A VM's address space. It is made at the first use. */
  get(owner: Owner): AddressSpace {
    return this.#spaces.get(owner) ?? this.make(owner, false);
  }

  /** A VM's address space, if it was used. */
  find(owner: Owner): AddressSpace | undefined {
    return this.#spaces.get(owner);
  }

  /** Undefined for a component that has none. */
  of(owner: Owner): AddressSpace | undefined {
    return hasAddressSpace(owner) ? this.get(owner) : undefined;
  }

  make(owner: Owner, isInternal: boolean): AddressSpace {
    const joinsBlocks = isInternal || this.#options.joinsBlocks === true;
    const space = new AddressSpace(owner, isInternal, joinsBlocks);
    this.#spaces.set(owner, space);
    return space;
  }

  delete(owner: Owner): void {
    this.#spaces.delete(owner);
  }

  /** Whether a component has nothing mapped in a range. */
  checkUnmapped(range: CheckedRange): Refusal | undefined {
    const { owner, start, size } = range;
    const found = this.of(owner)?.overlapping(start, start + size)[0];
    if (found === undefined) return undefined;
    const page = Math.max(found.start, start);
    const record = this.#records.at(found.value.phys + page - found.start)?.record;
    return refuse(range, 'mapped', page, 'none', stateOf(record, owner), record?.owner);
  }

  /** Whether an address space may have the tables that blocks need. */
  checkTables(
    range: CheckedRange,
    space: AddressSpace | undefined,
    blocks: readonly Blocks[],
  ): Refusal | undefined {
    const missing = space?.missingTables(blocks) ?? 0;
    if (space === undefined || missing === 0) return undefined;
    const { tablePagesMax = () => Number.POSITIVE_INFINITY } = this.#options;
    const left = tablePagesMax(range.owner) - space.tablePages;
    return missing > left ? refuse(range, 'tables', range.start, missing, left) : undefined;
  }

  /** The pieces of a range of a component's memory, in order. */
  pieces({ owner, start, size }: CheckedRange): readonly Piece[] {
    const space = this.of(owner);
    const only = this.#onlyPiece(space, start, size);
    // A literal: a list that grows begins with room for 17 elements.
    if (only !== undefined) return [only];
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

  #onlyPiece(space: AddressSpace | undefined, start: number, size: number): Piece | undefined {
    if (space === undefined) return this.#records.onlyPiece(start, size);
    const mapping = space.at(start);
    if (mapping === undefined || mapping.end < start + size) return undefined;
    return this.#records.onlyPiece(mapping.value.phys + start - mapping.start, size);
  }
}
