import { error, limits, MEM_ACCEPTED, MEM_RELEASED, VM_EXITED, VM_STATUS } from '../../../schemas/index.js';
import { MessageType } from '../../schema/index.js';
import type { Sent } from './action.js';
import { ParcelState, State } from './known-state.js';
import { type Session, VMID_HLOS, wordAt } from './session.js';

const TYPE_MASK = 3;
const HEADER = limits.header;

/**
 * Takes in a queue message that a VM took.
 *
 * @returns the request that it answers, undefined for everything but the first message of a reply.
 */
export function learn(session: Session, to: number, frame: Uint8Array): Sent | undefined {
  if (frame.length < HEADER) return undefined;
  const type = (frame[1] as number) & TYPE_MASK;
  if (type === MessageType.reply) return learnReply(session, to, frame);
  if (type === MessageType.notification) learnNotification(session, to, frame);
  return undefined;
}

function learnReply(session: Session, to: number, frame: Uint8Array): Sent | undefined {
  const sent = session.answered(to, (frame[2] as number) | ((frame[3] as number) << 8), wordAt(frame, 4));
  if (sent === undefined) return undefined;
  const ok = wordAt(frame, HEADER) === error.values.OK;
  if (!sent.trusted) session.doubt();
  else if (ok) sent.action?.done?.(session, sent, frame);
  else sent.action?.refused?.(session, sent);
  return sent;
}

function learnNotification(session: Session, to: number, frame: Uint8Array): void {
  const { known } = session;
  const word = wordAt(frame, HEADER);
  switch (wordAt(frame, 4)) {
    case VM_STATUS.id: {
      const vm = to === VMID_HLOS ? known.vm(word & 0xffff) : undefined;
      if (vm !== undefined) session.stateOf(vm, frame[HEADER + 4] ?? 0);
      return;
    }
    case VM_EXITED.id: {
      const vm = known.vm(word & 0xffff);
      if (vm !== undefined) vm.state = State.EXITED;
      return;
    }
    case MEM_RELEASED.id: {
      const parcel = known.parcel(word);
      if (parcel !== undefined) known.left(parcel, wordAt(frame, HEADER + 4) & 0xffff);
      return;
    }
    case MEM_ACCEPTED.id: {
      const parcel = known.parcel(word);
      if (parcel !== undefined) parcel.stage = ParcelState.ACCEPTED;
    }
  }
}
