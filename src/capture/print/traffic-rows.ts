import { formatDuration } from '../../base/time.js';
import type { CaptureRecord } from '../records/index.js';
import { Latencies } from './latencies.js';
import { isProblem } from './summary.js';

/** What came in one interval. Latencies are undefined if no reply tells one. */
export interface TrafficRow {
  /** Time of day at the end of the interval, or `total`. */
  readonly time: string;
  readonly seconds: number;
  readonly messages: number;
  readonly requests: number;
  readonly replies: number;
  readonly notifications: number;
  /** Error replies. */
  readonly errors: number;
  /** Messages that something is wrong with. */
  readonly issues: number;
  /** Requests without a reply at the end of the interval. */
  readonly waiting: number;
  readonly latency_ns: { readonly median: number; readonly p99: number } | undefined;
}

/** Columns and their widths. */
const columns = {
  time: 8,
  messages: 9,
  '/s': 8,
  requests: 9,
  replies: 8,
  notify: 7,
  errors: 7,
  issues: 7,
  waiting: 8,
} as const;
/** Columns behind these, where there is room. */
const latencyWidth = 12;

/** Counts messages by interval, for a row each, and all of them. */
export class TrafficCounter {
  #interval = new Counts();
  readonly #all = new Counts();
  readonly #waiting = new Set<number>();

  /** All records of a capture come here; those that a filter drops with `matches` false. */
  record(record: CaptureRecord, matches = true): void {
    if (record.request !== undefined) this.#waiting.delete(record.request);
    if (!matches) return;
    if (record.type === 'request' && !record.incomplete && record.duplicateOf === undefined)
      this.#waiting.add(record.no);
    this.#interval.add(record);
    this.#all.add(record);
  }

  /** Nobody will answer the request with this number. */
  lost(no: number): void {
    this.#waiting.delete(no);
  }

  /** What came since the last call. */
  row(time: string, seconds: number): TrafficRow {
    const row = this.#interval.row(time, seconds, this.#waiting.size);
    this.#interval = new Counts();
    return row;
  }

  total(seconds: number): TrafficRow {
    return this.#all.row('total', seconds, this.#waiting.size);
  }
}

class Counts {
  #messages = 0;
  readonly #types = new Map<CaptureRecord['type'], number>();
  #errors = 0;
  #issues = 0;
  readonly #latencies = new Latencies();

  add(record: CaptureRecord): void {
    this.#messages++;
    this.#types.set(record.type, (this.#types.get(record.type) ?? 0) + 1);
    if (record.error !== undefined && record.error !== 0) this.#errors++;
    if (isProblem(record)) this.#issues++;
    if (record.latencyNs !== undefined) this.#latencies.add(record.latencyNs);
  }

  row(time: string, seconds: number, waiting: number): TrafficRow {
    const { count, median, p99 } = this.#latencies.summary();
    return {
      time,
      seconds,
      messages: this.#messages,
      requests: this.#types.get('request') ?? 0,
      replies: this.#types.get('reply') ?? 0,
      notifications: this.#types.get('notification') ?? 0,
      errors: this.#errors,
      issues: this.#issues,
      waiting,
      latency_ns: count === 0 ? undefined : { median, p99 },
    };
  }
}

/** Whether latencies have room. */
function isWide(width: number | undefined): boolean {
  return width === undefined || width >= 100;
}

/** The names of the columns. */
export function trafficHead(width: number | undefined): string {
  const names = Object.entries(columns).map(([name, size]) => name.padStart(size));
  const latencies = isWide(width) ? ['median', 'p99'].map((name) => name.padStart(latencyWidth)) : [];
  return `${[...names, ...latencies].join('')}\n`;
}

export function trafficLine(row: TrafficRow, width: number | undefined): string {
  const { time, seconds, messages, requests, replies, notifications, errors, issues, waiting } = row;
  const rate = seconds > 0 ? (messages / seconds).toFixed(1) : '-';
  const cells = [time, messages, rate, requests, replies, notifications, errors, issues, waiting];
  const sizes = Object.values(columns);
  const { latency_ns: latency } = row;
  const latencies =
    latency === undefined ? ['-', '-'] : [formatDuration(latency.median), formatDuration(latency.p99)];
  const shown = isWide(width) ? latencies.map((text) => text.padStart(latencyWidth)) : [];
  return `${[...cells.map((cell, index) => String(cell).padStart(sizes[index] as number)), ...shown].join('')}\n`;
}
