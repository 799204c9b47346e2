import { describe, expect, it } from 'vitest';
import { type PanicReason, type PlatformProfile, panicPlaces, platforms } from '../../src/rm/index.js';
import { foundPairs, foundPlaces, recordedManager } from '../fuzz/places.js';
import { newEngine, run } from '../fuzz/run.js';
import { seedOf } from '../seeded.js';

/** What one core makes of the simulated manager in a minute even when it is shared. */
const MESSAGES = 4_000_000;
/** Of the places that no recording holds so many may need longer: they take three or four steps in the right order. */
const LATE_MAX = 4;
const SEEDS = [...new Set([1, 2, 3, 4, 5].map(seedOf))];
/** Places that the manager has on the real hypervisor only, and one that it has not there. */
const OF_REAL_HYPERVISOR: readonly PanicReason[] = [
  'vm_init_missing_core',
  'vm_stop_low_priority',
  'vm_init_peer_without_value',
  'mem_tables_exhausted',
];
const all = Object.keys(panicPlaces) as PanicReason[];

/** Runs until every place is found. @returns the places that are not. */
function missing(seed: number, machine: PlatformProfile, wanted: readonly PanicReason[]) {
  const engine = newEngine({ seed, machine });
  const left = new Set<string>(wanted);
  const messages = run(
    engine,
    MESSAGES,
    {
      took: (_step, { ended }) => {
        if (ended !== undefined) left.delete(ended.text);
        return left.size === 0;
      },
    },
    { platform: machine },
  );
  return { engine, messages, left: [...left] };
}

describe.each(SEEDS)('from nothing, seed %i', (seed) => {
  it('finds what the recordings hold, and nearly every other place where the manager dies', () => {
    const { engine, left } = missing(
      seed,
      platforms.native,
      all.filter((name) => !OF_REAL_HYPERVISOR.includes(name)),
    );
    expect(left.length, left.join(' ')).toBeLessThanOrEqual(LATE_MAX);
    const { places, pairs } = recordedManager();
    const found = foundPlaces(engine.coverage);
    const unseen = [...places].filter(([, ways]) => ![...ways].some((way) => found.has(way)));
    expect(unseen).toEqual([]);
    const answers = foundPairs(engine.coverage);
    expect([...pairs].filter((pair) => answers.has(pair)).length / pairs.size).toBeGreaterThan(0.95);
  });

  it('finds those of the real hypervisor on its platform', () => {
    expect(missing(seed, platforms.qemu, OF_REAL_HYPERVISOR).left).toEqual([]);
  });
});
