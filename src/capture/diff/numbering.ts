import { kindHash, sameContents, sameKind, textHash } from './contents.js';
import { type Comparison, type DiffEntry, remainingOf } from './entry.js';
import type { FieldPath } from './ignore.js';

/** A way in which messages may be equal. */
export interface Level {
  /** 30 bits, equal for messages that are. */
  hash(entry: DiffEntry): number;
  same(a: DiffEntry, b: DiffEntry): boolean;
}

const sameSeq = (a: DiffEntry, b: DiffEntry) => a.seq === b.seq;

const wholeLevels: readonly Level[] = [
  { hash: ({ hash, seq = 0 }) => hash ^ seq, same: (a, b) => sameSeq(a, b) && sameContents(a, b) },
  { hash: ({ hash }) => hash, same: sameContents },
  { hash: (entry) => kindHash(entry, entry.seq), same: (a, b) => sameSeq(a, b) && sameKind(a, b) },
  { hash: (entry) => kindHash(entry), same: sameKind },
];

/**
 * By what messages are paired: first the strongest; what that leaves unpaired is tried with the next. The first is
 * equality.
 */
export function levelsOf({ ignore }: Comparison): readonly Level[] {
  return ignore.length === 0 ? wholeLevels : levelsWithout(ignore);
}

/** Messages whose bytes are equal are so without what is left out, too: most are never decoded. */
function levelsWithout(ignore: readonly FieldPath[]): readonly Level[] {
  const isLeftOut = (key: string) => ignore.some((path) => path.length === 1 && path[0] === key);
  const [noFrom, noTo, noType, noSeq, noId] = ['from', 'to', 'type', 'seq', 'id'].map(isLeftOut);
  const seqOf = ({ seq = 0 }: DiffEntry) => (noSeq ? 0 : seq);
  const kindOf = ({ from, to, type, id }: DiffEntry) => ({
    from: noFrom ? undefined : from,
    to: noTo ? undefined : to,
    type: noType ? undefined : type,
    id: noId ? undefined : id,
  });
  const sameNumber = (a: DiffEntry, b: DiffEntry) => noSeq || sameSeq(a, b);
  const same = (a: DiffEntry, b: DiffEntry) => sameContents(a, b) || remainingOf(a) === remainingOf(b);
  const alike = (a: DiffEntry, b: DiffEntry) => sameKind(kindOf(a), kindOf(b));
  return [
    {
      hash: (entry) => textHash(remainingOf(entry)) ^ seqOf(entry),
      same: (a, b) => sameNumber(a, b) && same(a, b),
    },
    { hash: (entry) => textHash(remainingOf(entry)), same },
    {
      hash: (entry) => kindHash(kindOf(entry), seqOf(entry)),
      same: (a, b) => sameNumber(a, b) && alike(a, b),
    },
    { hash: (entry) => kindHash(kindOf(entry)), same: alike },
  ];
}

/** Whether all that is compared is equal. */
export function isEqual(a: DiffEntry, b: DiffEntry): boolean {
  return (levelsOf(a.comparison)[0] as Level).same(a, b);
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
