import { type PlayedSession, type Replay, sessionOf } from '../play/play.js';
import type { TargetTask } from '../play/target-task.js';
import type { Pass, Session } from './pass.js';
import { removeMessages } from './remove-messages.js';
import { shrinkContents } from './shrink-contents.js';
import { shrinkMessages, simplifyValues } from './shrink-messages.js';

/**
 * Fewest messages, then fewest bytes, then simplest values; then what became needless by that. Messages twice: what a
 * step names may first be something else than what it came to name once others had gone.
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
 * The smallest session that the passes find with which the same goes wrong, as it was put to the target last.
 *
 * @param found a session in which something went wrong. @param replay plays a session and finds that again.
 * @param plays how many sessions may be played.
 * @returns undefined when what went wrong does not happen again with the same steps.
 */
export function* minimise(
  found: PlayedSession,
  replay: Replay,
  plays: number,
): TargetTask<PlayedSession | undefined> {
  const key = found.cause?.key;
  let best: PlayedSession | undefined;
  let left = plays;
  function* attempt(candidate: Session): TargetTask<Session | undefined> {
    if (left === 0 || candidate.length === 0) return undefined;
    left--;
    const played = yield* replay(candidate);
    if (played.cause?.key !== key) return undefined;
    best = played;
    // What a step names stays what it was when the session was recorded.
    return candidate.slice(0, played.steps.length);
  }
  yield* attempt(sessionOf(found));
  for (const pass of passes) if (best !== undefined) yield* pass(sessionOf(best), attempt);
  return best;
}
