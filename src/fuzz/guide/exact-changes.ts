import type { BoundStep } from '../play/id-binding.js';
import type { Comparison } from './comparisons.js';
import { type Match, matchesIn, withMatch } from './message-mutations.js';
import { type FrameStep, type Session, withFrame } from './session-mutations.js';

/** Places that are tried for one session, and for one comparison of it. */
const MATCHES_MAX = 32;
const PLACES_MAX = 6;
/** Steps before the last one in which places are looked for. */
const STEPS_MAX = 8;
/** Larger constants are names or marks: numbers beside them mean nothing, and few values are equal by chance. */
const NAME_MIN = 2 ** 24;

/** A place in a step of a session. */
interface Place extends Match {
  readonly at: number;
}

/**
 * Sessions that pass comparisons which a session has not passed in its last step: where this step, or one before it, holds
 * what was compared with a constant, it holds the constant, or a number beside it for comparisons of order.
 *
 * @param comparisons of the last step.
 */
export function exactChanges(session: Session, comparisons: readonly Comparison[]): readonly Session[] {
  const found: Place[][] = comparisons.map(() => []);
  const first = Math.max(0, session.length - 1 - STEPS_MAX);
  // The latest steps first.
  for (let at = session.length - 1; at >= first; at--) {
    const { step } = session[at] as BoundStep;
    if (step.kind !== 'frame') continue;
    for (const [index, matches] of matchesIn(step.frame, comparisons).entries())
      found[index]?.push(...matches.map((match) => ({ ...match, at })));
  }
  const places = found
    .toSorted((a, b) => commonness(a) - commonness(b))
    .flatMap((list) => list.slice(0, PLACES_MAX))
    .slice(0, MATCHES_MAX);
  const limits = places.filter(({ constant }) => constant < NAME_MIN);
  return [
    ...places.map((place) => changedAt(session, place, 0)),
    ...limits.map((place) => changedAt(session, place, 1)),
    ...limits.map((place) => changedAt(session, place, -1)),
  ];
}

/** What is found in many places is mostly found by chance. */
function commonness(places: readonly Place[]): number {
  return (places[0]?.constant ?? 0) >= NAME_MIN ? 0 : places.length;
}

function changedAt(session: Session, place: Place, beside: number): Session {
  const bound = session[place.at] as BoundStep & { readonly step: FrameStep };
  const changed = withFrame(bound, bound.step, withMatch(bound.step.frame, place, beside));
  return [...session.slice(0, place.at), changed, ...session.slice(place.at + 1)];
}
