import { Engine } from '../../src/fuzz/engine/engine.js';
import { platforms } from '../../src/rm/index.js';
import { SimTarget, type Step } from '../../src/target/index.js';
import { expectEqual } from '../same.js';
import { recordedSessions } from './recorded-source.js';

/** Sessions whose answers are known: those of the recordings of the native manager. */
export const knownSessions = ['rm23.ndjson', 'rm23-lives.ndjson'].flatMap((file) => recordedSessions(file));

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

/** Holds that a manager that has played cases answers sessions as a new one does. */
export function expectNothingCarried(
  seed: number,
  cases: number,
  sessions: readonly (readonly Step[])[],
): void {
  const used = new SimTarget();
  playCases(used, seed, cases);
  for (const session of sessions) expectEqual(answers(used, session), answers(new SimTarget(), session));
}
