import { sameFrames } from '../../sim/index.js';
import { Batch, frameId, type Response, type Step, type TargetTask } from '../../target/index.js';
import { messageName } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';
import type { EndOracle } from './end-oracle.js';

/** Sends the steps of a session to a fresh target again: it must answer the same. */
export class Repetition implements EndOracle {
  readonly oneIn = 32;
  readonly isFromStart = true;

  *run(played: PlayedSession): TargetTask<PlayedSession> {
    const { steps, responses } = played;
    yield 'reset';
    const again = new Batch(steps);
    yield again;
    for (const [index, response] of again.responses.entries()) {
      const step = steps[index] as Step;
      if (isSame(response, responses[index] as Response)) continue;
      const key = `other answers to ${titleOf(step)} the second time`;
      const text = `${key}: step ${index + 1} of the same ${steps.length}`;
      return { ...played, cause: { kind: 'nondeterminism', key, text } };
    }
    return played;
  }
}

function isSame(one: Response, other: Response): boolean {
  return (
    one.refused === other.refused && one.ended?.kind === other.ended?.kind && sameFrames(one.out, other.out)
  );
}

function titleOf(step: Step): string {
  return step.kind === 'frame' ? messageName(frameId(step.frame)) : step.kind;
}
