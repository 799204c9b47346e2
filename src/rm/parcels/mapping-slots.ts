import { IntervalMap } from '../../hypervisor/index.js';

/** A contiguous stretch of physical memory; bytes. */
interface Stretch {
  readonly phys: number;
  readonly size: number;
}

/** Slots of one parcel. */
const SLOTS = 4;

interface Slot {
  /** The address space that has it. */
  readonly space: object;
  /** What is mapped, by physical address. */
  readonly mapped: IntervalMap<true>;
}

/**
 * Where one parcel is mapped. A slot belongs to one address space and holds any number of mappings that do not overlap.
 * A mapping that overlaps one of its own address space needs another slot (rm-lives.md, section 6).
 */
export class MappingSlots {
  readonly #slots: Slot[] = [];

  /** Maps regions for an address space. @returns false, with nothing done, when there is no slot for one. */
  map(space: object, regions: readonly Stretch[]): boolean {
    for (const [index, region] of regions.entries()) {
      const slot = this.#slotFor(space, region);
      if (slot === undefined) {
        this.unmap(space, regions.slice(0, index));
        return false;
      }
      slot.mapped.set(region.phys, region.phys + region.size, true);
    }
    return true;
  }

  /** Unmaps regions that an address space has mapped, the latest mapping first. A slot without mappings is free. */
  unmap(space: object, regions: readonly Stretch[]): void {
    for (const { phys, size } of regions) {
      const index = this.#slots.findLastIndex((slot) => slot.space === space && slot.mapped.at(phys));
      const slot = this.#slots[index];
      slot?.mapped.set(phys, phys + size, undefined);
      if (slot?.mapped.isEmpty) this.#slots.splice(index, 1);
    }
  }

  /** Whether an address space without a mapping could map the parcel. */
  get hasFree(): boolean {
    return this.#slots.length < SLOTS;
  }

  #slotFor(space: object, { phys, size }: Stretch): Slot | undefined {
    const found = this.#slots.find(
      (slot) => slot.space === space && slot.mapped.overlapping(phys, phys + size).length === 0,
    );
    if (found !== undefined || !this.hasFree) return found;
    const slot: Slot = { space, mapped: new IntervalMap(() => true) };
    this.#slots.push(slot);
    return slot;
  }
}
