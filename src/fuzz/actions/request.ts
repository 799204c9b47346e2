import type { Draft } from '../message/draft.js';
import type { MessageShape } from '../message/message-shape.js';
import { type Action, ANY, type ReplyHandlers, type SubjectKind, type Subjects } from '../session/action.js';
import { type Session, VMID_HLOS } from '../session/session.js';

/** A request that sessions send. Its functions run in the order in which they are listed here. */
export interface RequestRow<K extends SubjectKind> extends ReplyHandlers, Pick<Action, 'theme' | 'weight'> {
  readonly subject: K;
  /** States of the subject in which RM accepts it; any state unless given. */
  readonly from?: number;
  /** Whether it is possible. */
  when?(session: Session, subject: Subjects[K]): boolean;
  /** VMID that sends it, undefined when none can; HLOS unless given. */
  sender?(session: Session, subject: Subjects[K]): number | undefined;
  /** Fills lists and bytes. @returns false when it is not possible after all. */
  fill?(session: Session, subject: Subjects[K], draft: Draft): boolean | undefined;
  /** Values of its fields; other fields are 0. */
  readonly fields?: Readonly<Record<string, (session: Session, subject: Subjects[K]) => number>>;
  /** The field whose value its reply handlers find in `note`. */
  readonly note?: string;
}

/** @throws UsageError when a field does not exist. */
export function requestAction<K extends SubjectKind>(shape: MessageShape, row: RequestRow<K>): Action {
  const { when, sender, fill, note } = row;
  const fields = Object.entries(row.fields ?? {}).map(([name, value]) => ({ slot: shape.slot(name), value }));
  const noteSlot = note === undefined ? -1 : shape.slot(note);
  const action: Action<K> = {
    ...row,
    shape,
    from: row.from ?? ANY,
    make(session, subject) {
      if (when?.(session, subject) === false) return false;
      const vmid = sender === undefined ? VMID_HLOS : sender(session, subject);
      if (vmid === undefined) return false;
      const draft = session.request(shape, vmid);
      if (fill?.(session, subject, draft) === false) return false;
      for (let index = 0; index < fields.length; index++) {
        const { slot, value } = fields[index] as (typeof fields)[number];
        draft.numbers[slot] = value(session, subject);
      }
      if (noteSlot >= 0) session.note = draft.numbers[noteSlot] as number;
      return true;
    },
  };
  return action as Action;
}

/** Any VM that has queues to RM, or HLOS. */
export function anySender({ known, random }: Session): number {
  return known.anySender(random);
}
