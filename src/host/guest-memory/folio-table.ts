import { BLOCK_SIZE, PAGE_SIZE } from '../../hypervisor/index.js';
import { Folio } from './folio.js';

/** Where folios get their physical memory. Sizes are that of a page or of a huge page. */
export interface FolioMemory {
  /** @returns a physical address, a multiple of the size; undefined if none is free. */
  readonly allocate: (size: number) => number | undefined;
  readonly free?: ((address: number, size: number) => void) | undefined;
}

const windowOf = (offset: number) => offset - (offset % BLOCK_SIZE);

/**
 * The folios of a file, by their place in it. A window is 2 MiB of the file, aligned. It holds one huge folio or up to
 * 512 pages. A huge folio is split when a part of it is to be handled by itself, and comes together again when all of its
 * pages are alike and nobody uses one.
 */
export class FolioTable {
  readonly #memory: FolioMemory;
  /** By offset in the file. */
  readonly #folios = new Map<number, Folio>();
  /** Number of folios in each window that has any. */
  readonly #counts = new Map<number, number>();

  constructor(memory: FolioMemory) {
    this.#memory = memory;
  }

  /** In the order of offsets. */
  get all(): readonly Folio[] {
    return [...this.#folios.values()].sort((left, right) => left.offset - right.offset);
  }

  /** The folio that holds a page of the file. */
  at(offset: number): Folio | undefined {
    const small = this.#folios.get(offset);
    if (small !== undefined) return small;
    const huge = this.#folios.get(windowOf(offset));
    return huge?.size === BLOCK_SIZE ? huge : undefined;
  }

  /** The folios that have a part in [start, end), in order. */
  overlapping(start: number, end: number): readonly Folio[] {
    const isFew = (end - start) / PAGE_SIZE < this.#folios.size;
    if (!isFew) return this.all.filter((folio) => folio.offset < end && start < folio.offset + folio.size);
    const found: Folio[] = [];
    for (let at = start; at < end; at += PAGE_SIZE) {
      const folio = this.at(at);
      if (folio !== undefined && folio !== found.at(-1)) found.push(folio);
    }
    return found;
  }

  /** Whether a window has no folio at all. @param offset of any page of it. */
  isEmpty(offset: number): boolean {
    return !this.#counts.has(windowOf(offset));
  }

  /** @returns undefined if there is no memory. */
  allocate(offset: number, size: number): Folio | undefined {
    const address = this.#memory.allocate(size);
    if (address === undefined) return undefined;
    const folio = new Folio(offset, address, size);
    this.#add(folio);
    return folio;
  }

  /** Removes a folio and frees its memory. */
  free(folio: Folio): void {
    this.#remove(folio);
    this.#memory.free?.(folio.address, folio.size);
  }

  /** Makes pages of a huge folio. Nobody may hold it. */
  split(folio: Folio): void {
    this.#remove(folio);
    for (let at = 0; at < folio.size; at += PAGE_SIZE) {
      const page = new Folio(folio.offset + at, folio.address + at, PAGE_SIZE);
      page.state = folio.state;
      page.inDirectMap = folio.inDirectMap;
      this.#add(page);
    }
  }

  /** Makes a huge folio of the pages of a window if they are alike, idle, and contiguous in physical memory. */
  join(offset: number): void {
    const window = windowOf(offset);
    if (this.#counts.get(window) !== BLOCK_SIZE / PAGE_SIZE) return;
    const first = this.#folios.get(window) as Folio;
    if (first.address % BLOCK_SIZE !== 0) return;
    const pages: Folio[] = [];
    for (let at = 0; at < BLOCK_SIZE; at += PAGE_SIZE) {
      const page = this.#folios.get(window + at) as Folio;
      const isAlike = page.state === first.state && page.inDirectMap === first.inDirectMap;
      if (!isAlike || !page.isIdle || page.address !== first.address + at) return;
      pages.push(page);
    }
    for (const page of pages) this.#remove(page);
    const huge = new Folio(window, first.address, BLOCK_SIZE);
    huge.state = first.state;
    huge.inDirectMap = first.inDirectMap;
    this.#add(huge);
  }

  #add(folio: Folio): void {
    const window = windowOf(folio.offset);
    this.#folios.set(folio.offset, folio);
    this.#counts.set(window, (this.#counts.get(window) ?? 0) + 1);
  }

  #remove({ offset }: Folio): void {
    const window = windowOf(offset);
    this.#folios.delete(offset);
    const count = (this.#counts.get(window) ?? 0) - 1;
    if (count > 0) this.#counts.set(window, count);
    else this.#counts.delete(window);
  }
}
