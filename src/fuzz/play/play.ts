import type { Response, Step, TargetTask } from '../../target/index.js';
import type { Cause } from '../oracle/cause.js';
import type { Judge } from '../oracle/judge.js';
import { type BoundStep, bind, Rebinding } from './id-binding.js';

/** A session as it was sent to a target, with the response to each step. */
export interface PlayedSession {
  readonly steps: readonly Step[];
  readonly responses: readonly Response[];
  /** What the last step showed, undefined when nothing was wrong. */
  readonly cause: Cause | undefined;
}

/** Plays a session. */
export type Replay = (session: readonly BoundStep[]) => TargetTask<PlayedSession>;

/** Sends a session to a fresh target, up to the first step that shows something wrong. */
export function* play(session: readonly BoundStep[], judge: Judge): TargetTask<PlayedSession> {
  yield 'reset';
  judge.reset();
  const rebinding = new Rebinding();
  const steps: Step[] = [];
  const responses: Response[] = [];
  for (const bound of session) {
    const step = rebinding.resolve(bound);
    const response = yield step;
    rebinding.observe(response);
    steps.push(step);
    responses.push(response);
    const { cause, over } = judge.judge(step, response);
    if (over) return { steps, responses, cause };
  }
  return { steps, responses, cause: undefined };
}

/** The session with its steps bound to the ids that they use. */
export function sessionOf({ steps, responses }: PlayedSession): readonly BoundStep[] {
  return bind(steps, responses);
}
