import { defined } from '../../base/defined.js';
import { formatDuration, formatTime } from '../../base/time.js';
import { formatId, messageTypeNames, type Protocol } from '../../schema/index.js';
import { enumName, type MessageFunctions } from '../payload/index.js';
import {
  type CaptureRecord,
  placeOfType,
  type RecordPacket,
  type RecordType,
  type UnansweredRequest,
} from '../records/index.js';
import type { LatencySummary } from './latencies.js';
import { type Counter, NamedCounts } from './named-counts.js';
import type { SummaryItem, SummaryJson } from './summary-json.js';

/** Error words and ids of one message that are counted apart, so that memory is bounded. */
const distinctMax = 4096;
/** Unanswered requests and records with issues that are listed one by one. All are counted. */
const listMax = 100;
/** How many of those the text shows. */
const shownMax = 20;
/** Columns from which the table has all parts. */
const wideFrom = 96;

/** Places for the ids that came last, by their lowest byte. Looking up a name for each record takes longer than counting. */
const slotCount = 256;
/** Places in `recordTypes` by the number of the type in headers. */
const placesByType = messageTypeNames.map(placeOfType);

/** Counts, latencies, unanswered requests and problems of a capture, in memory that does not grow with it. */
export class Summary {
  #records = 0;
  #packets = 0;
  readonly #messages = new Map<string, NamedCounts>();
  readonly #latestIds: number[] = Array.from({ length: slotCount }, () => -1);
  readonly #latest: NamedCounts[] = [];
  /** Of the messages of the protocol that came plain, by index. */
  readonly #plain: (NamedCounts | undefined)[] = [];
  readonly #errors = new Map<string, Map<string, Counter>>();
  /** Requests that a filter dropped and that wait for their reply: as many as can be outstanding at most. */
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
    const { no, request, message, id, type } = record;
    this.#answered(request ?? 0);
    if (!matches) {
      if (type === 'request' && !record.incomplete && record.duplicateOf === undefined) this.#dropped.add(no);
      return;
    }
    this.#records++;
    this.#packets += record.packets.length;
    const counts = this.#countsOf(message?.name, id);
    const { name } = counts;
    counts.add(type);
    if (record.error !== undefined && record.error !== 0) this.#error(counts, record.error);
    if (record.latencyNs !== undefined) counts.latencies.add(record.latencyNs);
    if (isProblem(record)) {
      this.#problemCount++;
      if (this.#problems.length < listMax) this.#problems.push(problemOf(record, name));
    }
  }

  /** Counts a message in order of which no record was made: see `AssemblerOptions.plain`. */
  plain(
    _no: number,
    functions: MessageFunctions,
    type: number,
    error = 0,
    request = 0,
    latencyNs = Number.NaN,
  ): void {
    this.#answered(request);
    this.#records++;
    this.#packets++;
    const { index, message } = functions;
    const counts = this.#plain[index] ?? this.#countsOf(message?.name, functions.id);
    this.#plain[index] = counts;
    counts.addAt(placesByType[type] as number);
    if (error !== 0) this.#error(counts, error);
    if (!Number.isNaN(latencyNs)) counts.latencies.add(latencyNs);
  }

  /** @param request whose reply has come; 0: none. */
  #answered(request: number): void {
    if (request !== 0 && this.#dropped.size > 0) this.#dropped.delete(request);
  }

  #error(counts: NamedCounts, error: number): void {
    let counter = counts.counterOf(error);
    if (counter === undefined) {
      const { name } = counts;
      const code = enumName(this.#protocol.error, error) ?? String(error);
      counter = this.#counter(name, code);
      counts.keep(error, counter);
    }
    counter.times++;
  }

  /** The counter of an error. Error words come from outside and may all differ: only so many are counted apart. */
  #counter(name: string, code: string): Counter {
    let counters = this.#errors.get(name);
    if (counters === undefined) {
      counters = new Map();
      this.#errors.set(name, counters);
    }
    const kept = counters.has(code) || counters.size < distinctMax ? code : '(other)';
    let counter = counters.get(kept);
    if (counter === undefined) {
      counter = { times: 0 };
      counters.set(kept, counter);
    }
    return counter;
  }

  lost({ no, frame, from, to, seq, id, name, time }: UnansweredRequest): void {
    if (this.#dropped.delete(no) || ++this.#unansweredCount > listMax) return;
    const text = time === undefined ? undefined : formatTime(time);
    const shown = this.#nameOf(name, id);
    this.#unanswered.push(defined({ no, frame, time: text, from, to, seq, id: formatId(id), name: shown }));
  }

  toJson(): SummaryJson {
    return {
      records: this.#records,
      packets: this.#packets,
      messages: Object.fromEntries(
        sorted(this.#messages).map(([name, { types }]) => [name, Object.fromEntries(sorted(types))]),
      ),
      errors: Object.fromEntries(
        sorted(this.#errors).map(([name, codes]) => [
          name,
          Object.fromEntries(sorted(codes).map(([code, { times }]) => [code, times])),
        ]),
      ),
      latency_ns: Object.fromEntries(
        sorted(this.#withLatencies).map(([name, { latencies }]) => [name, latencies.summary()]),
      ),
      unanswered: { count: this.#unansweredCount, list: this.#unanswered },
      issues: { count: this.#problemCount, list: this.#problems },
    };
  }

  /** The same as tables for people. @param width of the terminal in columns; undefined = no limit */
  toText(width?: number): string {
    const isNarrow = width !== undefined && width < wideFrom;
    const rows = sorted(this.#messages).map(([name, { types, latencies }]) => {
      const latency = latencies.isEmpty ? undefined : latencies.summary();
      const cell = (type: RecordType) => String(types.get(type) ?? '-');
      const kinds = (['request', 'reply', 'notification'] as const).map(cell);
      const times = latency === undefined ? ['-', '-', '-', '-'] : latencyCells(latency);
      return [name, ...kinds, ...(isNarrow ? times.slice(1) : times)];
    });
    const kinds = ['requests', 'replies', isNarrow ? 'notify' : 'notifications'];
    const times = ['min', 'median', 'p99', 'max'];
    const errors = sorted(this.#errors).flatMap(([name, codes]) =>
      sorted(codes).map(([code, { times }]) => [name, code, String(times)]),
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

  #countsOf(name: string | undefined, id: number | undefined): NamedCounts {
    if (id === undefined) return this.#named(this.#nameOf(name, id));
    const slot = id & (slotCount - 1);
    if (this.#latestIds[slot] === id) return this.#latest[slot] as NamedCounts;
    const counts = this.#named(this.#nameOf(name, id));
    this.#latestIds[slot] = id;
    this.#latest[slot] = counts;
    return counts;
  }

  #named(name: string): NamedCounts {
    let counts = this.#messages.get(name);
    if (counts === undefined) {
      counts = new NamedCounts(name);
      this.#messages.set(name, counts);
    }
    return counts;
  }

  get #withLatencies(): ReadonlyMap<string, NamedCounts> {
    return new Map([...this.#messages].filter(([, { latencies }]) => !latencies.isEmpty));
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

function sorted<K extends string, T>(map: ReadonlyMap<K, T>): [K, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
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
