import { MessageType } from '../../schema/index.js';
import { headerOf, type TargetTask } from '../../target/index.js';
import type { Attempt, Session } from './pass.js';

/** Most messages of a session in which each pair is removed too: two messages can need each other only. */
const PAIRS_MAX = 24;

/** Removes messages: halves, quarters and so on, then single ones, then pairs, until none can go. */
export function* removeMessages(session: Session, attempt: Attempt): TargetTask<Session> {
  let current = session;
  for (let size = messagesOf(current).length >> 1; size > 1; size >>= 1)
    current = yield* removeRuns(current, size, attempt);
  for (;;) {
    const before = current.length;
    current = yield* removeRuns(current, 1, attempt);
    if (current.length < before) continue;
    current = yield* removePairs(current, attempt);
    if (current.length === before) return current;
  }
}

/** Removes runs of this many messages, from the end to the start, because later messages depend on earlier ones. */
function* removeRuns(session: Session, size: number, attempt: Attempt): TargetTask<Session> {
  let current = session;
  for (let end = messagesOf(current).length; end > 0; end -= size) {
    const messages = messagesOf(current);
    if (end > messages.length) continue;
    const start = Math.max(0, end - size);
    const smaller = yield* attempt(without(messages, (index) => index >= start && index < end));
    if (smaller !== undefined) current = smaller;
  }
  return current;
}

function* removePairs(session: Session, attempt: Attempt): TargetTask<Session> {
  const messages = messagesOf(session);
  if (messages.length > PAIRS_MAX) return session;
  for (let one = messages.length - 1; one > 0; one--)
    for (let other = one - 1; other >= 0; other--) {
      const smaller = yield* attempt(without(messages, (index) => index === one || index === other));
      if (smaller !== undefined) return smaller;
    }
  return session;
}

function without(messages: readonly Session[], gone: (index: number) => boolean): Session {
  return messages.filter((_, index) => !gone(index)).flat();
}

/** The steps of a session by message: the fragments of one message belong together. */
function messagesOf(session: Session): Session[] {
  const messages: Session[] = [];
  let missing = 0;
  for (const bound of session) {
    const { step } = bound;
    const last = messages.at(-1);
    const head = last?.[0]?.step;
    const same = step.kind === 'frame' && head?.kind === 'frame' && step.from === head.from;
    if (missing > 0 && same && headerOf(step.frame)?.type === MessageType.continuation) {
      messages[messages.length - 1] = [...(last as Session), bound];
      missing--;
      continue;
    }
    messages.push([bound]);
    missing = step.kind === 'frame' ? (headerOf(step.frame)?.fragments ?? 0) : 0;
  }
  return messages;
}
