import { parseHex } from '../../base/hex.js';
import { type Filter, type FilterNames, parseFilter } from '../../capture/filter/index.js';
import type { Column } from './columns.js';
import { isFailed, isProblemAt, isUnanswered } from './message-facts.js';
import { MessageFields } from './message-fields.js';
import { Flag, type MessageIndex } from './message-index.js';

/** What is looked for. A problem is a malformed message, an error reply or a request without a reply. */
export type FindQuery =
  | { readonly kind: 'problem' | 'mark' }
  /** `columns` are the cells in which a text is looked for, in any letter case. */
  | { readonly kind: 'text'; readonly text: string; readonly columns: readonly string[] }
  | { readonly kind: 'filter'; readonly text: string }
  /** Bytes as hex. */
  | { readonly kind: 'bytes'; readonly text: string };

export type FindAnswer =
  /** `wrapped`: the end of the rows was passed. */
  { readonly row: number; readonly wrapped: boolean } | { readonly none: true } | { readonly error: string };

/**
 * The test of a message for a query, or what is wrong with the query.
 *
 * @throws UsageError for a filter with an error.
 */
export function testOf(
  query: FindQuery,
  index: MessageIndex,
  columns: ReadonlyMap<string, Column>,
  names: FilterNames,
): ((at: number) => boolean) | { readonly error: string } {
  switch (query.kind) {
    case 'problem':
      return (at) => isProblemAt(index, at) || isFailed(index, at) || isUnanswered(index, at);
    case 'mark':
      return (at) => index.has(at, Flag.marked);
    case 'text': {
      const wanted = query.text.toLowerCase();
      const looked = query.columns.flatMap((name) => columns.get(name) ?? []);
      return (at) => looked.some((column) => column.cell(at).toLowerCase().includes(wanted));
    }
    case 'filter':
      return filterTest(parseFilter(query.text, names), index);
    case 'bytes': {
      const bytes = parseHex(query.text.replace(/\s|0x|,/g, ''));
      if (bytes === undefined || bytes.length === 0)
        return { error: 'bytes are looked for as hex, such as 80 00' };
      return (at) => hasBytes(index, at, bytes);
    }
  }
}

function filterTest(filter: Filter, index: MessageIndex): (at: number) => boolean {
  const fields = new MessageFields(index);
  return (at) => filter(fields.of(at));
}

/** Whether bytes are in a queue message of a message, or in its whole payload. */
function hasBytes(index: MessageIndex, at: number, bytes: Uint8Array): boolean {
  const runs = index.packets(at);
  if (runs.length > 1) runs.push({ ...runs[0], ...index.content(at) } as (typeof runs)[number]);
  return runs.some(({ data, start, end }) => includes(data.subarray(start, end), bytes));
}

function includes(data: Uint8Array, bytes: Uint8Array): boolean {
  const last = data.length - bytes.length;
  for (let at = data.indexOf(bytes[0] as number); at >= 0 && at <= last; ) {
    if (bytes.every((byte, offset) => data[at + offset] === byte)) return true;
    at = data.indexOf(bytes[0] as number, at + 1);
  }
  return false;
}
