import { describe, expect, it } from 'vitest';
import { vmStatus } from '../../schemas/index.js';
import { HostError } from '../../src/host/index.js';
import { partOf } from '../part.js';
import { type FaultKind, generationNames, Life, type LifeName } from './life.js';

const nothing = { vms: [], parcels: 0, elsewhere: 0, pins: 0, violations: [] };
const { RUNNING } = vmStatus.values;

/** Every call of a life, going wrong in each way. Hypercalls are refused, or made when RM is dead. */
function casesOf(name: LifeName) {
  const life = new Life(name);
  life.live();
  return life.calls.flatMap((call, index) => {
    const kinds: readonly FaultKind[] = call.startsWith('0x')
      ? ['refused', 'request_lost', 'reply_lost', 'panic']
      : ['refused', 'panic'];
    return kinds.map((kind) => ({ call: index, kind, title: `${call} ${kind}` }));
  });
}

describe('every generation on the modern manager', () => {
  it.each(generationNames)(
    '%s boots, runs, stops, resets and releases a VM: nothing is left of it',
    (name) => {
      const life = new Life(name);
      expect(life.live()).toContain(RUNNING);
      expect(life.remains).toEqual(nothing);
      expect([life.panics, life.hazards]).toEqual([[], []]);
      // Again, in the same world: all is free.
      const calls = life.calls.length;
      expect(life.live()).toContain(RUNNING);
      expect([life.remains, life.calls.length]).toEqual([nothing, 2 * calls]);
    },
  );

  it.each(generationNames)('%s: every call goes wrong once, and nothing is left of the VM', (name) => {
    const cases = casesOf(name);
    expect(cases.length).toBeGreaterThan(20);
    for (const { kind, title, call } of partOf(cases.filter((each) => each.kind !== 'panic'))) {
      const life = new Life(name, { call, kind });
      try {
        life.live();
      } catch (error) {
        expect(error, title).toBeInstanceOf(HostError);
      }
      expect([title, life.remains, life.panics]).toEqual([title, nothing, []]);
    }
  });

  it.each(generationNames)('%s: the manager dies at each call, and the rules still hold', (name) => {
    for (const { kind, title, call } of partOf(casesOf(name).filter((each) => each.kind === 'panic'))) {
      const life = new Life(name, { call, kind });
      try {
        life.live();
      } catch (error) {
        expect(error, title).toBeInstanceOf(HostError);
      }
      expect([title, life.panics.length, life.remains.violations]).toEqual([title, 1, []]);
      // What the dead manager has the host keeps pinned, so that nothing else uses it. The others pin nothing.
      const { elsewhere, pins } = life.remains;
      if (!name.startsWith('q') && name !== 'v17') expect(elsewhere, title).toBeLessThanOrEqual(pins);
    }
  });
});
