/** Tokens of a sequence: equal numbers stand for equal items. Counted from 0, so that tables by token are small. */
export type Tokens = ArrayLike<number>;

/** A part of two sequences: [aStart, aEnd) of one and [bStart, bEnd) of the other. */
export interface Span {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

/** Pairs of places of equal items, both rising: the n-th of `a` with the n-th of `b`. */
export interface Pairs {
  readonly a: Int32Array;
  readonly b: Int32Array;
}

/** No run begins here that both sides have. */
const NONE = -1;

/**
 * Pairs of the places where runs of `length` items begin (a power of two) that occur equally often on both sides, without
 * pairs that cross others. Time grows with the length of the span.
 */
export function anchorsOf(a: Tokens, b: Tokens, span: Span, length: number): Pairs {
  const { aStart, aEnd, bStart, bEnd } = span;
  const aSize = aEnd - aStart;
  const runs = new Int32Array(aSize + bEnd - bStart);
  let count = 0;
  for (let at = 0; at < runs.length; at++) {
    const token = (at < aSize ? a[aStart + at] : b[bStart + at - aSize]) as number;
    runs[at] = token;
    count = Math.max(count, token + 1);
  }
  let shared = keepShared(runs, aSize, count);
  for (let half = 1; half < length && shared > 0; half *= 2) {
    count = joinRuns(runs, aSize, half);
    shared = keepShared(runs, aSize, count);
  }
  return shared === 0 ? { a: runs.subarray(0, 0), b: runs.subarray(0, 0) } : pairsOf(runs, span, count);
}

/** Takes out the runs that one side alone has. @returns how many are left. */
function keepShared(runs: Int32Array, aSize: number, count: number): number {
  const sides = new Uint8Array(count);
  for (let at = 0; at < runs.length; at++) {
    const run = runs[at] as number;
    if (run !== NONE) sides[run] = (sides[run] as number) | (at < aSize ? 1 : 2);
  }
  let left = 0;
  for (let at = 0; at < runs.length; at++) {
    const run = runs[at] as number;
    if (run === NONE) continue;
    if (sides[run] === 3) left++;
    else runs[at] = NONE;
  }
  return left;
}

/** Makes of each run of `half` items and the one behind it a run, numbered from 0, equal for equal ones. @returns how many. */
function joinRuns(runs: Int32Array, aSize: number, half: number): number {
  // A table of places whose runs have numbers, searched from the hash of the run on.
  const mask = 2 ** Math.ceil(Math.log2(2 * runs.length + 1)) - 1;
  const table = new Int32Array(mask + 1).fill(NONE);
  const firsts = new Int32Array(runs.length);
  const seconds = new Int32Array(runs.length);
  let count = 0;
  for (let at = 0; at < runs.length; at++) {
    const end = at < aSize ? aSize : runs.length;
    const first = runs[at] as number;
    // What lies behind has not been replaced yet.
    const second = at + half < end ? (runs[at + half] as number) : NONE;
    if (first === NONE || second === NONE) {
      runs[at] = NONE;
      continue;
    }
    let slot = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    slot = (slot ^ (slot >>> 15)) & mask;
    let number = table[slot] as number;
    while (number !== NONE && (firsts[number] !== first || seconds[number] !== second)) {
      slot = (slot + 1) & mask;
      number = table[slot] as number;
    }
    if (number === NONE) {
      number = count++;
      table[slot] = number;
      firsts[number] = first;
      seconds[number] = second;
    }
    runs[at] = number;
  }
  return count;
}

function pairsOf(runs: Int32Array, { aStart, aEnd, bStart }: Span, count: number): Pairs {
  const aSize = aEnd - aStart;
  /** How often each run occurs in `a` more than in `b`. */
  const excess = new Int32Array(count);
  /** The next place in `b` of each run, and of each place the next with the same run. */
  const next = new Int32Array(count).fill(NONE);
  const following = new Int32Array(runs.length - aSize);
  for (let at = runs.length - 1; at >= 0; at--) {
    const run = runs[at] as number;
    if (run === NONE) continue;
    excess[run] = (excess[run] as number) + (at < aSize ? 1 : -1);
    if (at < aSize) continue;
    following[at - aSize] = next[run] as number;
    next[run] = at - aSize;
  }
  const aPlaces = new Int32Array(aSize);
  const bPlaces = new Int32Array(aSize);
  let size = 0;
  for (let at = 0; at < aSize; at++) {
    const run = runs[at] as number;
    if (run === NONE || excess[run] !== 0) continue;
    const place = next[run] as number;
    next[run] = following[place] as number;
    aPlaces[size] = aStart + at;
    bPlaces[size++] = bStart + place;
  }
  return rising(aPlaces.subarray(0, size), bPlaces.subarray(0, size));
}

/** The longest selection of pairs, whose first numbers rise, that rises in the second numbers too. */
function rising(a: Int32Array, b: Int32Array): Pairs {
  // ends[n]: the pair with the smallest second number that ends a selection of n + 1 pairs.
  const ends = new Int32Array(a.length);
  const before = new Int32Array(a.length);
  let size = 0;
  for (let at = 0; at < b.length; at++) {
    const place = b[at] as number;
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((b[ends[middle] as number] as number) < place) low = middle + 1;
      else high = middle;
    }
    before[at] = low === 0 ? NONE : (ends[low - 1] as number);
    ends[low] = at;
    if (low === size) size++;
  }
  const aRising = new Int32Array(size);
  const bRising = new Int32Array(size);
  let pair = size === 0 ? NONE : (ends[size - 1] as number);
  for (let at = size - 1; at >= 0; at--) {
    aRising[at] = a[pair] as number;
    bRising[at] = b[pair] as number;
    pair = before[pair] as number;
  }
  return { a: aRising, b: bRising };
}
