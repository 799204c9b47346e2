import { durationText } from './ticks.js';

/** A count as a bar beside its number. */
export function Bar({
  value,
  most,
  bad,
}: {
  readonly value: number;
  readonly most: number;
  readonly bad?: boolean;
}) {
  return (
    <span class="count-bar">
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class={bad ? 'bad' : ''} width={Math.max(1, (value / most) * 100)} height="10" />
      </svg>
      {value}
    </span>
  );
}

/** A bar chart of the number of messages in each part of the capture. */
export function Activity({ counts }: { readonly counts: readonly number[] }) {
  const most = Math.max(1, ...counts);
  return (
    <svg
      class="activity"
      viewBox={`0 0 ${counts.length} 40`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Messages in ${counts.length} equal parts, at most ${most} in one`}
    >
      {counts.map((count, part) => {
        const height = count === 0 ? 0 : Math.max(1, (count / most) * 40);
        // The key is the index, since a part has nothing else that identifies it.
        return <rect key={`part-${part}`} x={part} y={40 - height} width="0.9" height={height} />;
      })}
    </svg>
  );
}

interface LatencyRangeProps {
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** Shortest and longest latency of all messages: the range of the scale. */
  readonly range: { readonly min: number; readonly max: number };
}

/** The latencies of a message on a logarithmic scale, with marks at the median and the 99th percentile. */
export function LatencyRange({ min, median, p99, max, range }: LatencyRangeProps) {
  const log = (ns: number) => Math.log10(Math.max(1, ns));
  const from = log(range.min);
  const width = log(range.max) - from || 1;
  const x = (ns: number) => 2 + ((log(ns) - from) / width) * 96;
  return (
    <svg
      class="latency"
      viewBox="0 0 100 12"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${durationText(min)} to ${durationText(max)}`}
    >
      <rect class="range" x={x(min)} y="5" width={Math.max(0.8, x(max) - x(min))} height="2" />
      <rect class="p99" x={x(p99) - 0.6} y="2" width="1.2" height="8" />
      <rect class="median" x={x(median) - 0.9} y="0" width="1.8" height="12" />
    </svg>
  );
}
