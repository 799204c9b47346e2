import type { FindingCount } from '../campaign/finding.js';
import type { EndingCount, FieldCount, PairCount } from '../engine/coverage.js';
import type { Origin } from '../findings/write.js';

/** How far a campaign was at a time. */
export interface Sample {
  readonly elapsedMs: number;
  readonly cases: number;
  readonly steps: number;
  /** Different message × error × state that were reached. */
  readonly pairs: number;
  readonly findings: number;
}

/** All that a report says. */
export interface Report {
  readonly origin: Origin;
  /** Samples in order of time, the end last. */
  readonly history: readonly Sample[];
  readonly findings: readonly FindingCount[];
  readonly coverage: CoverageSource;
}

/** What the cases have reached. */
export interface CoverageSource {
  pairs(): Iterable<PairCount>;
  fields(): Iterable<FieldCount>;
  endings(): Iterable<EndingCount>;
}

/** Counts of message × error, states added up; rows and columns in the order in which they come. */
export interface Grid {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  count(row: string, column: string): number;
}

export function gridOf(items: Iterable<readonly [row: string, column: string, count: number]>): Grid {
  const counts = new Map<string, number>();
  const rows = new Set<string>();
  const columns = new Set<string>();
  for (const [row, column, count] of items) {
    rows.add(row);
    columns.add(column);
    const key = `${row} ${column}`;
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  return {
    rows: [...rows],
    columns: [...columns],
    count: (row, column) => counts.get(`${row} ${column}`) ?? 0,
  };
}

/** Values of fields by rule: how many classes were tried of how many there are. */
export function classesByMessage(
  fields: Iterable<FieldCount>,
): ReadonlyMap<string, { readonly tried: number; readonly all: number }> {
  const found = new Map<string, { tried: number; all: number }>();
  for (const { message, count } of fields) {
    const entry = found.get(message) ?? { tried: 0, all: 0 };
    entry.all++;
    if (count > 0) entry.tried++;
    found.set(message, entry);
  }
  return found;
}

/** Steps in a second, over the whole campaign. */
export function stepsPerSecond({ elapsedMs, steps }: Sample): number {
  return elapsedMs === 0 ? 0 : Math.round((steps / elapsedMs) * 1000);
}
