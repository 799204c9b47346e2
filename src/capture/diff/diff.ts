import { align, alignShared } from './align.js';
import type { Span } from './anchors.js';
import type { DiffEntry } from './entry.js';
import { type FieldChange, fieldChanges } from './fields.js';
import { type Level, levelsOf, numbering } from './numbering.js';
import { Window } from './window.js';

/** One message that is not the same on both sides. */
export type Difference =
  | {
      readonly diff: 'changed';
      readonly a: DiffEntry;
      readonly b: DiffEntry;
      readonly changes: FieldChange[];
    }
  | { readonly diff: 'removed'; readonly a: DiffEntry }
  | { readonly diff: 'added'; readonly b: DiffEntry };

/** Messages by what became of them. */
export interface DiffCounts {
  readonly equal: number;
  readonly changed: number;
  readonly removed: number;
  readonly added: number;
}

/** How many messages of each capture are compared with each other. */
export const diffWindow = 4096;

/** So many equal messages in a row are no chance: what lies behind them does not change the pairs before them. */
const RUN_SIZE = 16;

/** A step over both windows: a pair by one of the levels, or a message that only one side has. -1: there is none. */
interface Step {
  readonly a: number;
  readonly b: number;
  readonly level: number;
}

/**
 * Compares two captures message by message and calls `sink` for each difference, in order. Equal messages are paired
 * first, between them those that are equal but for their sequence number, then messages of the same sender, receiver,
 * type, id and sequence number, and last such without regard to the sequence number: all these are `changed`. What has no
 * partner is `removed` (only in `a`) or `added` (only in `b`), `a` before `b`.
 *
 * The captures are read as they are compared. Messages are in memory from where the captures differ up to where they
 * agree again, at most `window` of each. If they do not agree within that, most of the pairs that were found count,
 * and the rest is compared with what follows. So messages farther apart than the window are not paired. Time
 * grows with the number of messages (see `align`).
 */
export function diffEntries(
  aEntries: Iterable<DiffEntry>,
  bEntries: Iterable<DiffEntry>,
  sink: (difference: Difference) => void,
  window = diffWindow,
): DiffCounts {
  const a = new Window();
  const sources = { a: aEntries[Symbol.iterator](), b: bEntries[Symbol.iterator]() };
  const work = comparing(a, new Window(), sink, window);
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
  aPieces: AsyncIterable<readonly DiffEntry[]>,
  bPieces: AsyncIterable<readonly DiffEntry[]>,
  sink: (difference: Difference) => void,
): Promise<DiffCounts> {
  const a = new Window();
  const sources = { a: aPieces[Symbol.asyncIterator](), b: bPieces[Symbol.asyncIterator]() };
  const work = comparing(a, new Window(), sink, diffWindow);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    const { done, value } = await (step.value === a ? sources.a : sources.b).next();
    if (done === true) step.value.end();
    else step.value.push(value);
  }
}

/** Yields the window that needs more messages, or its end, before the comparison can go on. */
function* comparing(
  a: Window,
  b: Window,
  sink: (difference: Difference) => void,
  window: number,
): Generator<Window, DiffCounts> {
  const counts = { equal: 0, changed: 0, removed: 0, added: 0 };
  let levels: readonly Level[] | undefined;
  for (;;) {
    while (a.lacks(1)) yield a;
    while (b.lacks(1)) yield b;
    const first = a.first ?? b.first;
    if (first === undefined) return counts;
    levels ??= levelsOf(first.comparison);
    if (a.first !== undefined && b.first !== undefined && levels[0]?.same(a.first, b.first)) {
      counts.equal++;
      a.drop(1);
      b.drop(1);
      continue;
    }
    while (a.lacks(window)) yield a;
    while (b.lacks(window)) yield b;
    const isWhole = a.isLast(window) && b.isLast(window);
    const aEntries = a.entries(window);
    const bEntries = b.entries(window);
    const steps = stepsOf(aEntries, bEntries, levels, isWhole);
    const end = isWhole
      ? steps.length
      : agreementEnd(steps) || mostOf(steps, Math.max(aEntries.length, bEntries.length));
    const done = steps.slice(0, end);
    report(aEntries, bEntries, done, counts, sink);
    a.drop(done.reduce((sum, step) => sum + (step.a < 0 ? 0 : 1), 0));
    b.drop(done.reduce((sum, step) => sum + (step.b < 0 ? 0 : 1), 0));
  }
}

