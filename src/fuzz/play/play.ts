import { Batch, type Response, type Step, type TargetTask } from '../../target/index.js';
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

/** Steps that are put at once. */
const BATCH_MAX = 256;

/** Sends a session to a fresh target, up to the first step that shows something wrong. */
export function* play(session: readonly BoundStep[], judge: Judge): TargetTask<PlayedSession> {
  yield 'reset';
  judge.reset();
  const rebinding = new Rebinding();
  const allocators = new Set(session.flatMap(({ uses }) => uses.map(({ allocator }) => allocator)));
  const steps: Step[] = [];
  const responses: Response[] = [];
  for (let at = 0; at < session.length; ) {
    const ahead = aheadOf(session, at, judge, rebinding, allocators);
    const batch = new Batch(ahead.steps);
    yield batch;
    at += ahead.steps.length;
    for (const [index, response] of batch.responses.entries()) {
      const step = ahead.steps[index] as Step;
      const predicted = ahead.predicted[index];
      if (predicted === undefined) rebinding.observe(response);
      steps.push(step);
      responses.push(response);
      const { cause, over } = judge.judge(step, response, predicted);
      if (over) return { steps, responses, cause };
    }
  }
  return { steps, responses, cause: undefined };
}

/** Steps of a session from one on, up to one that allocates an id which a later one uses and which is not foreseen. */
function aheadOf(
  session: readonly BoundStep[],
  first: number,
  judge: Judge,
  rebinding: Rebinding,
  allocators: ReadonlySet<number>,
): { readonly steps: readonly Step[]; readonly predicted: readonly (Response | undefined)[] } {
  const steps: Step[] = [];
  const predicted: (Response | undefined)[] = [];
  for (let at = first; at < session.length && steps.length < BATCH_MAX; at++) {
    const bound = session[at] as BoundStep;
    const step = rebinding.resolve(bound);
    const response = judge.predict(step);
    steps.push(step);
    predicted.push(response);
    if (response !== undefined) rebinding.observe(response);
    const isOpen =
      response === undefined ? judge.foresees || allocators.has(bound.number) : response.ended !== undefined;
    if (isOpen) break;
  }
  return { steps, predicted };
}

/** The session with its steps bound to the ids that they use. */
export function sessionOf({ steps, responses }: PlayedSession): readonly BoundStep[] {
  return bind(steps, responses);
}
