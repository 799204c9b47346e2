import type { LanesWindow } from '../data/timeline/lanes.js';

/** Shortest span, in nanoseconds or messages. */
const spanMin = 4;
/** A part of the time axis. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The whole capture with a margin on both sides. */
export function wholeOf({ first, last }: LanesWindow): Span {
  const margin = Math.max(spanMin, (last - first) * 0.02);
  return { start: first - margin, end: last + margin };
}

/** Moves and resizes a span so that it is within the whole and not too short. */
export function bounded({ start, end }: Span, whole: Span): Span {
  const size = Math.min(whole.end - whole.start, Math.max(spanMin, end - start));
  const from = Math.min(whole.end - size, Math.max(whole.start, (start + end - size) / 2));
  return { start: from, end: from + size };
}
