import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../../src/base/error.js';
import { holds } from '../../seeded.js';
import { readTrace, recordedTraces } from './read.js';
import { asVersion6, recordedDat as file } from './version6.js';

const truth = recordedTraces().find(({ name }) => name === 'tracecmd-6.12-report-R');

describe('trace.dat', () => {
  it.each([
    ['7', file],
    ['6', asVersion6()],
  ])('of version %s holds the messages that the text of the report lacks', (_, bytes) => {
    const read = readTrace(bytes);
    expect(read.frames).toEqual(truth?.frames);
    expect(read.other).toEqual(truth?.other);
    // The report prints microseconds: 10.100046.
    expect((read.times[0] ?? 0n) / 1000n).toBe(10_100_046n);
  });

  it('in pieces', () => expect(readTrace(file, 100)).toEqual(readTrace(file)));

  it('cut anywhere, or with any byte changed, ends in a WireError or in messages', () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        readTrace(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    };
    holds(
      fc.property(fc.nat(file.length - 1), (length) => attempt(file.subarray(0, length + 1))),
      100,
    );
    holds(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = file.slice();
        bytes[at] = (bytes[at] as number) ^ change;
        attempt(bytes);
      }),
      500,
    );
  });
});
