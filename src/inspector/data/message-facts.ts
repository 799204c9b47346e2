import { formatId, MessageType } from '../../schema/index.js';
import { Flag, type MessageIndex, recordTypes } from './message-index.js';

/** Name of a message, its id if it is unknown, undefined if it has no header. */
export function nameAt(index: MessageIndex, at: number): string | undefined {
  if (!index.has(at, Flag.header)) return undefined;
  return index.messageOf(at)?.name ?? formatId(index.messages.columns.id[at] as number);
}

/** Whether a message is a request, complete and not repeated, that has no reply. */
export function isUnanswered(index: MessageIndex, at: number): boolean {
  const { type, partner } = index.messages.columns;
  const isRequest = type[at] === MessageType.request && partner[at] === 0;
  return isRequest && !index.has(at, Flag.incomplete | Flag.duplicate);
}

/** Whether a message is a reply with an error. */
export function isFailed(index: MessageIndex, at: number): boolean {
  return index.messages.columns.error[at] !== 0;
}

/** Whether a message has a problem in the sense of `decode`. */
export function isProblemAt(index: MessageIndex, at: number): boolean {
  const type = recordTypes[index.messages.columns.type[at] as number];
  return index.has(at, Flag.issues | Flag.incomplete) || type === 'malformed' || type === 'continuation';
}
