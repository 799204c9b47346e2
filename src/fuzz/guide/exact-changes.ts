import type { BoundStep } from '../play/id-binding.js';
import type { Comparison } from './comparisons.js';
import { matchesIn, withMatch } from './message-mutations.js';
import { type Session, withFrame } from './session-mutations.js';

/** Places in the last step of one session that are tried; those of the largest constants. */
const MATCHES_MAX = 16;
/** What is added to a constant: the number itself, and those beside it for comparisons of order. */
const BESIDES = [0, 1, -1] as const;

/**
 * Sessions that pass comparisons which a session has not passed in its last step: where the step holds what was compared
 * with a constant, they hold the constant.
 *
 * @param comparisons of the last step.
 */
export function exactChanges(session: Session, comparisons: readonly Comparison[]): readonly Session[] {
  const bound = session.at(-1) as BoundStep;
  const { step } = bound;
  if (step.kind !== 'frame') return [];
  const matches = matchesIn(step.frame, comparisons)
    .toSorted((a, b) => b.constant - a.constant)
    .slice(0, MATCHES_MAX);
  return BESIDES.flatMap((beside) =>
    matches.map((match) => [
      ...session.slice(0, -1),
      withFrame(bound, step, withMatch(step.frame, match, beside)),
    ]),
  );
}
