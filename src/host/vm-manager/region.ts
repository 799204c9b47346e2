import { memRights } from '../../../schemas/index.js';
import { type AddressRange, contains, overlaps, overlapsWrapped, PAGE, wrap } from './addresses.js';
import type { Parcel, Piece } from './parcel.js';
import type { UserProcess } from './user-memory.js';

/** Flags of a region (include/uapi/linux/gunyah.h), and which rights they give the guest. */
export const regionFlags = { ALLOW_READ: 1, ALLOW_WRITE: 2, ALLOW_EXEC: 4, LENT: 8 } as const;

const rightsOfFlags = [
  [regionFlags.ALLOW_READ, memRights.bits.R],
  [regionFlags.ALLOW_WRITE, memRights.bits.W],
  [regionFlags.ALLOW_EXEC, memRights.bits.X],
] as const;

/** Argument of SET_USER_MEM_REGION and LEND_USER_MEM; addresses and sizes in bytes. */
export interface UserMemRegion {
  readonly label: number;
  /** {@link regionFlags}. */
  readonly flags: number;
  readonly guestPhysAddr: bigint;
  readonly memorySize: bigint;
  readonly userspaceAddr: bigint;
}

/** Memory of a process that a VM has at one range of guest addresses. */
export class MemoryRegion {
  /** Pinned pages by physical address; none as long as they are pinned only when needed (a15). */
  pages: readonly bigint[] = [];
  /** What RM is given at START (v9, v11, a14). */
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
    return rightsOfFlags.reduce((sum, [flag, right]) => sum | (this.request.flags & flag ? right : 0), 0);
  }

  get allowsWrite(): boolean {
    return (this.request.flags & regionFlags.ALLOW_WRITE) !== 0;
  }

  /** The pinned pages, those that follow each other in one piece. They go back to the host with the region. */
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

  /** Gives the pinned pages back to their process, once RM has nothing of the region. */
  unpin(userProcess: UserProcess): void {
    userProcess.unpin(this.pages);
    userProcess.account(-this.pages.length);
    this.pages = [];
  }

  /** Address in the process of a guest address. */
  userAddress(guestAddress: bigint): bigint {
    return this.request.userspaceAddr + (guestAddress - this.range.start);
  }
}

/**
 * The regions of a VM, newest first. Looked through from the start each time: VMs have a handful (the review of the
 * series asked, and was told three).
 */
export class RegionTable {
  #regions: readonly MemoryRegion[] = [];

  /** Newest first. */
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

  /** The newest that overlaps. @param wrapped with ends that wrap at 2^64, as in a14. */
  overlapping(range: AddressRange, wrapped = false): MemoryRegion | undefined {
    const test = wrapped ? overlapsWrapped : overlaps;
    return this.#regions.find((region) => test(region.range, range));
  }

  containing(range: AddressRange): MemoryRegion | undefined {
    return this.#regions.find((region) => contains(region.range, range));
  }
}

/** Offset of an address in a region as Linux computes it: it wraps when the address lies below. */
export function offsetIn({ range }: MemoryRegion, address: bigint): bigint {
  return wrap(address - range.start);
}
