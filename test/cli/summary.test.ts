import { describe, expect, it } from 'vitest';
import { formatTime } from '../../src/base/time.js';
import { gunyahRm } from './run.js';

const second = 1_000_000_000n;

/** NDJSON of requests and replies, with these latencies in nanoseconds in this order. */
function exchanges(latencies: readonly number[]): string {
  const lines = latencies.flatMap((latency, index) => {
    const sent = BigInt(index + 1) * second;
    const both = { seq: index % 0x10000, id: '0x56000024', name: 'VM_GET_VMID' };
    return [
      { ...both, from: 3, to: 255, time: formatTime(sent), type: 'request', payload: {} },
      {
        ...both,
        from: 255,
        to: 3,
        time: formatTime(sent + BigInt(latency)),
        type: 'reply',
        error: 'OK',
        payload: { vmid: 3 },
      },
    ];
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

async function latenciesOf(input: string): Promise<object> {
  const { code, stdout } = await gunyahRm(['decode', '-', '--summary', '--json'], { input });
  expect(code).toBe(0);
  return JSON.parse(stdout).latency_ns.VM_GET_VMID;
}

/** As many values as `count`, in an order that is neither up nor down. */
const shuffled = (count: number, value: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => value((index * 7919) % count));

describe('latencies of --summary', () => {
  it('are exact up to 4096 distinct values: half are at most the median, 99 of 100 at most the p99', async () => {
    const input = exchanges(shuffled(200, (index) => 1001 * (index + 1)));
    expect(await latenciesOf(input)).toEqual({
      count: 200,
      min: 1001,
      median: 100_100,
      p99: 198_198,
      max: 200_200,
    });
  });

  it('count equal values as often as they occur', async () => {
    const input = exchanges(shuffled(1000, (index) => (index < 989 ? 5 : 70_000)));
    expect(await latenciesOf(input)).toMatchObject({ count: 1000, median: 5, p99: 70_000 });
    const fewer = exchanges(shuffled(1000, (index) => (index < 990 ? 5 : 70_000)));
    expect(await latenciesOf(fewer)).toMatchObject({ count: 1000, median: 5, p99: 5, max: 70_000 });
  });

  it('are rounded to three digits beyond that, but not the smallest and the largest', async () => {
    const latency = (rank: number) => 1_000_000 + 1237 * rank;
    const input = exchanges(shuffled(5000, (index) => latency(index + 1)));
    expect([latency(2500), latency(4950)]).toEqual([4_092_500, 7_123_150]);
    expect(await latenciesOf(input)).toEqual({
      count: 5000,
      min: latency(1),
      median: 4_090_000,
      p99: 7_120_000,
      max: latency(5000),
    });
  });

  it('are printed with three digits behind the point, in the unit that fits', async () => {
    const input = exchanges([999, 1000, 54_321, 999_999, 7_654_321_000]);
    const { stdout } = await gunyahRm(['decode', '-', '--summary'], { input });
    expect(stdout).toMatch(/^VM_GET_VMID +5 +5 +- +999 ns +54\.321 us +7\.654 s +7\.654 s$/m);
    const short = await gunyahRm(['decode', '-', '--summary'], { input: exchanges([1_234_567]) });
    expect(short.stdout).toMatch(/^VM_GET_VMID +1 +1 +- +1\.235 ms +1\.235 ms +1\.235 ms +1\.235 ms$/m);
  });
});
