import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VM_GET_VMID } from '../../schemas/index.js';
import { panicPlaces } from '../../src/rm/index.js';
import { faultKinds } from '../../src/sim/faults.js';
import { budget } from '../part.js';
import { holds } from '../seeded.js';
import { calls, disturbedSession, rules } from './disturbed.js';
import { OK } from './session.js';

describe('a manager on bad lines', () => {
  for (const careful of [false, true])
    it(`keeps the rules, dies of nothing new, and goes on when the lines are good again (careful: ${careful})`, () => {
      const applied = new Map<string, number>();
      holds(
        fc.property(fc.nat(), rules, calls, (seed, faults, said) => {
          const { session, vmids } = disturbedSession(seed, careful, faults, said);
          const { world } = session;
          expect(session.broken).toEqual([]);
          for (const reason of session.panics) expect(Object.keys(panicPlaces)).toContain(reason);
          if (careful) expect(session.panics).toEqual([]);
          for (const { rule, applied: times, matched } of world.faults.counts) {
            expect(times).toBeLessThanOrEqual(matched);
            applied.set(rule.kind, (applied.get(rule.kind) ?? 0) + times);
          }
          world.faults.clear();
          session.recover();
          for (const vmid of vmids)
            if (world.manager.link(vmid) !== undefined)
              expect(session.call(vmid, VM_GET_VMID)).toMatchObject({ error: OK, word: vmid });
          expect(session.broken).toEqual([]);
        }),
        budget(600),
        11,
      );
      for (const kind of faultKinds) expect(applied.get(kind), kind).toBeGreaterThan(budget(100));
    });
});
