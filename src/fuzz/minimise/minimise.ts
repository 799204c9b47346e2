import type { TargetTask } from '../../target/index.js';
import { type PlayedSession, type Replay, sessionOf } from '../play/play.js';
import type { Pass, Session } from './pass.js';
import { removeMessages } from './remove-messages.js';
import { shrinkContents } from './shrink-contents.js';
import { shrinkMessages, simplifyValues } from './shrink-messages.js';

/**
 * Fewest messages, then fewest bytes, then simplest values. Messages run again at the end, because simpler values need
 * fewer of them, and twice at the start, because steps are bound to ids again after each pass.
 */
const passes: readonly Pass[] = [
  removeMessages,
  removeMessages,
  shrinkContents,
  shrinkMessages,
  simplifyValues,
  removeMessages,
];

/**
 * The smallest session found that shows the same cause, as it was last played.
 *
 * @param found the session to make smaller. @param replay plays a session.
 * @param plays most sessions that are played. @param mayGoOn asked before each, with their number so far.
 * @returns undefined when the same steps do not show the cause again.
 */
export function* minimise(
  found: PlayedSession,
  replay: Replay,
  plays: number,
  mayGoOn: (plays: number) => boolean = () => true,
): TargetTask<PlayedSession | undefined> {
  const key = found.cause?.key;
  let best: PlayedSession | undefined;
  let left = plays;
  function* attempt(candidate: Session): TargetTask<Session | undefined> {
    if (left === 0 || candidate.length === 0 || !mayGoOn(plays - left)) return undefined;
    left--;
    const played = yield* replay(candidate);
    if (played.cause?.key !== key) return undefined;
    best = played;
    // The candidate, not the steps as played: bindings belong to the ids of the recording.
    return candidate.slice(0, played.steps.length);
  }
  yield* attempt(sessionOf(found));
  for (const pass of passes) if (best !== undefined) yield* pass(sessionOf(best), attempt);
  return best;
}
