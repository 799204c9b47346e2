import { expect, it } from 'vitest';
import { budget } from '../part.js';
import { seedOf } from '../seeded.js';
import { newEngine, run } from './run.js';

it(`a careful manager survives everything, seed ${seedOf(11)}`, () => {
  const engine = newEngine({ seed: seedOf(11) });
  run(engine, budget(40_000), {}, { careful: true });
  expect([...engine.coverage.endings()]).toEqual([]);
});
