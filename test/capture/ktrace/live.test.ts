import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WINDOW_NS } from '../../../src/capture/ktrace/time-order.js';
import { settleMs } from '../../../src/node/input.js';
import { holds } from '../../seeded.js';
import { liveTrace } from './read.js';

const le = (value: number) =>
  value
    .toString(16)
    .padStart(4, '0')
    .replace(/(..)(..)/, '$2 $1');

/** A request or its answer, as bpftrace prints it at a time. */
function lineOf(index: number, ms: number): string {
  const seq = le(index >> 1);
  const time = 41_661_000_000 + Math.round(ms * 1e6);
  return index % 2 === 0
    ? `${time} tx capid=0x61 size=12 21 01 ${seq} 01 00 00 56 00 00 00 00\n`
    : `${time} rx capid=0x62 size=16 21 02 ${seq} 01 00 00 56 00 00 00 00 80 00 00 00\n`;
}

it('a line of bpftrace is shown within 100 ms, whatever comes when', () => {
  const gaps = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 200, noNaN: true })), {
    minLength: 1,
    maxLength: 60,
  });
  holds(
    fc.property(gaps, (all) => {
      const live = liveTrace();
      live.push('Attaching 2 probes...\n');
      const came: number[] = [];
      const delays: number[] = [];
      const look = (now: number) => {
        while (delays.length < live.frames.length) delays.push(now - (came[delays.length] as number));
      };
      let now = 0;
      all.forEach((gap, index) => {
        // The command calls `settle` when nothing has come for this long.
        if (index > 0 && gap >= settleMs) {
          live.settle();
          look(now + settleMs);
        }
        now += gap;
        came.push(now);
        live.push(lineOf(index, now));
        look(now);
      });
      live.settle();
      look(now + settleMs);
      expect(delays).toHaveLength(all.length);
      expect(Math.max(...delays)).toBeLessThanOrEqual(Number(WINDOW_NS) / 1e6 + settleMs);
    }),
    300,
  );
  expect(Number(WINDOW_NS) / 1e6 + settleMs).toBeLessThan(100);
});
