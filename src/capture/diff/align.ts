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

/**
 * The paths of one search, after each number of differences: those after n begin at n (n + 1) / 2 and are n + 1, for
 * each diagonal (place in `a` minus place in `b`) from -n to n in steps of 2. Each says how far along `a` the path has
 * come; NONE if there is none that stays inside.
 */
const history = new Int32Array(((editsMax + 1) * (editsMax + 2)) / 2);

/** One search: pairs what lies on the best path and returns how many items of each side the path has gone over. */
function stretch(a: Tokens, b: Tokens, span: Span, pair: PairSink): { a: number; b: number } {
  const { aStart, bStart } = span;
  const aSize = span.aEnd - aStart;
  const bSize = span.bEnd - bStart;
  const limit = Math.min(editsMax, aSize + bSize);
  let edits = 0;
  let row = 0;
  let end = 0;
  for (; ; edits++) {
    const before = row;
    row += edits;
    let best = -1;
    let left = NONE;
    for (let at = 0; at <= edits; at++) {
      const diagonal = 2 * at - edits;
      const above = at === edits ? NONE : (history[before + at] as number);
      let x = edits === 0 ? 0 : enter(above, left, diagonal, aSize, bSize);
      left = above;
      if (x >= 0) {
        const apart = bStart - diagonal;
        const xEnd = Math.min(aSize, bSize + diagonal);
        while (x < xEnd && a[aStart + x] === b[apart + x]) x++;
        const reached = 2 * x - diagonal;
        if (reached > best) {
          best = reached;
          end = at;
        }
      }
      history[row + at] = x;
    }
    if (best === aSize + bSize || edits === limit) break;
  }
  const x = history[row + end] as number;
  const reached = { a: x, b: x - (2 * end - edits) };
  // Back along the path, then forward over its runs of equal items: where they begin and end, and on which diagonal.
  const runs: number[] = [];
  for (let at = end; ; edits--) {
    const diagonal = 2 * at - edits;
    const to = history[row + at] as number;
    const before = row - edits;
    const above = at === edits ? NONE : (history[before + at] as number);
    const left = at === 0 ? NONE : (history[before + at - 1] as number);
    const from = edits === 0 ? 0 : enter(above, left, diagonal, aSize, bSize);
    if (from < to) runs.push(diagonal, to, from);
    if (edits === 0) break;
    if (left >= 0 && from === left + 1) at--;
    row = before;
  }
  while (runs.length > 0) {
    const from = runs.pop() as number;
    const to = runs.pop() as number;
    const diagonal = runs.pop() as number;
    for (let at = from; at < to; at++) pair(aStart + at, bStart + at - diagonal);
  }
  return reached;
}

/**
 * Where a path enters a diagonal with one more difference: skipping an item of `b` from the diagonal above, or one of
 * `a` from the one to the left, whichever gets further; NONE if neither stays inside.
 */
function enter(above: number, left: number, diagonal: number, aSize: number, bSize: number): number {
  const down = above >= 0 && above - diagonal <= bSize ? above : NONE;
  const right = left >= 0 && left < aSize ? left + 1 : NONE;
  return down > right ? down : right;
}
