import type { TargetTask } from '../../target/index.js';
import type { BoundStep } from '../play/id-binding.js';

export type Session = readonly BoundStep[];

/**
 * Plays a smaller session. @returns the session up to the step that shows the same cause; undefined when none does, or
 * when all attempts are used up.
 */
export type Attempt = (candidate: Session) => TargetTask<Session | undefined>;

/** One way of making a session smaller. It goes on from every smaller session that still shows the cause. */
export type Pass = (session: Session, attempt: Attempt) => TargetTask<Session>;

/** A session with one step replaced by any number of steps. */
export function withStep(session: Session, index: number, ...steps: readonly BoundStep[]): Session {
  return [...session.slice(0, index), ...steps, ...session.slice(index + 1)];
}
