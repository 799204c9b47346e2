import { defined } from '../../base/defined.js';
import { formatDuration, formatTime } from '../../base/time.js';
import { formatId, type Protocol } from '../../schema/index.js';
import { enumName } from '../payload/index.js';
import type { CaptureRecord, Outstanding, RecordPacket, RecordType } from '../records/index.js';
import { Latencies, type LatencySummary } from './latencies.js';

/** Error words and ids of one message that are counted apart, so that memory is bounded. */
const distinctMax = 4096;
/** Unanswered requests and records with issues that are listed one by one. All are counted. */
const listMax = 100;
/** How many of those the text shows. */
const shownMax = 20;
/** Columns from which the table has all parts. */
const wideFrom = 96;

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

/** Counts, latencies, unanswered requests and problems of a capture, in memory that does not grow with it. */
export class Summary {
  #records = 0;
  #packets = 0;
  readonly #messages = new Map<string, Map<string, number>>();
  readonly #errors = new Map<string, Map<string, number>>();
  readonly #latencies = new Map<string, Latencies>();
  /** Requests that were not counted and wait for their reply: as many as can be outstanding at most. */
  readonly #dropped = new Set<number>();
  readonly #unanswered: SummaryItem[] = [];
  #unansweredCount = 0;
  readonly #problems: SummaryItem[] = [];
  #problemCount = 0;
  readonly #protocol: Protocol;

  constructor(protocol: Protocol) {
    this.#protocol = protocol;
  }

