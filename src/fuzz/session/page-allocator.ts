import type { Random } from '../../base/random.js';
import type { Range } from './known-state.js';

export const PAGE = 0x1000;
/** Size of the blocks in which the hypervisor maps the primary VM's memory, bytes. */
const BLOCK = 0x200000;
const IMAGE_SIZE = 0x100000;
/** Index of the block with the first image. */
const FIRST_IMAGE_BLOCK = 8;
const PAGES_PER_RANGE_MAX = 4;
/** Pages of a block that can be handed out: its second half. The first half can be an image. */
const PAGES_PER_BLOCK = (BLOCK - IMAGE_SIZE) / PAGE;

/** Offset of the devicetree in a VM's image, and its size; bytes. */
export const TREE_OFFSET = 0x80000;
export const TREE_SIZE = 0x8000;

/** How the ranges of a parcel lie: adjacent, with gaps between them, or each in a block of its own. */
export type Layout = 'together' | 'apart' | 'blocks';

/**
 * Hands out memory of the primary VM, each page once per session. Pages are not reused: there are more than a session
 * needs.
 */
export class PageAllocator {
  readonly #start: number;
  readonly #blocks: number;
  #next = 0;
  /** Ranges of layout `blocks` so far. */
  #perBlock = 0;

  constructor(memory: { readonly start: number; readonly size: number }) {
    this.#start = memory.start;
    this.#blocks = Math.floor(memory.size / BLOCK);
  }

  clear(): void {
    this.#next = 0;
    this.#perBlock = 0;
  }

  /** The memory that a VM boots from. @param region index of the VM's memory region. */
  image(region: number): Range {
    const block = (FIRST_IMAGE_BLOCK + region) % this.#blocks;
    return { address: this.#start + block * BLOCK, size: IMAGE_SIZE };
  }

  /** New memory, one page or more. */
  range(random: Random, layout: Layout): Range {
    if (layout === 'blocks') {
      const block = this.#perBlock++;
      // These pages come from the end of the half, those of other layouts from its start.
      const page = BLOCK / PAGE - 1 - (Math.floor(block / this.#blocks) % PAGES_PER_BLOCK);
      return { address: this.#start + (block % this.#blocks) * BLOCK + page * PAGE, size: PAGE };
    }
    const pages = 1 + random.below(PAGES_PER_RANGE_MAX);
    const gap = layout === 'apart' ? 1 : 0;
    const used = PAGES_PER_BLOCK / 2;
    // A range lies within one block.
    if ((this.#next % used) + pages + gap > used) this.#next += used - (this.#next % used);
    const at = this.#next;
    this.#next += pages + gap;
    const block = Math.floor(at / used) % this.#blocks;
    return { address: this.#start + block * BLOCK + IMAGE_SIZE + (at % used) * PAGE, size: pages * PAGE };
  }
}
