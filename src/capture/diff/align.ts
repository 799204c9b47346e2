/** Tokens of a sequence: equal numbers, 0 to 2^26 - 1, stand for equal items. */
export type Tokens = ArrayLike<number>;

/** A part of two sequences: [aStart, aEnd) of one and [bStart, bEnd) of the other. */
export interface Span {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

/** Hears of each pair of equal items, indexes rising in both sequences. */
export type PairSink = (a: number, b: number) => void;

/** Differences that one search may step over; it bounds time to this many steps per item. */
const editsMax = 256;
/** Items that make an anchor together: long runs are rare by chance; what is between them is small enough for short. */
const runLengths = [16, 4, 1] as const;

/**
 * Aligns two sequences: pairs equal items, in order, so that few are left without a partner. The result is the
 * shortest difference for up to 256 items in all, and mostly so for long sequences that are much alike; else it is a
 * valid alignment, not always the shortest. Time grows with the length (at most some 256 steps per item, mostly a few), memory likewise, also for sequences that have
 * nothing in common.
 *
 * Equal beginnings and ends are paired first. Anchors come next: runs of items that occur equally often on both
 * sides, the n-th paired with the n-th where those pairs do not cross. Between anchors the same is done with shorter
 * runs, and in the end Myers' greedy search, which goes on from its furthest point whenever it has stepped over too
 * many differences.
 */
export function align(a: Tokens, b: Tokens, span: Span, pair: PairSink): void {
  between(a, b, span, pair, 0);
}

/** As {@link align}, but where the sequences have little in common, what has no partner at all is left out first. */
export function alignShared(a: Tokens, b: Tokens, span: Span, pair: PairSink): void {
  const { aStart, aEnd, bStart, bEnd } = span;
  const aShared = sharedPlaces(a, aStart, aEnd, b, bStart, bEnd);
  const bShared = sharedPlaces(b, bStart, bEnd, a, aStart, aEnd);
  const size = aEnd - aStart + bEnd - bStart;
  if (SHARED_MIN * (aShared.length + bShared.length) > size) {
    between(a, b, span, pair, 0);
    return;
  }
  const part = { aStart: 0, aEnd: aShared.length, bStart: 0, bEnd: bShared.length };
  const aPart = aShared.map((at) => a[at] as number);
  const bPart = bShared.map((at) => b[at] as number);
  between(aPart, bPart, part, (x, y) => pair(aShared[x] as number, bShared[y] as number), 0);
}

/** One of so many items has a partner: then the others are in the way. */
const SHARED_MIN = 8;

/** Places of items that the other sequence has too. */
function sharedPlaces(
  own: Tokens,
  start: number,
  end: number,
  other: Tokens,
  otherStart: number,
  otherEnd: number,
): number[] {
  const others = new Set<number>();
  for (let at = otherStart; at < otherEnd; at++) others.add(other[at] as number);
  const places: number[] = [];
  for (let at = start; at < end; at++) if (others.has(own[at] as number)) places.push(at);
  return places;
}

function between(a: Tokens, b: Tokens, span: Span, pair: PairSink, depth: number): void {
  let { aStart, aEnd, bStart, bEnd } = span;
  while (aStart < aEnd && bStart < bEnd && a[aStart] === b[bStart]) pair(aStart++, bStart++);
  let tail = 0;
  while (aEnd > aStart && bEnd > bStart && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--;
    bEnd--;
    tail++;
  }
  const length = aEnd - aStart + bEnd - bStart > editsMax ? runLengths[depth] : undefined;
  if (length === undefined) search(a, b, { aStart, aEnd, bStart, bEnd }, pair);
  else {
    for (const [aAt, bAt] of anchorsOf(a, b, { aStart, aEnd, bStart, bEnd }, length)) {
      between(a, b, { aStart, aEnd: aAt, bStart, bEnd: bAt }, pair, depth + 1);
      pair(aAt, bAt);
      aStart = aAt + 1;
      bStart = bAt + 1;
    }
    between(a, b, { aStart, aEnd, bStart, bEnd }, pair, depth + 1);
  }
  for (let index = 0; index < tail; index++) pair(aEnd + index, bEnd + index);
}

/** Pairs of the places where runs begin that occur equally often on both sides, without pairs that cross others. */
function anchorsOf(a: Tokens, b: Tokens, { aStart, aEnd, bStart, bEnd }: Span, length: number) {
  const aSize = aEnd - aStart;
  const all = new Float64Array(aSize + bEnd - bStart);
  for (let at = aStart; at < aEnd; at++) all[at - aStart] = a[at] as number;
  for (let at = bStart; at < bEnd; at++) all[aSize + at - bStart] = b[at] as number;
  const runs = runsOf(all, aSize, length);
  const places = new Map<number, { a: number[]; b: number[] }>();
  for (const [at, run] of runs.entries()) {
    if (run < 0) continue;
    let place = places.get(run);
    if (place === undefined) {
      place = { a: [], b: [] };
      places.set(run, place);
    }
    if (at < aSize) place.a.push(aStart + at);
    else place.b.push(bStart + at - aSize);
  }
  const pairs: [number, number][] = [];
  for (const place of places.values()) {
    if (place.a.length !== place.b.length) continue;
    for (const [index, at] of place.a.entries()) pairs.push([at, place.b[index] as number]);
  }
  return rising(pairs.sort((x, y) => x[0] - y[0]));
}

/** For each place a number for the `length` items from there on, equal for equal runs; -1 where the side ends before. */
function runsOf(all: Float64Array, aSize: number, length: number): Float64Array {
  let runs = all;
  for (let half = 1; half < length; half *= 2) {
    const numbers = new Map<number, number>();
    const first = runs;
    runs = first.map((run, at) => {
      const next = at < aSize && at + half >= aSize ? -1 : (first[at + half] ?? -1);
      if (run < 0 || next < 0) return -1;
      const both = run * 2 ** 26 + next;
      const number = numbers.get(both) ?? numbers.size;
      numbers.set(both, number);
      return number;
    });
  }
  return runs;
}

/** The longest selection of the pairs, which rise in their first number, that rises in the second too. */
function rising(pairs: readonly [number, number][]): [number, number][] {
  // ends[n]: index of the pair with the smallest second number that ends a selection of n + 1 pairs.
  const ends: number[] = [];
  const before = new Int32Array(pairs.length);
  for (const [index, pair] of pairs.entries()) {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pairs[ends[middle] as number] as [number, number])[1] < pair[1]) low = middle + 1;
      else high = middle;
    }
    before[index] = low === 0 ? -1 : (ends[low - 1] as number);
    ends[low] = index;
  }
  const selection: [number, number][] = [];
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] as number) {
    selection.push(pairs[at] as [number, number]);
  }
  return selection.reverse();
}

