import { describe, expect, it } from 'vitest';
import { readTrace, recordedTraces } from './read.js';

/**
 * What the text of a trace does not hold. `fault`: the page behind a frame was not mapped, and the probe read old words
 * instead. `order`: the clock counts jiffies, and the text has the events of one jiffy processor by processor.
 */
const withoutTruth: Readonly<Record<string, 'fault' | 'order'>> = {
  'trace-6.12-v15-full-fault': 'fault',
  'trace-6.12-arm64-v15-full-fault': 'fault',
  'trace-6.12-v15-clock-uptime': 'order',
};

const traces = recordedTraces();

describe('traces of real kernels', () => {
  it('are all there', () => expect(traces).toHaveLength(51));

  it.each(traces)('$name', ({ name, text, frames, other, cut }) => {
    const read = readTrace(text);
    const missing = withoutTruth[name];
    if (missing === 'fault') {
      const wrong = frames.filter((frame, index) => frame !== read.frames[index]);
      expect(read.frames).toHaveLength(frames.length);
      expect(wrong).toHaveLength(1);
    } else if (missing === 'order') expect([...read.frames].sort()).toEqual([...frames].sort());
    else expect(read.frames).toEqual(frames);
    expect(read.other).toEqual(other);
    expect(read.cut).toEqual(cut);
  });

  it('report what the tracer lost', () => {
    const lost = Object.fromEntries(traces.map(({ name, text }) => [name, readTrace(text).lost]));
    expect(lost['trace-6.12-v15-overwritten']).toEqual([785]);
    expect(lost['dmesg-6.12-overrun']).toEqual([undefined]);
    expect(lost['trace-6.12-v15']).toEqual([]);
  });

  it('say what to do when the bytes are not printed', () => {
    for (const name of ['perf-6.12-script', 'tracecmd-6.12-report']) {
      const trace = traces.find((item) => item.name === name);
      expect(readTrace(trace?.text ?? '').warnings).toEqual(['no_bytes']);
    }
  });

  it.each(['trace-6.12-v15', 'dmesg-6.12', 'bpftrace-0.23-json'])('%s in pieces of any size', (name) => {
    const text = traces.find((item) => item.name === name)?.text ?? '';
    const whole = readTrace(text);
    for (const step of [1, 7, 4096]) expect(readTrace(text, step)).toEqual(whole);
  });
});
