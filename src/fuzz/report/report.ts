import type { FindingCount } from '../campaign/finding.js';
import type { Coverage, FieldCount } from '../engine/coverage.js';
import type { Origin } from '../findings/write.js';

/** Progress of a campaign at one time. */
export interface Sample {
  readonly elapsedMs: number;
  readonly cases: number;
  readonly steps: number;
  /** Different combinations of message, error and state that were reached. */
  readonly pairs: number;
  readonly findings: number;
}

/** Time of all processes of a campaign, milliseconds. */
export interface SpentTime {
  readonly elapsedMs: number;
  /** In which findings were played again, to confirm and to minimise them. With remote targets cases went on meanwhile. */
  readonly refiningMs: number;
}

/** A finding, and the seed of the campaign that found it. */
export interface ReportedFinding extends FindingCount {
  readonly seed: number;
}

export interface Report {
  readonly origin: Origin;
  /** Which campaign it is: its seed, or that several were merged. */
  readonly campaign: string;
  /** In order of time; the last sample is the end. */
  readonly history: readonly Sample[];
  readonly findings: readonly ReportedFinding[];
  readonly coverage: Pick<Coverage, 'pairs' | 'fields'>;
  readonly spent: SpentTime;
  /** Longest time without an update on the terminal, milliseconds. */
  readonly silentMs?: number;
  /** Edges of the target's code that were reached, where it tells. */
  readonly edges?: number;
}

/** Counts by row and column, both in the order of their first appearance. */
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

/** How many mutations of each message were used, of how many there are. */
export function mutationsByMessage(
  fields: Iterable<FieldCount>,
): ReadonlyMap<string, { readonly used: number; readonly all: number }> {
  const found = new Map<string, { used: number; all: number }>();
  for (const { message, count } of fields) {
    const entry = found.get(message) ?? { used: 0, all: 0 };
    entry.all++;
    if (count > 0) entry.used++;
    found.set(message, entry);
  }
  return found;
}

/** Mean of the whole campaign. */
export function stepsPerSecond({ elapsedMs, steps }: Sample): number {
  return elapsedMs === 0 ? 0 : Math.round((steps / elapsedMs) * 1000);
}