/** Myers' search, started again from where it got furthest whenever it has stepped over `editsMax` differences. */
function search(a: Tokens, b: Tokens, span: Span, pair: PairSink): void {
  let { aStart, bStart } = span;
  while (aStart < span.aEnd && bStart < span.bEnd) {
    const reached = stretch(a, b, { ...span, aStart, bStart }, pair);
    aStart += reached.a;
    bStart += reached.b;
  }
}

/** The paths of one search, after each number of differences: those after n begin at n * n and are 2 n + 1. */
const history = new Int32Array((editsMax + 1) ** 2);

/** One search: pairs what lies on the best path and returns how many items of each side the path has gone over. */
function stretch(a: Tokens, b: Tokens, span: Span, pair: PairSink): { a: number; b: number } {
  const { aStart, bStart } = span;
  const aSize = span.aEnd - aStart;
  const bSize = span.bEnd - bStart;
  const limit = Math.min(editsMax, aSize + bSize);
  const center = limit + 1;
  // furthest[center + k]: how far along `a` the paths of diagonal k (a minus b) have come; -1 = none inside.
  const furthest = new Int32Array(2 * center + 1).fill(-1);
  let edits = 0;
  let end = 0;
  for (; ; edits++) {
    let best = -1;
    for (let k = -edits; k <= edits; k += 2) {
      const at = center + k;
      let x = edits === 0 ? 0 : enter(furthest[at + 1], furthest[at - 1], k, aSize, bSize);
      if (x >= 0) {
        while (x < aSize && x - k < bSize && a[aStart + x] === b[bStart + x - k]) x++;
        if (2 * x - k > best) {
          best = 2 * x - k;
          end = k;
        }
      }
      furthest[at] = x;
    }
    history.set(furthest.subarray(center - edits, center + edits + 1), edits * edits);
    if (best === aSize + bSize || edits === limit) break;
  }
  const x = furthest[center + end] as number;
  // Back along the path, then forward over its runs of equal items.
  const runs: [number, number, number][] = [];
  for (let k = end; edits >= 0; edits--) {
    const to = history[edits * edits + edits + k] as number;
    const left = earlier(edits, k - 1);
    const from = edits === 0 ? 0 : enter(earlier(edits, k + 1), left, k, aSize, bSize);
    runs.push([from, to, k]);
    k += left !== undefined && left >= 0 && from === left + 1 ? -1 : 1;
  }
  for (const [from, to, k] of runs.reverse()) {
    for (let at = from; at < to; at++) pair(aStart + at, bStart + at - k);
  }
  return { a: x, b: x - end };
}

/** How far the path of diagonal `k` had come one difference before; undefined where there was none. */
function earlier(edits: number, k: number): number | undefined {
  const before = edits - 1;
  return Math.abs(k) > before ? undefined : history[before * before + before + k];
}

/**
 * Where a path enters diagonal `k` with one more difference: skipping an item of `b` from the diagonal above, or one of
 * `a` from the one to the left, whichever gets further; -1 = neither stays inside.
 */
function enter(
  above: number | undefined,
  left: number | undefined,
  k: number,
  aSize: number,
  bSize: number,
): number {
  const down = above !== undefined && above >= 0 && above - k <= bSize ? above : -1;
  const right = left !== undefined && left >= 0 && left + 1 <= aSize ? left + 1 : -1;
  return Math.max(down, right);
}
