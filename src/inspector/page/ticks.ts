/** At most about `count` round positions in [start, end]. Their distance is 1, 2 or 5 times a power of ten. */
export function ticks(start: number, end: number, count: number): number[] {
  const span = end - start;
  if (!(span > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= count) ?? 10 * power;
  const first = Math.ceil(start / step);
  return Array.from({ length: Math.floor(end / step) - first + 1 }, (_, index) => (first + index) * step);
}

const units: readonly (readonly [ns: number, unit: string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'us'],
];

/** A duration in the largest unit of which it has at least one, with up to seven digits. */
export function durationText(ns: number): string {
  const [size, unit] = units.find(([own]) => Math.abs(ns) >= own) ?? [1, 'ns'];
  return `${Number((ns / size).toPrecision(7))} ${unit}`;
}
