import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import type { Response, Step } from '../targets/step.js';
import { type BoundStep, bind, Rebinding } from './id-binding.js';
import type { TargetTask } from './target-task.js';

/** A session as it was put to a target, and what came of each step. */
export interface PlayedSession {
  readonly steps: readonly Step[];
  readonly responses: readonly Response[];
  /** What went wrong, with the last step. */
  readonly cause: Cause | undefined;
}

/** Plays a session and says what goes wrong in it. */
export type Replay = (session: readonly BoundStep[]) => TargetTask<PlayedSession>;

/** Puts a session to a fresh target until something is wrong. */
export function* play(session: readonly BoundStep[], judge: Judge): TargetTask<PlayedSession> {
  yield 'reset';
  judge.reset();
  const rebinding = new Rebinding();
  const steps: Step[] = [];
  const responses: Response[] = [];
  for (const bound of session) {
    const step = rebinding.resolve(bound);
    const response = yield step;
    rebinding.took(response);
    steps.push(step);
    responses.push(response);
    const { cause, over } = judge.judge(step, response);
    if (over) return { steps, responses, cause };
  }
  return { steps, responses, cause: undefined };
}

/** A session to be played again, its steps bound to what they were given. */
export function sessionOf({ steps, responses }: PlayedSession): readonly BoundStep[] {
  return bind(steps, responses);
}
