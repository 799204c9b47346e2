import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WireError } from '../../../src/base/error.js';
import { budget } from '../../part.js';
import { holds } from '../../seeded.js';
import { readTrace, recordedTraces } from './read.js';

const traces = recordedTraces().map(({ text }) =>
  Uint8Array.from(text.slice(0, 20_000), (char) => char.charCodeAt(0)),
);

it('traces with lines cut, doubled, swapped or changed end in messages or a WireError', () => {
  const change = fc.record({
    trace: fc.nat(traces.length - 1),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    size: fc.nat(300),
    kind: fc.constantFrom('cut', 'double', 'change', 'end'),
    byte: fc.nat(255),
  });
  holds(
    fc.property(change, ({ trace, at, size, kind, byte }) => {
      const text = traces[trace] as Uint8Array;
      const start = Math.floor(at * text.length);
      const [before, piece, after] = [
        text.slice(0, start),
        text.slice(start, start + size),
        text.slice(start + size),
      ];
      const parts = {
        cut: [before, after],
        double: [before, piece, piece, after],
        change: [before, piece.map((old, index) => (index % 7 === 0 ? byte : old)), after],
        end: [before],
      }[kind];
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
      try {
        const { frames } = readTrace(bytes);
        for (const frame of frames) expect(frame.split(' ')[1]?.length).toBeLessThanOrEqual(480);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
    budget(1500),
  );
});
