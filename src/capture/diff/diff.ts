import type { Comparison, DiffEntry } from './entry.js';
import type { FieldChange } from './fields.js';
import { type Level, levelsOf } from './numbering.js';
import { Steps } from './steps.js';
import { type Share, Window } from './window.js';

/** A message that differs. What it holds is valid while the difference is reported. */
export interface DiffSide {
  readonly comparison: Comparison;
  /** The record's number in its capture. */
  readonly no: number;
  readonly entry: DiffEntry;
}

/** One message that is not the same on both sides. */
export type Difference =
  | {
      readonly diff: 'changed';
      readonly a: DiffSide;
      readonly b: DiffSide;
      readonly changes: FieldChange[];
    }
  | { readonly diff: 'removed'; readonly a: DiffSide }
  | { readonly diff: 'added'; readonly b: DiffSide };

/** Messages by what became of them. */
export interface DiffCounts {
  readonly equal: number;
  readonly changed: number;
  readonly removed: number;
  readonly added: number;
}

/** How many messages of each capture are compared with each other. Where one has fewer, the other one may have more. */
export const diffWindow = 1 << 15;
/** Most bytes that the messages of one window take. A single message may be larger. */
const WINDOW_BYTES = 8 << 20;

/** So many equal messages in a row are no chance: what lies behind them does not change the pairs before them. */
const RUN_SIZE = 16;
/**
 * Captures that agree near the beginning of the window only, so many times in a row, are compared as if they did not:
 * else the same messages could be paired again and again.
 */
const EARLY_MAX = 8;

/**
 * Compares two captures message by message and calls `sink` for each difference, in order. Equal messages are paired
 * first, between them those that are equal but for their sequence number, then messages of the same sender, receiver,
 * type, id and sequence number, and last such without regard to the sequence number: all these are `changed`. What has no
 * partner is `removed` (only in `a`) or `added` (only in `b`), `a` before `b`.
 *
 * The captures are read as they are compared. Messages are in memory from where the captures differ up to where they
 * agree again, at most `window` of each, or twice that of both if one ends. If they do not agree within that, most of the
 * pairs that were found count, and the rest is compared with what follows. So messages farther apart than the window
 * are not paired. Time grows with the number of messages (see `align`).
 */
export function diffEntries(
  comparison: Comparison,
  aEntries: Iterable<DiffEntry>,
  bEntries: Iterable<DiffEntry>,
  sink: (difference: Difference) => void,
  window = diffWindow,
): DiffCounts {
  const a = new Window(comparison);
  const sources = { a: aEntries[Symbol.iterator](), b: bEntries[Symbol.iterator]() };
  const work = comparing(comparison, a, new Window(comparison), sink, window);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    const { done, value } = (step.value === a ? sources.a : sources.b).next();
    if (done === true) step.value.end();
    else step.value.push([value]);
  }
}

/** As {@link diffEntries}, for captures that come in pieces. */
export async function diffCaptures(
  comparison: Comparison,
  aPieces: AsyncIterable<readonly DiffEntry[]>,
  bPieces: AsyncIterable<readonly DiffEntry[]>,
  sink: (difference: Difference) => void,
): Promise<DiffCounts> {
  const a = new Window(comparison);
  const sources = { a: aPieces[Symbol.asyncIterator](), b: bPieces[Symbol.asyncIterator]() };
  const work = comparing(comparison, a, new Window(comparison), sink, diffWindow);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    const { done, value } = await (step.value === a ? sources.a : sources.b).next();
    if (done === true) step.value.end();
    else step.value.push(value);
  }
}

/** The next message. */
const next: Share = { messages: 1, bytes: 1 };

/** Yields the window that needs more messages, or its end, before the comparison can go on. */
function* comparing(
  comparison: Comparison,
  a: Window,
  b: Window,
  sink: (difference: Difference) => void,
  window: number,
): Generator<Window, DiffCounts> {
  const counts = { equal: 0, changed: 0, removed: 0, added: 0 };
  const levels = levelsOf(comparison);
  const equality = levels[0] as Level;
  const steps = new Steps(levels);
  const share = { messages: window, bytes: WINDOW_BYTES };
  let early = 0;
  for (;;) {
    while (a.lacks(next)) yield a;
    while (b.lacks(next)) yield b;
    if (a.first === undefined && b.first === undefined) return counts;
    if (a.first !== undefined && b.first !== undefined && equality.same(a.first, b.first)) {
      counts.equal++;
      a.drop(1);
      b.drop(1);
      continue;
    }
    while (a.lacks(share)) yield a;
    while (b.lacks(share)) yield b;
    const [aShare, bShare] = [b.left(share), a.left(share)];
    while (a.lacks(aShare)) yield a;
    while (b.lacks(bShare)) yield b;
    const aEntries = a.entries(aShare);
    const bEntries = b.entries(bShare);
    const isWhole = a.isLast(aEntries.length) && b.isLast(bEntries.length);
    steps.pair(aEntries, bEntries, isWhole);
    const agreed = steps.agreementEnd(RUN_SIZE);
    early = 8 * agreed < steps.length ? early + 1 : 0;
    let end = steps.length;
    if (!isWhole) {
      const isAgreed = agreed > 0 && early <= EARLY_MAX;
      end = isAgreed ? agreed : steps.mostOf(Math.max(aEntries.length, bEntries.length));
    }
    let aEnd = 0;
    let bEnd = 0;
    for (let at = 0; at < end; at++) {
      const aAt = steps.a(at);
      const bAt = steps.b(at);
      if (aAt >= 0) aEnd++;
      if (bAt >= 0) bEnd++;
      if (steps.isEqual(at)) counts.equal++;
      else report(comparison, aEntries[aAt], bEntries[bAt], counts, sink);
    }
    a.drop(aEnd);
    b.drop(bEnd);
  }
}

function report(
  comparison: Comparison,
  a: DiffEntry | undefined,
  b: DiffEntry | undefined,
  counts: { -readonly [K in keyof DiffCounts]: number },
  sink: (difference: Difference) => void,
): void {
  const side = (entry: DiffEntry) => ({ comparison, no: comparison.held.no(entry), entry });
  if (b === undefined) {
    counts.removed++;
    sink({ diff: 'removed', a: side(a as DiffEntry) });
  } else if (a === undefined) {
    counts.added++;
    sink({ diff: 'added', b: side(b) });
  } else {
    counts.changed++;
    sink({ diff: 'changed', a: side(a), b: side(b), changes: comparison.changes(a, b) });
  }
}
