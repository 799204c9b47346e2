import type { ColumnFacts } from '../data/columns.js';
import type { Row } from '../data/rows.js';

/** What the time column shows. */
export type TimeMode = 'utc' | 'start' | 'delta';

export const timeModes: readonly {
  readonly mode: TimeMode;
  readonly label: string;
  readonly head: string;
}[] = [
  { mode: 'utc', label: 'UTC', head: 'Time' },
  { mode: 'start', label: 'since start', head: 'Since start' },
  { mode: 'delta', label: 'since row before', head: 'Delta' },
];

/** How wide a column is, as a CSS value, and on which screens it is shown at first. */
interface Look {
  readonly width: string;
  readonly narrow?: true;
}

/** The columns that are shown at first, in their order. All others stand behind them. */
const usual: Readonly<Record<string, Look>> = {
  no: { width: '4.5em', narrow: true },
  time: { width: '11em' },
  from: { width: '3.6em' },
  to: { width: '3.6em' },
  type: { width: '6.6em' },
  name: { width: 'minmax(9em, 1.7fr)', narrow: true },
  link: { width: '4.6em' },
  error: { width: 'minmax(4em, 1.7fr)', narrow: true },
  latency_ns: { width: '6em' },
  info: { width: 'minmax(5em, 3.4fr)', narrow: true },
};

/** A column of the table. */
export interface Column extends ColumnFacts {
  readonly width: string;
}

/** All columns that the worker has, in the order in which the table shows them. */
export function arranged(facts: readonly ColumnFacts[]): readonly Column[] {
  const order = Object.keys(usual);
  return facts
    .map((column) => ({
      ...column,
      width: usual[column.name]?.width ?? (column.isNumber ? '6em' : 'minmax(5em, 1fr)'),
    }))
    .sort((a, b) => rank(order, a) - rank(order, b));
}

function rank(order: readonly string[], { name }: ColumnFacts): number {
  const place = order.indexOf(name);
  return place < 0 ? order.length : place;
}

/** The names of the columns that are shown at first. */
export function shownAtFirst(isNarrow: boolean): readonly string[] {
  return Object.entries(usual).flatMap(([name, look]) => (!isNarrow || look.narrow ? [name] : []));
}

/** The text of a cell. Only the time depends on what the user wants to see. */
export function cellText(row: Row, name: string, cell: string, mode: TimeMode): string {
  if (name !== 'time') return cell;
  // Of `2023-11-14T22:13:20.005000000Z` without the date, which is mostly the same. The bytes show the whole time.
  if (mode === 'utc') return cell.slice(-19, -1);
  const ns = mode === 'start' ? row.sinceStartNs : row.deltaNs;
  return ns === undefined ? '' : seconds(ns);
}

/** The text of a cell for screen readers, if it differs. */
export function spoken({ type, partner, unanswered }: Row, name: string): string | undefined {
  if (name !== 'link') return undefined;
  if (unanswered) return 'no reply';
  if (partner === undefined) return undefined;
  return type === 'reply' ? `to request ${partner}` : `answered by ${partner}`;
}

/** Nanoseconds as seconds with nine decimals. */
export function seconds(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const size = Math.abs(ns);
  const whole = Math.floor(size / 1e9);
  return `${sign}${whole}.${String(Math.round(size - whole * 1e9)).padStart(9, '0')}`;
}
