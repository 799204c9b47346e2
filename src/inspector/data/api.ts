import type { Copies, Detail } from './detail.js';
import type { Row } from './rows.js';
import type { LanesWindow } from './timeline/lanes.js';

/** A capture to open: a file, or the text that a page carries (base64). Either may be compressed with gzip. */
export type Source =
  | { readonly name: string; readonly blob: Blob }
  | { readonly name: string; readonly base64: string };

/** What the page asks of the capture. Rows count from 0, messages (`no`) from 1. */
export interface Requests {
  /** Shows only the messages that match, all for an empty text. The event `view` then tells how many there are. */
  filter(text: string): FilterAnswer;
  /** Rows [start, end), as far as there are. */
  rows(start: number, end: number): Row[];
  /** The row of a message, undefined when the filter hides it. */
  rowOf(no: number): number | undefined;
  /** The next row with a problem, from a row on in a direction. */
  nextProblem(row: number, step: 1 | -1): number | undefined;
  detail(no: number): Detail;
  /** The message, or one line of its field tree, as text. */
  copies(no: number, node?: number): Copies;
  lanes(start: number, end: number, parts: number): LanesWindow;
  overview(): Overview;
  /** Rows [start, end) as `decode --json` prints them. */
  ndjson(start: number, end: number): string;
}

export type FilterAnswer = { readonly view: number } | { readonly error: string };

/** The summary of the capture, as `decode --summary --json` has it, and how busy it was over time. */
export interface Overview {
  readonly records: number;
  readonly packets: number;
  readonly messages: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly errors: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly latency_ns: Readonly<
    Record<string, { count: number; min: number; median: number; p99: number; max: number }>
  >;
  readonly unanswered: { readonly count: number; readonly list: readonly OverviewItem[] };
  readonly issues: { readonly count: number; readonly list: readonly OverviewItem[] };
  /** Messages in equal parts of the capture's duration. */
  readonly activity: readonly number[];
  /** The whole duration, undefined without times. */
  readonly durationNs: number | undefined;
}

export interface OverviewItem {
  readonly no: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly what?: string;
}

/** What the page is told unasked. */
export type Event =
  | {
      readonly kind: 'progress';
      readonly messages: number;
      readonly packets: number;
      /** Bytes read, before decompression, and how many there are. */
      readonly bytes: number;
      readonly size: number;
      readonly done: boolean;
    }
  /** Rows of the filter with this number so far, and whether all messages were looked at. */
  | {
      readonly kind: 'view';
      readonly view: number;
      readonly rows: number;
      readonly scanned: number;
      readonly complete: boolean;
    }
  /** What is wrong with the file as a whole; what came before it can be looked at. */
  | { readonly kind: 'problem'; readonly code: string; readonly text: string }
  /** Something in the file that was skipped. */
  | { readonly kind: 'warning'; readonly text: string };

/** Messages to the worker. */
export type ToWorker =
  | { readonly open: Source }
  | { readonly call: number; readonly method: keyof Requests; readonly args: readonly unknown[] };

/** Messages from the worker. */
export type FromWorker =
  | { readonly event: Event }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: string };
