import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/fuzz/engine/engine.js';
import { SimTarget } from '../../src/fuzz/targets/sim.js';
import type { Step } from '../../src/fuzz/targets/step.js';
import { platforms } from '../../src/rm/index.js';
import { isWhole, partOf } from '../part.js';
import { withSeed } from '../seeded.js';
import { recordedSessions } from './recorded-source.js';

const CASES = isWhole ? 100_000 : 1000;

/** Plays cases of the fuzzer; a case ends where the manager dies. */
function playCases(target: SimTarget, seed: number, cases: number): void {
  const engine = new Engine({ seed, steps: target.steps, machine: platforms.native });
  for (let left = cases; left > 0; ) {
    const command = engine.next();
    if (command === undefined) return;
    if (command === 'reset') {
      target.reset();
      left--;
      continue;
    }
    const response = target.put(command);
    engine.observe(command, response);
    if (response.ended !== undefined) engine.endCase();
  }
}

function answers(target: SimTarget, session: readonly Step[]): unknown[] {
  target.reset();
  return session.map((step) => target.put(step));
}

describe('a manager that has played many cases', () => {
  const sessions = ['rm23.ndjson', 'rm23-lives.ndjson'].flatMap((file) => recordedSessions(file));

  it('answers every recorded scenario as a new one does', () => {
    withSeed(1, (seed) => {
      const used = new SimTarget();
      playCases(used, seed, CASES);
      for (const session of partOf(sessions))
        expect(answers(used, session)).toEqual(answers(new SimTarget(), session));
    });
  });
});
