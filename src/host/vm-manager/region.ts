import { type AddressRange, contains, overlaps, overlapsWrapped, PAGE, wrap } from './addresses.js';
import { type Parcel, type Piece, rightsOf } from './parcel.js';
import type { UserProcess } from './user-memory.js';

/** Flags of a region (include/uapi/linux/gunyah.h). */
export const regionFlags = { ALLOW_READ: 1, ALLOW_WRITE: 2, ALLOW_EXEC: 4, LENT: 8 } as const;

/** Argument of SET_USER_MEM_REGION and LEND_USER_MEM. Addresses and sizes are bytes. */
export interface UserMemRegion {
  readonly label: number;
  /** {@link regionFlags}. */
  readonly flags: number;
  readonly guestPhysAddr: bigint;
  readonly memorySize: bigint;
  readonly userspaceAddr: bigint;
}

/** Memory of a process that is a VM's memory at one range of guest addresses. */
export class MemoryRegion {
  /** Physical addresses of the pinned pages. Empty where pages are pinned on demand (a15). */
  pages: readonly bigint[] = [];
  /** The parcel that START gives to RM (v9, v11, a14). */
  parcel: Parcel | undefined;
  readonly range: AddressRange;

  constructor(
    readonly request: UserMemRegion,
    readonly lent: boolean,
  ) {
    this.range = { start: request.guestPhysAddr, size: request.memorySize };
  }

  get path(): string {
    return `region[label ${this.request.label}]`;
  }

  get rights(): number {
    return rightsOf(this.request.flags, regionFlags);
  }

  /** The pinned pages; neighbours in physical memory are one piece. {@link unpin} releases them, not the pieces. */
  get pieces(): Piece[] {
    const pieces: { guestAddress: bigint; address: bigint; size: bigint; release: () => void }[] = [];
    let guestAddress = this.range.start;
    for (const address of this.pages) {
      const last = pieces.at(-1);
      if (last !== undefined && last.address + last.size === address) last.size += PAGE;
      else pieces.push({ guestAddress, address, size: PAGE, release: () => {} });
      guestAddress += PAGE;
    }
    return pieces;
  }

  /** Unpins the pages, once RM has none of them. */
  unpin(userProcess: UserProcess): void {
    userProcess.unpin(this.pages);
    userProcess.account(-this.pages.length);
    this.pages = [];
  }

  /** The address in the process that backs a guest address. */
  userAddress(guestAddress: bigint): bigint {
    return this.request.userspaceAddr + (guestAddress - this.range.start);
  }
}

/**
 * The regions of a VM. The searches are linear: a VM has a handful of regions (the answer in the review of the series was
 * three).
 */
export class RegionTable {
  #regions: readonly MemoryRegion[] = [];

  get all(): readonly MemoryRegion[] {
    return this.#regions;
  }

  add(region: MemoryRegion): void {
    this.#regions = [region, ...this.#regions];
  }

  remove(region: MemoryRegion): void {
    this.#regions = this.#regions.filter((other) => other !== region);
  }

  withLabel(label: number): MemoryRegion | undefined {
    return this.#regions.find(({ request }) => request.label === label);
  }

  /** The newest region that overlaps. @param wrapped ends wrap at 2^64, as in a14. */
  overlapping(range: AddressRange, wrapped = false): MemoryRegion | undefined {
    const test = wrapped ? overlapsWrapped : overlaps;
    return this.#regions.find((region) => test(region.range, range));
  }

  containing(range: AddressRange): MemoryRegion | undefined {
    return this.#regions.find((region) => contains(region.range, range));
  }
}

/** Offset of an address in a region as Linux computes it: it wraps when the address is below the region. */
export function offsetIn({ range }: MemoryRegion, address: bigint): bigint {
  return wrap(address - range.start);
}
