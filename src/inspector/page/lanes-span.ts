import type { LanesWindow } from '../data/timeline/lanes.js';

/** Shortest window: nanoseconds, or messages. */
const spanMin = 4;
/** A stretch of the axis. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The whole capture with some air around it. */
export function wholeOf({ first, last }: LanesWindow): Span {
  const air = Math.max(spanMin, (last - first) * 0.02);
  return { start: first - air, end: last + air };
}

/** A span within the whole, not shorter than can be looked at. */
export function bounded({ start, end }: Span, whole: Span): Span {
  const size = Math.min(whole.end - whole.start, Math.max(spanMin, end - start));
  const from = Math.min(whole.end - size, Math.max(whole.start, (start + end - size) / 2));
  return { start: from, end: from + size };
}
