import type { Column } from './columns.js';
import { isFailed, isUnanswered } from './message-facts.js';
import { Flag, type MessageIndex, recordTypes } from './message-index.js';
import type { View } from './view.js';

/** One line of the table. */
export interface Row {
  readonly no: number;
  /** A text for each column that was asked for. */
  readonly cells: readonly string[];
  /** Nanoseconds since the first packet and since the row before. Undefined without times. */
  readonly sinceStartNs: number | undefined;
  readonly deltaNs: number | undefined;
  readonly type: string;
  /** `no` of the reply to a request or of the request of a reply. */
  readonly partner: number | undefined;
  /** A request that no reply answers. */
  readonly unanswered: boolean;
  /** A reply with an error. */
  readonly failed: boolean;
  /** What is wrong with the message. Empty if nothing is. */
  readonly problem: string;
  /** Rules of `lint` that the message breaks, each behind its level. Empty if there are none. */
  readonly hazard: string;
  readonly marked: boolean;
  /** The comments of its packets. */
  readonly comment: string;
}

/** The columns that are shown, and those that every row needs. */
export interface RowColumns {
  readonly shown: readonly Column[];
  readonly problem: Column;
  readonly hazard: Column;
  readonly comment: Column;
}

/** Rows [start, end) of a view, with these columns. */
export function rowsOf(
  index: MessageIndex,
  view: View,
  columns: RowColumns,
  start: number,
  end: number,
): Row[] {
  const last = Math.min(end, view.count);
  return Array.from({ length: Math.max(0, last - start) }, (_, offset) => {
    const row = start + offset;
    const before = row === 0 ? undefined : view.messageAt(row - 1);
    return rowOf(index, columns, view.messageAt(row), before);
  });
}

function rowOf(
  index: MessageIndex,
  { shown, problem, hazard, comment }: RowColumns,
  at: number,
  before: number | undefined,
): Row {
  const { columns } = index.messages;
  const partner = columns.partner[at] as number;
  return {
    no: at + 1,
    cells: shown.map((column) => column.cell(at)),
    sinceStartNs: known(columns.at[at]),
    deltaNs:
      before === undefined ? undefined : known((columns.at[at] as number) - (columns.at[before] as number)),
    type: recordTypes[columns.type[at] as number] as string,
    partner: partner === 0 ? undefined : partner,
    unanswered: isUnanswered(index, at),
    failed: isFailed(index, at),
    problem: problem.cell(at),
    hazard: hazard.cell(at),
    marked: index.has(at, Flag.marked),
    comment: index.has(at, Flag.comment) ? comment.cell(at) : '',
  };
}

function known(ns: number | undefined): number | undefined {
  return Number.isNaN(ns) ? undefined : ns;
}
