import type { BoundStep } from '../play/id-binding.js';
import type { TargetTask } from '../play/target-task.js';

export type Session = readonly BoundStep[];

/**
 * Plays a smaller session. @returns what it was when the same thing went wrong again, without the steps behind that;
 * undefined when it did not, or when no more attempts may be made.
 */
export type Attempt = (candidate: Session) => TargetTask<Session | undefined>;

/** One way of making a session smaller: tries what it can think of, and goes on from what still fails. */
export type Pass = (session: Session, attempt: Attempt) => TargetTask<Session>;

/** A session with one step replaced by others, or by none. */
export function withStep(session: Session, index: number, ...steps: readonly BoundStep[]): Session {
  return [...session.slice(0, index), ...steps, ...session.slice(index + 1)];
}
