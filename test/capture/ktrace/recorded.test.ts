import { describe, expect, it } from 'vitest';
import { readTrace, recordedTraces, stageTraces } from './read.js';

/**
 * Traces with a message whose page was not mapped behind its first eight bytes. The kernel then leaves in the array what
 * the ring buffer held before, and says nothing: whatever the message was, the text would be the same (capturing.md,
 * section 5). So no reader can know the other bytes, and none may show what stands there as if it were known.
 */
const faulted = ['trace-6.12-v15-full-fault', 'trace-6.12-arm64-v15-full-fault'];

const traces = recordedTraces();

describe('traces of real kernels', () => {
  it('are all there', () => expect(traces).toHaveLength(51));

  it.each(traces)('$name', ({ name, text, frames, other, cut }) => {
    const read = readTrace(text);
    if (faulted.includes(name)) {
      expect(read.frames).toEqual(frames.toSpliced(4, 1));
      expect(read.cut).toEqual(['3>255 12 2101020017000056']);
      expect(read.warnings).toContain('fault');
      expect(read.other).toEqual(other);
      return;
    }
    expect(read.frames).toEqual(frames);
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

describe('traces that scripts of capture made on real kernels', () => {
  it.each(stageTraces())('$name', ({ text, frames }) => {
    expect(frames.length).toBeGreaterThan(10);
    expect(readTrace(text).frames).toEqual(frames);
  });
});
