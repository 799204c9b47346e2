import type { AddressSpace, Run } from './address-space.js';
import { borrowerOf } from './page-record.js';
import type { Piece } from './page-records.js';
import type { CheckedRange } from './refusal.js';

/** Unmaps the pieces of a range that are mapped there. @param pieces as they were before they changed. */
export function unmapBorrowed(
  space: AddressSpace,
  { owner, start }: CheckedRange,
  pieces: readonly Piece[],
): void {
  for (const { offset, size, record } of pieces)
    if (record !== undefined && borrowerOf(record, owner)?.address !== undefined)
      space.unmap({ start: start + offset, size });
}

/** Runs that map pieces from an address on. Pieces that are contiguous in physical memory are one run. */
export function runsOf(pieces: readonly Piece[], start: number): readonly Run[] {
  const only = pieces[0];
  // A literal: a list that grows begins with room for 17 elements.
  if (only !== undefined && pieces.length === 1)
    return [{ address: start + only.offset, phys: only.phys, size: only.size }];
  const runs: { address: number; phys: number; size: number }[] = [];
  let last: (typeof runs)[number] | undefined;
  for (const { offset, phys, size } of pieces) {
    if (last !== undefined && last.phys + last.size === phys) last.size += size;
    else {
      last = { address: start + offset, phys, size };
      runs.push(last);
    }
  }
  return runs;
}
