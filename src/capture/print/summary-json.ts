import type { RecordType } from '../records/index.js';
import type { LatencySummary } from './latencies.js';

/** Name → type or error code → count. */
type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A record that the summary lists: an unanswered request, or a record with issues. */
export interface SummaryItem {
  /** Number of the record, and of its first packet. */
  readonly no: number;
  readonly frame: number;
  readonly time?: string;
  readonly from: number;
  readonly to: number;
  readonly type?: RecordType;
  readonly seq?: number;
  readonly id?: string;
  readonly name: string;
  /** What is wrong, in words. */
  readonly what?: string;
}

/** How many there are, and the first 100 of them. */
interface SummaryList {
  readonly count: number;
  readonly list: readonly SummaryItem[];
}

/** What `decode --summary --json` prints. */
export interface SummaryJson {
  readonly records: number;
  readonly packets: number;
  readonly messages: Counts;
  readonly errors: Counts;
  readonly latency_ns: Readonly<Record<string, LatencySummary>>;
  readonly unanswered: SummaryList;
  readonly issues: SummaryList;
}
