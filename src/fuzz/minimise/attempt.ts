import type { Work } from '../campaign/command.js';
import type { BoundStep } from './binding.js';

export type Session = readonly BoundStep[];

/**
 * Plays a smaller session. @returns what it was when the same thing went wrong again, without the steps behind that;
 * undefined when it did not, or when no more attempts may be made.
 */
export type Attempt = (candidate: Session) => Work<Session | undefined>;

/** One way of making a session smaller: tries what it can think of, and goes on from what still fails. */
export type Pass = (session: Session, attempt: Attempt) => Work<Session>;

/** A session with one step replaced by others, or by none. */
export function withStep(session: Session, index: number, ...steps: readonly BoundStep[]): Session {
  return [...session.slice(0, index), ...steps, ...session.slice(index + 1)];
}
