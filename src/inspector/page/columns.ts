import type { Row } from '../data/rows.js';

/** How the time column tells the time. */
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
  /** As CSS has it. */
  readonly width: string;
  readonly numeric?: true;
  /** Shown on a narrow screen unless chosen otherwise. */
  readonly narrow?: true;
  text(row: Row, mode: TimeMode): string;
  /** For those who do not see the signs. */
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

/** Nanoseconds as seconds with all their digits. */
export function seconds(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const size = Math.abs(ns);
  const whole = Math.floor(size / 1e9);
  return `${sign}${whole}.${String(Math.round(size - whole * 1e9)).padStart(9, '0')}`;
}

function timeText({ time, sinceStartNs, deltaNs }: Row, mode: TimeMode): string {
  // `2023-11-14T22:13:20.005000000Z`: the date is the same almost everywhere, and the whole text is in the frames.
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
