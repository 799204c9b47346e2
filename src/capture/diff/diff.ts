import { align, type Span } from './align.js';
import { contentOf, type DiffEntry } from './entry.js';
import { type FieldChange, fieldChanges, tokenizer } from './fields.js';

/** A message that differs, or that only one side has. */
export type Difference =
  | {
      readonly diff: 'changed';
      readonly a: DiffEntry;
      readonly b: DiffEntry;
      readonly changes: FieldChange[];
    }
  | { readonly diff: 'removed'; readonly a: DiffEntry }
  | { readonly diff: 'added'; readonly b: DiffEntry };

/** Number of messages of each kind. */
export interface DiffCounts {
  readonly equal: number;
  readonly changed: number;
  readonly removed: number;
  readonly added: number;
}

/** What two records must share to be paired. Records that stay unpaired are tried with the next level. */
const levels = [
  ({ content }: DiffEntry) => content,
  // This matches the key of the record only, because quotes inside of texts are escaped.
  ({ content }: DiffEntry) => content.replace(/"seq":\d+,/, ''),
  ({ key }: DiffEntry) => key,
  ({ kind }: DiffEntry) => kind,
];

/**
 * Compares two captures message by message and calls `sink` for each difference, in order. Equal messages are paired
 * first. Between them, messages are paired as `changed`: first those that differ in the sequence number only, then those
 * with the same sender, receiver, type, id and sequence number, last those with any sequence number. A message without
 * a partner is `removed` (only in `a`) or `added` (only in `b`); those of `a` come first. Time is proportional to the
 * length of the captures, also when they have little in common (see `align`). Memory: the two captures as text.
 */
export function diffEntries(
  a: readonly DiffEntry[],
  b: readonly DiffEntry[],
  sink: (difference: Difference) => void,
): DiffCounts {
  const counts = { equal: 0, changed: 0, removed: 0, added: 0 };
  const tokens = levels.map((level) => {
    const token = tokenizer();
    return {
      a: Int32Array.from(a, (entry) => token(level(entry))),
      b: Int32Array.from(b, (entry) => token(level(entry))),
    };
  });
  const single = (entry: DiffEntry, diff: 'removed' | 'added') => {
    counts[diff]++;
    sink(diff === 'removed' ? { diff, a: entry } : { diff, b: entry });
  };
  const pair = (before: DiffEntry, after: DiffEntry) => {
    counts.changed++;
    const changes = fieldChanges(contentOf(before), contentOf(after));
    sink({ diff: 'changed', a: before, b: after, changes });
  };
  const compare = ({ aStart, aEnd, bStart, bEnd }: Span, depth: number) => {
    const level = aStart < aEnd && bStart < bEnd ? tokens[depth] : undefined;
    if (level === undefined) {
      for (let at = aStart; at < aEnd; at++) single(a[at] as DiffEntry, 'removed');
      for (let at = bStart; at < bEnd; at++) single(b[at] as DiffEntry, 'added');
      return;
    }
    let aNext = aStart;
    let bNext = bStart;
    align(level.a, level.b, { aStart, aEnd, bStart, bEnd }, (aAt, bAt) => {
      compare({ aStart: aNext, aEnd: aAt, bStart: bNext, bEnd: bAt }, depth + 1);
      if (depth === 0) counts.equal++;
      else pair(a[aAt] as DiffEntry, b[bAt] as DiffEntry);
      aNext = aAt + 1;
      bNext = bAt + 1;
    });
    compare({ aStart: aNext, aEnd, bStart: bNext, bEnd }, depth + 1);
  };
  compare({ aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }, 0);
  return counts;
}
