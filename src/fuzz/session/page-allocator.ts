import type { Random } from '../../base/random.js';
import type { Range } from './known-state.js';

export const PAGE = 0x1000;
/** How the hypervisor maps the primary VM's memory where nothing of it was given away. */
const BLOCK = 0x200000;
const IMAGE_SIZE = 0x100000;
/** Images begin so many blocks behind the start of memory. */
const FIRST_IMAGE_BLOCK = 8;
const PAGES_PER_RANGE_MAX = 4;
/** Pages of one block that are given away: its second half, behind what may be an image. */
const PAGES_PER_BLOCK = (BLOCK - IMAGE_SIZE) / PAGE;

/** Where in a VM's image its devicetree is, from the image's start, and the room for it; bytes. */
export const TREE_OFFSET = 0x80000;
export const TREE_SIZE = 0x8000;

/** How the ranges of a parcel lie: one behind the other, with gaps, each in a block of its own. */
export type Layout = 'together' | 'apart' | 'blocks';

/**
 * Hands out memory of the primary VM that was not handed out before in this session; nothing is ever taken back,
 * since there is more than a session can use.
 */
export class PageAllocator {
  readonly #start: number;
  readonly #blocks: number;
  #next = 0;
  /** Pages of every block that parcels with a range in each block have used. */
  #perBlock = 0;

  constructor(memory: { readonly start: number; readonly size: number }) {
    this.#start = memory.start;
    this.#blocks = Math.floor(memory.size / BLOCK);
  }

  clear(): void {
    this.#next = 0;
    this.#perBlock = 0;
  }

  /** The memory that a VM boots from, by the VM's number. */
  image(region: number): Range {
    const block = (FIRST_IMAGE_BLOCK + region) % this.#blocks;
    return { address: this.#start + block * BLOCK, size: IMAGE_SIZE };
  }

  /** Memory of its own, one page or more. */
  range(random: Random, layout: Layout): Range {
    if (layout === 'blocks') {
      const block = this.#perBlock++;
      // From the end of each block's half, while single ranges come from its beginning.
      const page = BLOCK / PAGE - 1 - (Math.floor(block / this.#blocks) % PAGES_PER_BLOCK);
      return { address: this.#start + (block % this.#blocks) * BLOCK + page * PAGE, size: PAGE };
    }
    const pages = 1 + random.below(PAGES_PER_RANGE_MAX);
    const gap = layout === 'apart' ? 1 : 0;
    const used = PAGES_PER_BLOCK / 2;
    // A range does not go over the end of what is given away of a block.
    if ((this.#next % used) + pages + gap > used) this.#next += used - (this.#next % used);
    const at = this.#next;
    this.#next += pages + gap;
    const block = Math.floor(at / used) % this.#blocks;
    return { address: this.#start + block * BLOCK + IMAGE_SIZE + (at % used) * PAGE, size: pages * PAGE };
  }
}
