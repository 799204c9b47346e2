import type { SummaryJson } from '../../capture/print/index.js';
import type { Copies, Detail } from './detail.js';
import type { Row } from './rows.js';
import type { LanesWindow } from './timeline/lanes.js';

/** A capture to open: a file, or the base64 text that is embedded in the page. Both may be compressed with gzip. */
export type CaptureSource =
  | { readonly name: string; readonly blob: Blob }
  | { readonly name: string; readonly base64: string };

/** The questions that the page can ask its worker. Rows count from 0, messages (`no`) from 1. */
export interface Requests {
  /** Shows only the messages that match, or all if the text is empty. Events `view` then tell how many match. */
  filter(text: string): FilterAnswer;
  /** Rows [start, end). Fewer if the view ends before. */
  rows(start: number, end: number): Row[];
  /** The row of a message. Undefined if the filter hides it. */
  rowOf(no: number): number | undefined;
  /** The next row with a problem after a row or, if `step` is -1, before it. */
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

/** The summary of the capture with the keys of `decode --summary --json`, and the number of messages over time. */
export interface Overview extends SummaryJson {
  /** Number of messages in each of the equal parts of the capture's duration. */
  readonly activity: readonly number[];
  /** The whole duration. Undefined if the capture has no times. */
  readonly durationNs: number | undefined;
}

/** What the worker tells the page without being asked. */
export type Event =
  | {
      readonly kind: 'progress';
      readonly messages: number;
      readonly packets: number;
      /** Bytes read and size of the file, both before decompression. */
      readonly bytes: number;
      readonly size: number;
      readonly done: boolean;
    }
  /** How many messages match filter number `view` so far, and whether all messages have been tested. */
  | {
      readonly kind: 'view';
      readonly view: number;
      readonly rows: number;
      readonly scanned: number;
      readonly complete: boolean;
    }
  /** An error that ends reading. The messages before it are shown. */
  | { readonly kind: 'problem'; readonly code: string; readonly text: string }
  /** A part of the file that was skipped. */
  | { readonly kind: 'warning'; readonly text: string };

/** Messages to the worker. */
export type ToWorker =
  | { readonly open: CaptureSource }
  | { readonly call: number; readonly method: keyof Requests; readonly args: readonly unknown[] };

/** Messages from the worker. */
export type FromWorker =
  | { readonly event: Event }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: string };
