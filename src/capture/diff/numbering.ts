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

/** Returns a function that numbers messages from 0. Equal ones get the same number. */
export function numbering({ hash, same }: Level): (entry: DiffEntry) => number {
  /** The number given last to a message with this hash. */
  const latest = new Map<number, number>();
  /** By number: the first message that has it, and the number given before it for its hash, -1 = none. */
  const firsts: DiffEntry[] = [];
  const before: number[] = [];
  return (entry) => {
    const key = hash(entry);
    const start = latest.get(key) ?? -1;
    for (let number = start; number >= 0; number = before[number] as number)
      if (same(firsts[number] as DiffEntry, entry)) return number;
    latest.set(key, firsts.length);
    before.push(start);
    return firsts.push(entry) - 1;
  };
}
