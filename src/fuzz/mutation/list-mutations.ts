import type { Draft, ListDraft } from '../message/draft.js';
import { ENTRY_WIDTH, type ListShape } from '../message/message-shape.js';
import { NAMED_VMIDS } from '../session/known-state.js';
import { PAGE } from '../session/page-allocator.js';
import type { Session } from '../session/session.js';
import type { Mutation, Rule } from './mutation.js';

type ListMutation = (entries: ListDraft, list: ListShape, draft: Draft, session: Session) => void;

function lists(rule: Rule, mutations: Readonly<Record<string, ListMutation>>): Mutation[] {
  return Object.entries(mutations).map(([name, mutate]) => ({
    name,
    rule,
    draft(draft, { list }, session) {
      if (list !== undefined) mutate(draft.list(list.index), list, draft, session);
    },
  }));
}

/** Mutations of lists: their length, their declared length, their order. */
export const listMutations: readonly Mutation[] = [
  ...lists('count', {
    empty(entries) {
      entries.count = 0;
    },
    declared_more(entries) {
      entries.declared = entries.count + 1;
    },
    declared_less(entries) {
      entries.declared = Math.max(0, entries.count - 1);
    },
    declared_ones(entries, { countWidth }) {
      entries.declared = 2 ** (8 * countWidth) - 1;
    },
    declared_max(entries, { max }) {
      entries.declared = max + 1;
    },
    longest(_entries, list, draft, session) {
      extend(draft, list, list.max, session);
    },
    too_long(_entries, list, draft, session) {
      extend(draft, list, list.max + 1, session);
    },
  }),
  ...lists('duplicate', { duplicate: appendCopy }),
  ...lists('none', { split, reversed: reverse }),
];

/** Adds copies of the first entry, with values of their own for what must not repeat. */
function extend(draft: Draft, list: ListShape, count: number, session: Session): void {
  const entries = draft.filledList(list);
  const scalars = draft.entryOf(list);
  while (entries.count < count) {
    const entry = entries.count;
    appendCopy(entries);
    if (entries.count === entry) return;
    for (const { slot, field, width } of scalars) {
      if (field.role === 'vmid') entries.set(entry, slot, NAMED_VMIDS.first + (entry % NAMED_VMIDS.count));
      else if (field.role === 'ipa')
        entries.set(entry, slot, session.pages.range(session.random, 'blocks').address);
      else if (field.role === 'size' && width === 8) entries.set(entry, slot, PAGE);
    }
  }
}

/** A copy of the first entry at the end. */
function appendCopy(entries: ListDraft): void {
  const [first = 0, second = 0, third = 0, fourth = 0] = entries.numbers.subarray(0, ENTRY_WIDTH);
  entries.add(first, second, third, fourth);
}

/** Divides the first range into its first page, and the rest at the end of the list: the same memory in two ranges. */
function split(entries: ListDraft, list: ListShape, draft: Draft): void {
  const scalars = draft.entryOf(list);
  const size = scalars.find(({ field }) => field.role === 'size');
  const address = scalars.find(({ field }) => field.role === 'ipa');
  if (size === undefined || address === undefined || entries.count === 0) return;
  const whole = entries.get(0, size.slot);
  if (whole <= PAGE) return;
  entries.set(0, size.slot, PAGE);
  appendCopy(entries);
  entries.set(entries.count - 1, address.slot, entries.get(0, address.slot) + PAGE);
  entries.set(entries.count - 1, size.slot, whole - PAGE);
}

function reverse(entries: ListDraft): void {
  for (let low = 0, high = entries.count - 1; low < high; low++, high--)
    for (let slot = 0; slot < ENTRY_WIDTH; slot++) {
      const other = entries.get(high, slot);
      entries.set(high, slot, entries.get(low, slot));
      entries.set(low, slot, other);
    }
}
