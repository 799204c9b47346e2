import { describe, expect, it } from 'vitest';
import { VM_GET_STATE } from '../../schemas/index.js';
import { Engine } from '../../src/fuzz/engine/engine.js';
import { platforms } from '../../src/rm/index.js';
import { fuzzSim } from './campaign.js';
import { planted } from './planted.js';
import { RecordedSource, recordedSessions } from './recorded-source.js';

/** Enough for each, and some seconds. `npm run test:long` finds them within a minute each without being told where. */
const CASES_MAX = 1000;
/** What is got wrong, where anything else would take its time. */
const focus: Readonly<Record<keyof typeof planted, ReadonlySet<number>>> = {
  'a length check that is missing': new Set([VM_GET_STATE.id]),
};

/** What the first difference is about, by bug. */
const signs: Readonly<Record<keyof typeof planted, RegExp>> = {
  'a length check that is missing': /^reply VM_GET_STATE \w+ instead of MSG_INVALID$/,
  'a missing owner check': /^reply MEM_RECLAIM \w+ instead of DENIED$/,
  'a handle reused': /mem_handle/,
  'a fragment counter not reset': /missing|instead of reply/,
  'a reserved byte leaked': /^reply VM_ALLOC_VMID: payload.reserved$/,
  'a notification to the wrong VM': /MEM_SHARED/,
  'a reply lost under queue pressure': /missing|instead of reply/,
};

describe('a bug planted in a manager is found by comparing with the reference', () => {
  it.each(Object.keys(planted))('%s', (name) => {
    const manager = planted[name];
    const findings = fuzzSim({
      source: ({ steps }) => new Engine({ seed: 1, steps, machine: platforms.native, messages: focus[name] }),
      target: { careful: true, ...(manager === undefined ? {} : { manager }) },
      reference: true,
      cases: CASES_MAX,
      untilFound: true,
    });
    expect([...findings.keys()]).toEqual([expect.stringMatching(signs[name] as RegExp)]);
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
    const findings = fuzzSim({
      source: ({ steps }) => new Engine({ seed: 2, steps, machine: platforms.native }),
      target: { careful: true },
      reference: true,
      cases: 100,
    });
    expect([...findings.keys()]).toEqual([]);
  });
});
