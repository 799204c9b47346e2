import { PAGE_SIZE } from './page-contents.js';

/** Tag of a range that nobody reserved. */
export const NO_TAG = 0;

interface Range {
  start: number;
  /** First address behind it. */
  end: number;
  tag: number;
}

/** First index whose range ends behind `address`. Ranges are sorted and do not overlap. */
function indexBehind(ranges: readonly Range[], address: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle] as Range).end <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Cuts [start, end) out of the range at an index, which contains it. */
function cut(ranges: Range[], index: number, start: number, end: number): void {
  const range = ranges[index] as Range;
  const left = start > range.start ? [{ start: range.start, end: start, tag: range.tag }] : [];
  const right = end < range.end ? [{ start: end, end: range.end, tag: range.tag }] : [];
  ranges.splice(index, 1, ...left, ...right);
}

/** Inserts a range that overlaps none, merging it with neighbours of the same tag. */
function insert(ranges: Range[], start: number, end: number, tag: number): void {
  const index = indexBehind(ranges, start);
  const left = ranges[index - 1];
  const right = ranges[index];
  const mergeLeft = left !== undefined && left.end === start && left.tag === tag;
  const mergeRight = right !== undefined && right.start === end && right.tag === tag;
  const from = mergeLeft ? left.start : start;
  const to = mergeRight ? right.end : end;
  ranges.splice(index - (mergeLeft ? 1 : 0), (mergeLeft ? 1 : 0) + (mergeRight ? 1 : 0), {
    start: from,
    end: to,
    tag,
  });
}

/** Smallest multiple of `alignment` (a power of two) at or above an address. */
export function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}

export interface Allocation {
  readonly start: number;
  /** Tag of the reservation it came from, {@link NO_TAG} for unreserved space. */
  readonly tag: number;
}

/**
 * Address space of a VM: which ranges are free, and which free ones are reserved under a tag
 * (rm-internals.md, section 5). Addresses and sizes are bytes below 2^53, multiples of {@link PAGE_SIZE}.
 *
 * Reserving keeps a range free but takes it from the addresses chosen automatically; such a range is handed
 * out on request only, wholly inside one reservation, and goes back to it when it is freed.
 */
export class AddressRanges {
  readonly #base: number;
  readonly #end: number;
  /** Free unreserved ranges, and every reservation, free or not. */
  readonly #ranges: Range[];
  /** Ranges that are free although {@link #ranges} has them, too; searched first. */
  readonly #freeTwice: Range[] = [];
  /** Free parts of the reservations, by tag. */
  readonly #reserved = new Map<number, Range[]>();

  constructor(base: number, size: number) {
    this.#base = base;
    this.#end = base + size;
    this.#ranges = [{ start: base, end: base + size, tag: NO_TAG }];
  }

  /** Lowest fitting address in unreserved space, or undefined. */
  allocateAny(size: number, alignment: number): Allocation | undefined {
    if (!this.#sizeValid(size)) return undefined;
    for (const ranges of [this.#freeTwice, this.#ranges])
      for (let index = 0; index < ranges.length; index++) {
        const range = ranges[index] as Range;
        const start = alignUp(range.start, alignment);
        if (range.tag !== NO_TAG || start + size > range.end) continue;
        cut(ranges, index, start, start + size);
        return { start, tag: NO_TAG };
      }
    return undefined;
  }

  /** Exactly this range: wholly inside one free range, or inside the free part of one reservation. */
  allocateAt(start: number, size: number): Allocation | undefined {
    if (!this.#sizeValid(size) || !this.#inside(start, size)) return undefined;
    const twice = this.#freeTwice.findIndex((range) => range.start <= start && range.end >= start + size);
    if (twice >= 0) {
      const { tag } = this.#freeTwice[twice] as Range;
      cut(this.#freeTwice, twice, start, start + size);
      return { start, tag };
    }
    const tag = this.#containing(start, size)?.tag ?? NO_TAG;
    const ranges = tag === NO_TAG ? this.#ranges : (this.#reserved.get(tag) ?? []);
    const index = indexBehind(ranges, start);
    const range = ranges[index];
    if (range === undefined || range.start > start || range.end < start + size) return undefined;
    cut(ranges, index, start, start + size);
    return { start, tag };
  }

  /**
   * Gives a range back. One that an earlier life of the VM took may be free already (rm-lives.md, section 2). If it
   * begins inside the last free range, it is then free twice, and is found first.
   *
   * @returns false, with nothing done, if it overlaps free ranges in any other way. The manager dies of that.
   */
  free(start: number, size: number): boolean {
    const end = start + size;
    const range = this.#containing(start, size);
    const tag = range?.tag ?? NO_TAG;
    const ranges = tag === NO_TAG ? this.#ranges : this.#reservedList(tag);
    const index = indexBehind(ranges, start);
    const next = ranges[index];
    if (next !== undefined && next.start < end) {
      if (next.start > start || index < ranges.length - 1) return false;
      this.#freeTwice.unshift({ start, end, tag });
    } else insert(ranges, start, end, tag);
    return true;
  }

  /**
   * Reserves `size` bytes from the first address in a region that lies in free unreserved space. The region
   * bounds the first address only; the size must fit in the free range, even past the region's end.
   *
   * @param regionStart undefined for the whole space.
   */
  reserveAny(
    regionStart: number | undefined,
    regionSize: number,
    size: number,
    alignment: number,
    tag: number,
  ): number | undefined {
    if (!this.#sizeValid(size)) return undefined;
    if (regionStart !== undefined && !(this.#sizeValid(regionSize) && this.#inside(regionStart, regionSize)))
      return undefined;
    const low = regionStart ?? this.#base;
    const high = regionStart === undefined ? this.#end : regionStart + regionSize;
    for (let index = indexBehind(this.#ranges, low); index < this.#ranges.length; index++) {
      const range = this.#ranges[index] as Range;
      if (range.start >= high) return undefined;
      const start = alignUp(Math.max(range.start, low), alignment);
      if (range.tag !== NO_TAG || start >= Math.min(range.end, high) || start + size > range.end) continue;
      cut(this.#ranges, index, start, start + size);
      insert(this.#ranges, start, start + size, tag);
      insert(this.#reservedList(tag), start, start + size, tag);
      return start;
    }
    return undefined;
  }

  /** Whether a range is reserved under a tag, and nothing of it is allocated. */
  isReserved(start: number, size: number, tag: number): boolean {
    const free = this.#reserved.get(tag) ?? [];
    const found = free[indexBehind(free, start)];
    return found !== undefined && this.#sizeValid(size) && found.start <= start && found.end >= start + size;
  }

  /** Undoes a reservation that nobody allocated from. */
  unreserve(start: number, size: number, tag: number): void {
    const free = this.#reservedList(tag);
    cut(free, indexBehind(free, start), start, start + size);
    cut(this.#ranges, indexBehind(this.#ranges, start), start, start + size);
    insert(this.#ranges, start, start + size, NO_TAG);
  }

  #containing(start: number, size: number): Range | undefined {
    const range = this.#ranges[indexBehind(this.#ranges, start)];
    return range !== undefined && range.start <= start && range.end >= start + size ? range : undefined;
  }

  #reservedList(tag: number): Range[] {
    let list = this.#reserved.get(tag);
    if (list === undefined) {
      list = [];
      this.#reserved.set(tag, list);
    }
    return list;
  }

  #sizeValid(size: number): boolean {
    return size >= PAGE_SIZE && size % PAGE_SIZE === 0;
  }

  #inside(start: number, size: number): boolean {
    return start % PAGE_SIZE === 0 && start >= this.#base && start + size <= this.#end;
  }
}