/** Pairs the messages of two windows. `isWhole`: nothing follows. */
function stepsOf(
  a: readonly DiffEntry[],
  b: readonly DiffEntry[],
  levels: readonly Level[],
  isWhole: boolean,
): Step[] {
  const steps: Step[] = [];
  const compare = ({ aStart, aEnd, bStart, bEnd }: Span, level: number) => {
    const way = aStart < aEnd && bStart < bEnd ? levels[level] : undefined;
    if (way === undefined) {
      for (let at = aStart; at < aEnd; at++) steps.push({ a: at, b: -1, level: -1 });
      for (let at = bStart; at < bEnd; at++) steps.push({ a: -1, b: at, level: -1 });
      return;
    }
    const number = numbering(way, aEnd - aStart + bEnd - bStart);
    const aTokens = new Int32Array(aEnd - aStart);
    const bTokens = new Int32Array(bEnd - bStart);
    for (let at = aStart; at < aEnd; at++) aTokens[at - aStart] = number(a[at] as DiffEntry);
    for (let at = bStart; at < bEnd; at++) bTokens[at - bStart] = number(b[at] as DiffEntry);
    let aNext = aStart;
    let bNext = bStart;
    const span = { aStart: 0, aEnd: aEnd - aStart, bStart: 0, bEnd: bEnd - bStart };
    const pairs = isWhole ? align : alignShared;
    pairs(aTokens, bTokens, span, (aAt, bAt) => {
      compare({ aStart: aNext, aEnd: aStart + aAt, bStart: bNext, bEnd: bStart + bAt }, level + 1);
      steps.push({ a: aStart + aAt, b: bStart + bAt, level });
      aNext = aStart + aAt + 1;
      bNext = bStart + bAt + 1;
    });
    compare({ aStart: aNext, aEnd, bStart: bNext, bEnd }, level + 1);
  };
  compare({ aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }, 0);
  return steps;
}

/** Index behind the last run of equal messages that is long enough; 0 if there is none. */
function agreementEnd(steps: readonly Step[]): number {
  let run = 0;
  for (let at = steps.length - 1; at >= 0; at--) {
    run = steps[at]?.level === 0 ? run + 1 : 0;
    if (run === RUN_SIZE) return at + RUN_SIZE;
  }
  return 0;
}

/** Index of the first step that lies in the last eighth of one of the windows. */
function mostOf(steps: readonly Step[], size: number): number {
  const at = steps.findIndex(({ a, b }) => 8 * Math.max(a, b) >= 7 * size);
  return at <= 0 ? steps.length : at;
}

function report(
  aEntries: readonly DiffEntry[],
  bEntries: readonly DiffEntry[],
  steps: readonly Step[],
  counts: { -readonly [K in keyof DiffCounts]: number },
  sink: (difference: Difference) => void,
): void {
  for (const { a: aAt, b: bAt, level } of steps) {
    const a = aEntries[aAt];
    const b = bEntries[bAt];
    if (a === undefined) {
      counts.added++;
      sink({ diff: 'added', b: b as DiffEntry });
    } else if (b === undefined) {
      counts.removed++;
      sink({ diff: 'removed', a });
    } else if (level === 0) counts.equal++;
    else {
      counts.changed++;
      sink({
        diff: 'changed',
        a,
        b,
        changes: fieldChanges(a.comparison.contentOf(a), b.comparison.contentOf(b)),
      });
    }
  }
}
