import { jsonText } from '../base/json.js';
import type { Line } from '../base/line-readers.js';
import type { Level } from './case.js';

/** A message that should have come beside the one that came. */
export interface Comparison {
  /** Keys as in `decode --json`, and the queue messages in hexadecimal under `frames`. */
  readonly expected: Line | undefined;
  readonly actual: Line | undefined;
}

/** What a case showed, for reports. */
export interface Outcome {
  readonly name: string;
  /** Title of its chapter. */
  readonly chapter: string;
  readonly level: Level;
  readonly rule: string;
  readonly source: string;
  readonly status: 'passed' | 'failed' | 'blocked' | 'skipped';
  /** One sentence: what went wrong, or why the case was not run to its end. */
  readonly reason: string | undefined;
  readonly comparisons: readonly Comparison[];
  /** Recording of what was sent and received. */
  readonly recording: string | undefined;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** File name of the recording of a case. */
export function recordingName({ name }: Pick<Outcome, 'name'>): string {
  return `${name.replaceAll(/[^\w.-]+/g, '-')}.ndjson`;
}

/** Widest column of expected values. */
const WIDTH_MAX = 44;

/** Both messages side by side, a line for each key; what differs is marked. */
export function comparisonLines({ expected = {}, actual = {} }: Comparison): string[] {
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].filter(
    (key) => key !== 'frames',
  );
  // What is not expected does not matter beside what is.
  const marked = Object.keys(expected).length === 0 ? actual : expected;
  const text = (value: unknown) =>
    value === undefined ? '-' : typeof value === 'string' ? value : jsonText(value);
  const rows = keys.map((key) => [key, text(expected[key]), text(actual[key])] as const);
  const name = Math.max(8, ...keys.map(({ length }) => length));
  const width = Math.min(WIDTH_MAX, Math.max(8, ...rows.map(([, value]) => value.length)));
  const line = (mark: string, key: string, left: string, right: string) =>
    left.length <= width
      ? [`${mark} ${key.padEnd(name)}  ${left.padEnd(width)}  ${right}`]
      : [`${mark} ${key.padEnd(name)}  ${left}`, `  ${''.padEnd(name)}  ${''.padEnd(width)}  ${right}`];
  const bytes = (side: Line) => (side.frames as readonly string[] | undefined)?.join(' ') || '-';
  return [
    ...line(' ', '', 'expected', 'actual'),
    ...rows.flatMap(([key, left, right]) =>
      line(left === right || !(key in marked) ? ' ' : '!', key, left, right),
    ),
    `  ${'expected'.padEnd(name)}  ${bytes(expected)}`,
    `  ${'actual'.padEnd(name)}  ${bytes(actual)}`,
  ];
}
