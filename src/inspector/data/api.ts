import type { Completion } from '../../capture/filter/index.js';
import type { SummaryJson } from '../../capture/print/index.js';
import type { ColumnFacts } from './columns.js';
import type { Copies, Detail } from './detail.js';
import type { FindAnswer, FindQuery } from './find.js';
import type { HazardCount } from './hazards.js';
import type { Note } from './note.js';
import type { Row } from './rows.js';
import type { SortKey } from './sorting.js';
import type { LanesWindow } from './timeline/lanes.js';

/**
 * A capture to open: a file, the base64 text that is embedded in the page, or an address of the page's own server that
 * sends a capture while it grows. All may be compressed with gzip.
 */
export type CaptureSource =
  | { readonly name: string; readonly blob: Blob }
  | { readonly name: string; readonly base64: string }
  | { readonly name: string; readonly url: string };

/** The questions that the page can ask its worker. Rows count from 0, messages (`no`) from 1. */
export interface Requests {
  /** Shows only the messages that match, or all if the text is empty. Events `view` then tell how many match. */
  filter(text: string): FilterAnswer;
  /** Puts the rows in the order of a column, or of the file. Events `view` then tell when they are. */
  sort(key: SortKey | undefined): void;
  /** What may stand at a place of a filter. */
  complete(text: string, cursor: number): Completion;
  /** All columns that rows can have. */
  columns(): ColumnFacts[];
  /** Rows [start, end) with the cells of these columns. Fewer if the view ends before. */
  rows(start: number, end: number, columns: readonly string[]): Row[];
  /** The row of a message. Undefined if the filter hides it. */
  rowOf(no: number): number | undefined;
  /** The next row that a query fits after a row or, if `step` is -1, before it. Behind the last row the first is next. */
  find(query: FindQuery, row: number, step: 1 | -1): Promise<FindAnswer>;
  detail(no: number): Detail;
  /** Marks a message and gives it a note, as the comment of its first packet. */
  setNote(no: number, note: Note): void;
  /** The message, or one line of its field tree, as text. */
  copies(no: number, node?: number): Copies;
  lanes(start: number, end: number, parts: number): LanesWindow;
  overview(): Overview;
  /** What `lint` has found so far, by rule, the worst first. */
  hazards(): HazardsAnswer;
  /**
   * What the filter shows as `decode --json` prints it, in the order of the rows. A file is read and tested to its end
   * before; of a capture that grows it is what has come so far.
   */
  ndjson(): Promise<Blob>;
  /** A pcapng file with the notes: of all messages, or of those that the filter shows. It waits as `ndjson` does. */
  pcapng(part: 'all' | 'shown'): Promise<Blob>;
}

export type FilterAnswer = { readonly view: number } | { readonly error: string };

/** The summary of the capture with the keys of `decode --summary --json`, and the number of messages over time. */
export interface Overview extends SummaryJson {
  /** Number of messages in each of the equal parts of the capture's duration. */
  readonly activity: readonly number[];
  /** The whole duration. Undefined if the capture has no times. */
  readonly durationNs: number | undefined;
}

/** Findings of `lint`, and whether all messages have been looked at. */
export interface HazardsAnswer {
  readonly counts: readonly HazardCount[];
  readonly complete: boolean;
}

/** What the worker tells the page without being asked. */
export type Event =
  | {
      readonly kind: 'progress';
      readonly messages: number;
      readonly packets: number;
      /** Bytes read and size of the file, both before decompression. A capture that grows has no size. */
      readonly bytes: number;
      readonly size: number | undefined;
      readonly done: boolean;
    }
  /**
   * How many messages match so far, and whether all messages have been tested and have their place. `view` grows with
   * each filter and each new order of the rows.
   */
  | {
      readonly kind: 'view';
      readonly view: number;
      readonly rows: number;
      readonly scanned: number;
      /** Share of the rows that sorting has looked at, 0..1. */
      readonly sorted: number;
      readonly complete: boolean;
    }
  /** How many findings of `lint` there are so far, and whether all messages have been looked at. */
  | { readonly kind: 'hazards'; readonly count: number; readonly complete: boolean }
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
