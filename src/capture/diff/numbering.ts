import { numbersHash, sameContents, textHash } from './contents.js';
import type { Comparison, DiffEntry } from './entry.js';
import type { AnyOf, HeldMessages } from './held-messages.js';

/** A way in which messages may be equal. */
export interface Level {
  /** Equal for messages that are. */
  hash(entry: DiffEntry): number;
  same(a: DiffEntry, b: DiffEntry): boolean;
}

/** A hash of what tells the sort of a message, and of another number. */
export function kindHash(held: HeldMessages, entry: DiffEntry, more = 0): number {
  return numbersHash(more, held.from(entry), held.to(entry), held.typeCode(entry), held.id(entry));
}

/**
 * By what messages are paired: first the strongest; what that leaves unpaired is tried with the next. The first is
 * equality.
 */
export function levelsOf(comparison: Comparison): readonly Level[] {
  return comparison.ignore.length === 0 ? wholeLevels(comparison) : levelsWithout(comparison);
}

function wholeLevels({ held }: Comparison): readonly Level[] {
  const sameSeq = (a: DiffEntry, b: DiffEntry) => held.seq(a) === held.seq(b);
  const sameKind = (a: DiffEntry, b: DiffEntry) => held.isSameKind(a, b);
  const same = (a: DiffEntry, b: DiffEntry) => sameContents(held, a, b);
  return [
    { hash: (entry) => held.hash(entry) ^ held.seq(entry), same: (a, b) => sameSeq(a, b) && same(a, b) },
    { hash: (entry) => held.hash(entry), same },
    {
      hash: (entry) => kindHash(held, entry, held.seq(entry)),
      same: (a, b) => sameSeq(a, b) && sameKind(a, b),
    },
    { hash: (entry) => kindHash(held, entry), same: sameKind },
  ];
}

/** Messages whose bytes are equal are so without what is left out, too: most are never decoded. */
function levelsWithout(comparison: Comparison): readonly Level[] {
  const { held, ignore } = comparison;
  const isLeftOut = (key: string) => ignore.some((path) => path.length === 1 && path[0] === key);
  const [from, to, type, id] = [isLeftOut('from'), isLeftOut('to'), isLeftOut('type'), isLeftOut('id')];
  const any: AnyOf = { from, to, type, id };
  const noSeq = isLeftOut('seq');
  const seqOf = (entry: DiffEntry) => (noSeq ? 0 : held.seq(entry));
  const sameNumber = (a: DiffEntry, b: DiffEntry) => seqOf(a) === seqOf(b);
  const remainingHash = (entry: DiffEntry) => textHash(comparison.remainingOf(entry));
  const same = (a: DiffEntry, b: DiffEntry) =>
    sameContents(held, a, b) || comparison.remainingOf(a) === comparison.remainingOf(b);
  const alike = (a: DiffEntry, b: DiffEntry) => held.isSimilarKind(a, b, any);
  const alikeHash = (entry: DiffEntry, more: number) =>
    numbersHash(
      more,
      from ? 0 : held.from(entry),
      to ? 0 : held.to(entry),
      type ? 0 : held.typeCode(entry),
      id ? 0 : held.id(entry),
    );
  return [
    {
      hash: (entry) => remainingHash(entry) ^ seqOf(entry),
      same: (a, b) => sameNumber(a, b) && same(a, b),
    },
    { hash: remainingHash, same },
    {
      hash: (entry) => alikeHash(entry, seqOf(entry)),
      same: (a, b) => sameNumber(a, b) && alike(a, b),
    },
    { hash: (entry) => alikeHash(entry, 0), same: alike },
  ];
}

/** No number is at this place of a table. */
const FREE = -1;

/** Numbers messages from 0, equal ones with the same number. The arrays are used again and again. */
export class Numbering {
  /** Numbers, each at the place that the hash of its messages tells or at the next free one. */
  #table = new Int32Array(0);
  /** By number: the first message that has it, and its hash. */
  #firsts = new Int32Array(0);
  #hashes = new Int32Array(0);
  #mask = 0;
  #count = 0;

  /** Forgets all numbers. @param size how many messages are numbered at most, above 0. */
  begin(size: number): void {
    this.#mask = 2 ** Math.ceil(Math.log2(2 * size)) - 1;
    if (this.#table.length <= this.#mask) this.#table = new Int32Array(this.#mask + 1);
    if (this.#firsts.length < size) {
      this.#firsts = new Int32Array(size);
      this.#hashes = new Int32Array(size);
    }
    this.#table.fill(FREE, 0, this.#mask + 1);
    this.#count = 0;
  }

  number({ hash, same }: Level, entry: DiffEntry): number {
    const own = hash(entry) | 0;
    let slot = own & this.#mask;
    for (;;) {
      const number = this.#table[slot] as number;
      if (number === FREE) break;
      if (this.#hashes[number] === own && same(this.#firsts[number] as number, entry)) return number;
      slot = (slot + 1) & this.#mask;
    }
    const number = this.#count++;
    this.#table[slot] = number;
    this.#firsts[number] = entry;
    this.#hashes[number] = own;
    return number;
  }
}
