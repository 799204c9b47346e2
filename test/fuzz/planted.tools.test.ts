import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/fuzz/engine/engine.js';
import { platforms } from '../../src/rm/index.js';
import { withSeed } from '../seeded.js';
import { fuzzSim } from './campaign.js';
import { planted } from './planted.js';
import { RecordedSource, recordedSessions } from './recorded-source.js';

/**
 * Far more than any bug takes. A new message gives all cases other numbers, and so other steps: that may make a bug
 * take longer, but not hide it. `npm run test:long` does without `messages`.
 */
const CASES_MAX = 10_000;

describe('a bug planted in a manager is found by comparing with the reference', () => {
  it.each(Object.entries(planted))('%s', (_name, { manager, messages, sign }) => {
    withSeed(1, (seed) => {
      const ids = messages && new Set(messages.map(({ id }) => id));
      const findings = fuzzSim({
        source: ({ steps }) => new Engine({ seed, steps, machine: platforms.native, messages: ids }),
        target: { careful: true, manager },
        reference: true,
        cases: CASES_MAX,
        until: sign,
      });
      expect([...findings.keys()]).toContainEqual(expect.stringMatching(sign));
    });
  });
});

describe('without a bug nothing is found', () => {
  it.each([true, false])('in sessions of the recordings, each twice (careful: %s)', (careful) => {
    const sessions = recordedSessions();
    const source = () => new RecordedSource(sessions);
    const plan = { source, target: { careful }, reference: true, cases: 2 * sessions.length };
    expect([...fuzzSim(plan).values()].filter(({ cause }) => cause.kind !== 'panic')).toEqual([]);
  });

  it('in generated cases', () => {
    withSeed(2, (seed) => {
      const findings = fuzzSim({
        source: ({ steps }) => new Engine({ seed, steps, machine: platforms.native }),
        target: { careful: true },
        reference: true,
        cases: 100,
      });
      expect([...findings.keys()]).toEqual([]);
    });
  });
});
