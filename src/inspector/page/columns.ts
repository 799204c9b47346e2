import type { Row } from '../data/rows.js';

/** What the time column shows. */
export type TimeMode = 'utc' | 'start' | 'delta';

export const timeModes: readonly { readonly mode: TimeMode; readonly label: string }[] = [
  { mode: 'utc', label: 'UTC' },
  { mode: 'start', label: 'since start' },
  { mode: 'delta', label: 'since row before' },
];

/** A column of the table. */
export interface Column {
  readonly key: string;
  readonly label: string;
  /** As a CSS value. */
  readonly width: string;
  readonly numeric?: true;
  /** Shown on a narrow screen by default. */
  readonly narrow?: true;
  text(row: Row, mode: TimeMode): string;
  /** The text for screen readers, if it differs. */
  spoken?(row: Row): string | undefined;
}

export const columns: readonly Column[] = [
  { key: 'no', label: 'No', width: '5em', numeric: true, narrow: true, text: ({ no }) => String(no) },
  { key: 'time', label: 'Time', width: '11.5em', numeric: true, text: timeText },
  { key: 'from', label: 'From', width: '4em', text: ({ from }) => from },
  { key: 'to', label: 'To', width: '4em', text: ({ to }) => to },
  { key: 'type', label: 'Type', width: '7.5em', text: ({ type }) => type },
  { key: 'name', label: 'Name', width: 'minmax(9em, 2fr)', narrow: true, text: ({ name }) => name },
  { key: 'link', label: 'Link', width: '5em', narrow: true, text: linkText, spoken: linkSpoken },
  { key: 'error', label: 'Error', width: 'minmax(6em, 1.5fr)', narrow: true, text: ({ error }) => error },
  { key: 'latency', label: 'Latency', width: '7.5em', numeric: true, text: ({ latency }) => latency },
  { key: 'size', label: 'Size', width: '4.5em', numeric: true, text: ({ size }) => String(size) },
  { key: 'issues', label: 'Issues', width: 'minmax(6em, 1.5fr)', text: ({ issues }) => issues },
];

/** Nanoseconds as seconds with nine decimals. */
export function seconds(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const size = Math.abs(ns);
  const whole = Math.floor(size / 1e9);
  return `${sign}${whole}.${String(Math.round(size - whole * 1e9)).padStart(9, '0')}`;
}

function timeText({ time, sinceStartNs, deltaNs }: Row, mode: TimeMode): string {
  // Of `2023-11-14T22:13:20.005000000Z` without the date, which is mostly the same. The bytes show the whole time.
  if (mode === 'utc') return time.slice(-19, -1);
  const ns = mode === 'start' ? sinceStartNs : deltaNs;
  return ns === undefined ? '' : seconds(ns);
}

function linkText({ type, partner, unanswered }: Row): string {
  if (unanswered) return '→ ?';
  if (partner === undefined) return '';
  return type === 'reply' ? `← ${partner}` : `→ ${partner}`;
}

function linkSpoken({ type, partner, unanswered }: Row): string | undefined {
  if (unanswered) return 'no reply';
  if (partner === undefined) return undefined;
  return type === 'reply' ? `to request ${partner}` : `answered by ${partner}`;
}
