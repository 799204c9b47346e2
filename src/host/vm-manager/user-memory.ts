import { UsageError } from '../../base/error.js';
import { PAGE } from './addresses.js';

/** Consecutive pages of a process, at a fixed distance from each other in physical memory. */
export interface Area {
  /** Address in the process, in bytes; a multiple of 4096. */
  readonly address: bigint;
  /** Number of pages. */
  readonly pages: number;
  /** Physical address of the first page, in bytes. */
  readonly physical: bigint;
  /** Bytes from one page to the next in physical memory: 4096 (default) makes them contiguous. */
  readonly stride?: bigint;
}

/**
 * The memory that a process gives to VMs: the physical page at each address, how often each page is pinned, and how many
 * pages are counted as locked (`locked_vm` of the kernel, which limits what a process may pin).
 */
export class UserProcess {
  readonly name: string;
  readonly #areas: Area[] = [];
  /** Pins by physical address. */
  readonly #pins = new Map<bigint, number>();
  #lockedVm = 0;

  constructor(name: string, areas: readonly Area[] = []) {
    this.name = name;
    for (const area of areas) this.map(area);
  }

  /** @throws UsageError for an address that is not page aligned or has a page already. */
  map(area: Area): void {
    const { address, pages } = area;
    if (address % PAGE !== 0n)
      throw new UsageError({ code: 'alignment', path: 'address', expected: PAGE, actual: address });
    const end = address + BigInt(pages) * PAGE;
    const taken = this.#areas.find((other) => address < endOf(other) && other.address < end);
    if (taken !== undefined)
      throw new UsageError({ code: 'overlap', path: 'address', expected: 'nothing', actual: taken.address });
    this.#areas.push(area);
  }

  get pagesPinned(): number {
    return this.#pins.size;
  }

  get lockedVm(): number {
    return this.#lockedVm;
  }

  isPinned(physical: bigint): boolean {
    return this.#pins.has(physical);
  }

  /** Adds to the number of locked pages; a negative number subtracts. */
  account(pages: number): void {
    this.#lockedVm += pages;
  }

  /**
   * Pins pages from an address on, up to the first address that has no page.
   *
   * @returns physical addresses of the pinned pages.
   */
  pin(address: bigint, pages: number): bigint[] {
    const pinned: bigint[] = [];
    let area: Area | undefined;
    for (let at = address; pinned.length < pages; at += PAGE) {
      if (area === undefined || at >= endOf(area)) area = this.#areaAt(at);
      if (area === undefined) break;
      const physical = area.physical + ((at - area.address) / PAGE) * (area.stride ?? PAGE);
      this.#pins.set(physical, (this.#pins.get(physical) ?? 0) + 1);
      pinned.push(physical);
    }
    return pinned;
  }

  /** Removes one pin of each page. */
  unpin(pages: readonly bigint[]): void {
    for (const physical of pages) {
      const pins = (this.#pins.get(physical) ?? 0) - 1;
      if (pins > 0) this.#pins.set(physical, pins);
      else this.#pins.delete(physical);
    }
  }

  #areaAt(address: bigint): Area | undefined {
    return this.#areas.find((area) => area.address <= address && address < endOf(area));
  }
}

function endOf({ address, pages }: Area): bigint {
  return address + BigInt(pages) * PAGE;
}
