import { describe, expect, it } from 'vitest';
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

  it('of probes whose arguments have other names', () => {
    const names = { data: 'buff', capid: 'capaa', size: 'amnt', len: 'cnt', ret: 'err' };
    let text = Array.from(asVersion6(), (byte) => String.fromCharCode(byte)).join('');
    for (const [ours, theirs] of Object.entries(names))
      text = text.replace(new RegExp(`field:u64 ${ours}(?=[;[])`, 'g'), `field:u64 ${theirs}`);
    const read = readTrace(text);
    expect(read.frames).toEqual(truth?.frames);
    expect(read.other).toEqual(truth?.other);
  });

  it('in pieces', () => expect(readTrace(file, 100)).toEqual(readTrace(file)));
});
