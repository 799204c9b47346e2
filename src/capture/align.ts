/** Tokens of a sequence: equal numbers stand for equal items. */
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
/** Levels of anchors within anchors. */
const depthMax = 8;

/**
 * Aligns two sequences: pairs equal items, in order, so that few are left without a partner. The result is the
 * shortest difference as long as no stretch without an anchor has more than 256 differences; beyond that it is a valid
 * alignment, not always the shortest. Time is proportional to the length (at most some 256 steps per item, mostly
 * one), memory to the length plus a constant, also for sequences that have nothing in common.
 *
 * Equal beginnings and ends are paired first. Anchors come next: items that occur equally often on both sides, the
 * n-th paired with the n-th where those pairs do not cross. Between anchors the same is done again, and where none are
 * left, Myers' greedy search goes on from its furthest point whenever it has stepped over too many differences.
 */
export function align(a: Tokens, b: Tokens, span: Span, pair: PairSink, depth = 0): void {
  let { aStart, aEnd, bStart, bEnd } = span;
  while (aStart < aEnd && bStart < bEnd && a[aStart] === b[bStart]) pair(aStart++, bStart++);
  let tail = 0;
  while (aEnd > aStart && bEnd > bStart && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--;
    bEnd--;
    tail++;
  }
  if (aStart < aEnd && bStart < bEnd) {
    const anchors = depth < depthMax ? anchorsOf(a, b, { aStart, aEnd, bStart, bEnd }) : [];
    for (const [aAt, bAt] of anchors) {
      align(a, b, { aStart, aEnd: aAt, bStart, bEnd: bAt }, pair, depth + 1);
      pair(aAt, bAt);
      aStart = aAt + 1;
      bStart = bAt + 1;
    }
    const rest = { aStart, aEnd, bStart, bEnd };
    if (anchors.length > 0) align(a, b, rest, pair, depth + 1);
    else search(a, b, rest, pair);
  }
  for (let index = 0; index < tail; index++) pair(aEnd + index, bEnd + index);
}

/** Pairs of the items that occur equally often on both sides, without those that cross others. */
function anchorsOf(a: Tokens, b: Tokens, { aStart, aEnd, bStart, bEnd }: Span): [number, number][] {
  const places = new Map<number, { a: number[]; b: number[] }>();
  for (let at = aStart; at < aEnd; at++) {
    const token = a[at] as number;
    const place = places.get(token);
    if (place === undefined) places.set(token, { a: [at], b: [] });
    else place.a.push(at);
  }
  for (let at = bStart; at < bEnd; at++) places.get(b[at] as number)?.b.push(at);
  const partner = new Map<number, number>();
  for (const place of places.values()) {
    if (place.a.length !== place.b.length) continue;
    for (const [index, at] of place.a.entries()) partner.set(at, place.b[index] as number);
  }
  const candidates: [number, number][] = [];
  for (let at = aStart; at < aEnd; at++) {
    const other = partner.get(at);
    if (other !== undefined) candidates.push([at, other]);
  }
  return rising(candidates);
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

/** One search: pairs what lies on the best path and returns how many items of each side the path has gone over. */
function stretch(a: Tokens, b: Tokens, span: Span, pair: PairSink): { a: number; b: number } {
  const { aStart, bStart } = span;
  const aSize = span.aEnd - aStart;
  const bSize = span.bEnd - bStart;
  const limit = Math.min(editsMax, aSize + bSize);
  const center = limit + 1;
  // furthest[center + k]: how far along `a` the paths of diagonal k (a minus b) have come; -1 = none inside.
  const furthest = new Int32Array(2 * center + 1).fill(-1);
  const history: Int32Array[] = [];
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
    history.push(furthest.slice(center - edits, center + edits + 1));
    if (best === aSize + bSize || edits === limit) break;
  }
  const x = furthest[center + end] as number;
  // Back along the path, then forward over its runs of equal items.
  const runs: [number, number, number][] = [];
  for (let k = end; edits >= 0; edits--) {
    const to = (history[edits] as Int32Array)[k + edits] as number;
    const earlier = history[edits - 1];
    const left = earlier?.[k + edits - 2];
    const from = edits === 0 ? 0 : enter(earlier?.[k + edits], left, k, aSize, bSize);
    runs.push([from, to, k]);
    k += left !== undefined && left >= 0 && from === left + 1 ? -1 : 1;
  }
  for (const [from, to, k] of runs.reverse()) {
    for (let at = from; at < to; at++) pair(aStart + at, bStart + at - k);
  }
  return { a: x, b: x - end };
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
