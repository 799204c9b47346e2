import { anchorsOf, type Span, type Tokens } from './anchors.js';

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
  const sides = sidesOf(a, b, span);
  const aShared = sharedPlaces(a, aStart, aEnd, sides);
  const bShared = sharedPlaces(b, bStart, bEnd, sides);
  const size = aEnd - aStart + bEnd - bStart;
  if (SHARED_MIN * (aShared.length + bShared.length) > size) {
    between(a, b, span, pair, 0);
    return;
  }
  const part = { aStart: 0, aEnd: aShared.length, bStart: 0, bEnd: bShared.length };
  // Arrays of one kind only: the engine compiles the search for it.
  const aPart = Int32Array.from(aShared, (at) => a[at] as number);
  const bPart = Int32Array.from(bShared, (at) => b[at] as number);
  between(aPart, bPart, part, (x, y) => pair(aShared[x] as number, bShared[y] as number), 0);
}

/** One of so many items has a partner: then the others are in the way. */
const SHARED_MIN = 8;
/** No path is there. */
const NONE = -1;
const IN_A = 1;
const IN_B = 2;

/** By token: on which sides it is. */
function sidesOf(a: Tokens, b: Tokens, { aStart, aEnd, bStart, bEnd }: Span): Uint8Array {
  let count = 0;
  for (let at = aStart; at < aEnd; at++) count = Math.max(count, (a[at] as number) + 1);
  for (let at = bStart; at < bEnd; at++) count = Math.max(count, (b[at] as number) + 1);
  const sides = new Uint8Array(count);
  for (let at = aStart; at < aEnd; at++) sides[a[at] as number] = IN_A;
  for (let at = bStart; at < bEnd; at++) sides[b[at] as number] = (sides[b[at] as number] as number) | IN_B;
  return sides;
}

/** Places of items that both sides have. */
function sharedPlaces(own: Tokens, start: number, end: number, sides: Uint8Array): number[] {
  const places: number[] = [];
  for (let at = start; at < end; at++) if (sides[own[at] as number] === (IN_A | IN_B)) places.push(at);
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
    const anchors = anchorsOf(a, b, { aStart, aEnd, bStart, bEnd }, length);
    for (let index = 0; index < anchors.a.length; index++) {
      const aAt = anchors.a[index] as number;
      const bAt = anchors.b[index] as number;
      between(a, b, { aStart, aEnd: aAt, bStart, bEnd: bAt }, pair, depth + 1);
      pair(aAt, bAt);
      aStart = aAt + 1;
      bStart = bAt + 1;
    }
    between(a, b, { aStart, aEnd, bStart, bEnd }, pair, depth + 1);
  }
  for (let index = 0; index < tail; index++) pair(aEnd + index, bEnd + index);
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
  let edits = 0;
  let end = 0;
  for (; ; edits++) {
    let best = -1;
    // At k of a row: how far along `a` the paths of diagonal k (a minus b) have come; -1 = none inside.
    const row = edits * edits + edits;
    const before = row - 2 * edits;
    let left = NONE;
    for (let k = -edits; k <= edits; k += 2) {
      const above = k === edits ? NONE : (history[before + k + 1] as number);
      let x = edits === 0 ? 0 : enter(above, left, k, aSize, bSize);
      left = above;
      if (x >= 0) {
        const apart = bStart - k;
        const xEnd = Math.min(aSize, bSize + k);
        while (x < xEnd && a[aStart + x] === b[apart + x]) x++;
        if (2 * x - k > best) {
          best = 2 * x - k;
          end = k;
        }
      }
      history[row + k] = x;
    }
    if (best === aSize + bSize || edits === limit) break;
  }
  const x = history[edits * edits + edits + end] as number;
  // Back along the path, then forward over its runs of equal items.
  const runs: [number, number, number][] = [];
  for (let k = end; edits >= 0; edits--) {
    const to = history[edits * edits + edits + k] as number;
    const left = earlier(edits, k - 1);
    const from = edits === 0 ? 0 : enter(earlier(edits, k + 1), left, k, aSize, bSize);
    runs.push([from, to, k]);
    k += left >= 0 && from === left + 1 ? -1 : 1;
  }
  for (const [from, to, k] of runs.reverse()) {
    for (let at = from; at < to; at++) pair(aStart + at, bStart + at - k);
  }
  return { a: x, b: x - end };
}

/** How far the path of diagonal `k` had come one difference before; -1 where there was none. */
function earlier(edits: number, k: number): number {
  const before = edits - 1;
  return Math.abs(k) > before ? NONE : (history[before * before + before + k] as number);
}

/**
 * Where a path enters diagonal `k` with one more difference: skipping an item of `b` from the diagonal above, or one of
 * `a` from the one to the left, whichever gets further; -1 = neither stays inside.
 */
function enter(above: number, left: number, k: number, aSize: number, bSize: number): number {
  const down = above >= 0 && above - k <= bSize ? above : -1;
  const right = left >= 0 && left + 1 <= aSize ? left + 1 : -1;
  return down > right ? down : right;
}
