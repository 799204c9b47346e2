import { kindHash, sameContents, sameKind } from './contents.js';
import type { DiffEntry } from './entry.js';

/** A way in which messages may be equal. */
export interface Level {
  /** 30 bits, equal for messages that are. */
  hash(entry: DiffEntry): number;
  same(a: DiffEntry, b: DiffEntry): boolean;
}

const sameSeq = (a: DiffEntry, b: DiffEntry) => a.seq === b.seq;

/** By what messages are paired: first the strongest; what that leaves unpaired is tried with the next. */
export const levels: readonly Level[] = [
  { hash: ({ hash, seq = 0 }) => hash ^ seq, same: isEqual },
  { hash: ({ hash }) => hash, same: sameContents },
  { hash: (entry) => kindHash(entry, entry.seq), same: (a, b) => sameSeq(a, b) && sameKind(a, b) },
  { hash: (entry) => kindHash(entry), same: sameKind },
];

export function isEqual(a: DiffEntry, b: DiffEntry): boolean {
  return sameSeq(a, b) && sameContents(a, b);
}

/** Returns a function that numbers up to `size` messages from 0. Equal ones get the same number. */
export function numbering({ hash, same }: Level, size: number): (entry: DiffEntry) => number {
  /** Numbers, each at the place that the hash of its messages tells or at the next free one. -1: free. */
  const mask = 2 ** Math.ceil(Math.log2(2 * size + 1)) - 1;
  const table = new Int32Array(mask + 1).fill(-1);
  /** By number: the first message that has it. */
  const firsts: DiffEntry[] = [];
  return (entry) => {
    let slot = hash(entry) & mask;
    for (;;) {
      const number = table[slot] as number;
      if (number < 0) break;
      if (same(firsts[number] as DiffEntry, entry)) return number;
      slot = (slot + 1) & mask;
    }
    table[slot] = firsts.length;
    return firsts.push(entry) - 1;
  };
}