  /** Counts a record. All of a capture's records must come, those that a filter drops with `matches` false. */
  record(record: CaptureRecord, matches = true): void {
    if (record.request !== undefined && this.#dropped.size > 0) this.#dropped.delete(record.request);
    if (!matches) {
      if (record.type === 'request' && !record.incomplete && record.duplicateOf === undefined)
        this.#dropped.add(record.no);
      return;
    }
    this.#records++;
    this.#packets += record.packets.length;
    const name = this.#nameOf(record.message?.name, record.id);
    count(this.#messages, name, record.type);
    if (record.error !== undefined && record.error !== 0) {
      count(this.#errors, name, enumName(this.#protocol.error, record.error) ?? String(record.error));
    }
    if (record.latencyNs !== undefined) {
      let latencies = this.#latencies.get(name);
      if (latencies === undefined) {
        latencies = new Latencies();
        this.#latencies.set(name, latencies);
      }
      latencies.add(record.latencyNs);
    }
    if (isProblem(record)) {
      this.#problemCount++;
      if (this.#problems.length < listMax) this.#problems.push(problemOf(record, name));
    }
  }

  lost({ no, frame, from, to, seq, id, name, time }: Outstanding): void {
    if (this.#dropped.delete(no)) return;
    this.#unansweredCount++;
    if (this.#unanswered.length >= listMax) return;
    const text = time === undefined ? undefined : formatTime(time);
    const shown = this.#nameOf(name, id);
    this.#unanswered.push(defined({ no, frame, time: text, from, to, seq, id: formatId(id), name: shown }));
  }

  toJson(): SummaryJson {
    return {
      records: this.#records,
      packets: this.#packets,
      messages: table(this.#messages),
      errors: table(this.#errors),
      latency_ns: Object.fromEntries(
        sorted(this.#latencies).map(([name, latencies]) => [name, latencies.summary()]),
      ),
      unanswered: { count: this.#unansweredCount, list: this.#unanswered },
      issues: { count: this.#problemCount, list: this.#problems },
    };
  }

  /** The same as tables for people. @param width of the terminal in columns; undefined = no limit */
  toText(width?: number): string {
    const isNarrow = width !== undefined && width < wideFrom;
    const rows = sorted(this.#messages).map(([name, types]) => {
      const latency = this.#latencies.get(name)?.summary();
      const cell = (type: string) => String(types.get(type) ?? '-');
      const kinds = ['request', 'reply', 'notification'].map(cell);
      const times = latency === undefined ? ['-', '-', '-', '-'] : latencyCells(latency);
      return [name, ...kinds, ...(isNarrow ? times.slice(1) : times)];
    });
    const kinds = ['requests', 'replies', isNarrow ? 'notify' : 'notifications'];
    const times = ['min', 'median', 'p99', 'max'];
    const errors = sorted(this.#errors).flatMap(([name, codes]) =>
      sorted(codes).map(([code, times]) => [name, code, String(times)]),
    );
    // Not `push(...lines)`: a call takes only some 100 000 arguments.
    const lines = [
      `${this.#records} records, ${this.#packets} packets`,
      '',
      ...columns([['message', ...kinds, ...(isNarrow ? times.slice(1) : times)], ...rows]),
      ...(errors.length > 0 ? ['', ...columns([['error replies', 'code', 'count'], ...errors])] : []),
      '',
      `${this.#unansweredCount} unanswered requests`,
      ...this.#listed(this.#unanswered, this.#unansweredCount),
      '',
      `${this.#problemCount} records with issues`,
      ...this.#listed(this.#problems, this.#problemCount),
    ];
    return `${lines.join('\n')}\n`;
  }

  #listed(items: readonly SummaryItem[], total: number): string[] {
    const shown = items.slice(0, shownMax).map(({ no, frame, name, from, to, seq, what }) => {
      const words = `  #${no} (packet ${frame}) ${from} -> ${to} ${name}`;
      return `${words}${seq === undefined ? '' : ` seq ${seq}`}${what === undefined ? '' : `: ${what}`}`;
    });
    return total > shown.length ? [...shown, `  ... and ${total - shown.length} more`] : shown;
  }

  #nameOf(name: string | undefined, id: number | undefined): string {
    if (name !== undefined && name !== '') return name;
    if (id === undefined) return '(malformed)';
    // Ids come from outside and may all differ.
    const text = formatId(id);
    return this.#messages.has(text) || this.#messages.size < distinctMax ? text : '(other ids)';
  }
}

/** Whether a record is a problem found in the input (exit code 1). */
export function isProblem(record: CaptureRecord): boolean {
  const { type, incomplete } = record;
  if (incomplete || type === 'malformed' || type === 'continuation') return true;
  return record.hasIssues ?? record.issues.length > 0;
}

/** What is wrong with a record, in words; empty when nothing is. */
function problemText({ type, issues, incomplete }: CaptureRecord): string {
  const codes = issues.map(({ code, path }) => (path === '' ? code : `${code} at ${path}`));
  return [
    ...(incomplete ? ['incomplete'] : []),
    ...(type === 'continuation' ? ['stray continuation'] : []),
    ...codes,
  ].join(', ');
}

function problemOf(record: CaptureRecord, name: string): SummaryItem {
  const { no, packets, from, to, type, seq } = record;
  const { frame } = packets[0] as RecordPacket;
  return defined({ no, frame, from, to, type, seq, name, what: problemText(record) });
}

function count(into: Map<string, Map<string, number>>, name: string, key: string): void {
  let counts = into.get(name);
  if (counts === undefined) {
    counts = new Map();
    into.set(name, counts);
  }
  // Error words come from outside and may all differ.
  const before = counts.get(key);
  const kept = before !== undefined || counts.size < distinctMax ? key : '(other)';
  counts.set(kept, (before ?? counts.get(kept) ?? 0) + 1);
}

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function table(map: ReadonlyMap<string, ReadonlyMap<string, number>>): Counts {
  return Object.fromEntries(sorted(map).map(([name, counts]) => [name, Object.fromEntries(sorted(counts))]));
}

function latencyCells({ min, median, p99, max }: LatencySummary): string[] {
  return [min, median, p99, max].map(formatDuration);
}

/** Rows as aligned columns: the first to the left, the others to the right. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, (row[column] ?? '').length), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] as number) : cell.padStart(widths[column] as number),
      )
      .join('  '),
  );
}
