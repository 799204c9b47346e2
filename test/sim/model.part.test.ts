import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget } from '../part.js';
import { holds } from '../seeded.js';
import { type Model, sessions } from './commands.js';
import { HLOS, Session } from './session.js';

/** Runs random sessions, each to its end, where everything is given back. */
function run(careful: boolean, numRuns: number, seed: number) {
  const model: Model = { done: new Map() };
  const met = new Map<string, number>();
  let clean = 0;
  holds(
    fc.property(sessions(40), (commands) => {
      const session = new Session(seed, { manager: { careful } });
      const before = session.checker.holdings();
      fc.modelRun(() => ({ model, real: session }), commands);
      session.recover();
      session.tearDown();
      for (const name of session.met) met.set(name, (met.get(name) ?? 0) + 1);
      expect(session.broken).toEqual([]);
      if (session.met.length > 0 || session.world.manager.panicked !== undefined) return;
      clean++;
      const { vms, links, parcels, memory } = session.checker.holdings();
      // Parcels whose owner had no chance to reclaim: it was no longer running.
      const left = [...session.world.manager.parcels.all()].filter(({ owner }) => owner === HLOS);
      expect(left).toEqual([]);
      if (parcels.length === 0) expect({ vms, links }).toEqual({ vms: before.vms, links: before.links });
      expect(memory.every((range) => / (3|-\d+)@/.test(range))).toBe(true);
    }),
    numRuns,
    seed,
  );
  return { done: model.done, met, clean };
}

describe('random sessions keep the rules', () => {
  it('with the faults of the public manager as the only exceptions', () => {
    const { done, met, clean } = run(false, budget(2500), 20231);
    expect(clean).toBeGreaterThan(budget(1000));
    for (const name of ['second_reset', 'failed_append']) expect(met.get(name), name).toBeGreaterThan(0);
    for (const name of ['MEM_SHARE', 'MEM_DONATE', 'MEM_ACCEPT', 'VM_RESET', 'VM_IRQ_ACCEPT', 'VM_EXIT'])
      expect(done.get(name), name).toBeGreaterThan(budget(100));
  });

  it('of a careful manager without those, and it never dies', () => {
    const { met, clean } = run(true, budget(1500), 20232);
    expect(clean).toBeGreaterThan(budget(1000));
    expect([...met.keys()].filter((name) => !['owner_gone', 'reply_overtaken'].includes(name))).toEqual([]);
  });
});
