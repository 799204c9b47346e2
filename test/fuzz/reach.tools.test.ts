import { beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import type { Engine } from '../../src/fuzz/engine/engine.js';
import { seedOf } from '../seeded.js';
import { foundPairs, foundPlaces, type Recorded, recordedManager } from './places.js';
import { newEngine, run } from './run.js';

/** So few that it takes seconds; test/long has the budget in which everything must be found. */
const MESSAGES = 80_000;
const seed = seedOf(3);

describe(`a run from nothing, seed ${seed}`, () => {
  let engine: Engine;
  let recorded: Recorded;

  beforeAll(() => {
    recorded = recordedManager();
    engine = newEngine({ seed });
    run(engine, MESSAGES);
  });

  it('reaches most pairs of message and error that the recordings hold', () => {
    const { pairs } = recorded;
    const found = foundPairs(engine.coverage);
    expect(pairs.size).toBeGreaterThan(200);
    expect([...pairs].filter((pair) => found.has(pair)).length / pairs.size).toBeGreaterThan(0.85);
  });

  it('finds some of the places where the recorded manager died', () => {
    const { places } = recorded;
    const found = foundPlaces(engine.coverage);
    expect(places.size).toBe(14);
    expect(
      [...places.values()].filter((ways) => [...ways].some((way) => found.has(way))).length,
    ).toBeGreaterThan(4);
  });

  it('tries every part of every message', () => {
    const tried = new Set(
      [...engine.coverage.fields()].filter(({ count }) => count > 0).map(({ message }) => message),
    );
    expect(protocol.messages.filter(({ name }) => !tried.has(name))).toEqual([]);
  });
});
