import { error, limits, MEM_ACCEPTED, MEM_RELEASED, VM_EXITED, VM_STATUS } from '../../../schemas/index.js';
import { MessageType } from '../../schema/index.js';
import { frameId, wordAt } from '../../target/index.js';
import type { PendingRequest } from './action.js';
import { ParcelState, State, UNKNOWN } from './known-state.js';
import type { PendingRequests } from './pending-requests.js';
import { type Session, VMID_HLOS } from './session.js';

const TYPE_MASK = 3;
const PAYLOAD = limits.header;

/**
 * Updates what a session knows from a queue message that a VM received.
 *
 * @returns the request that it answers, undefined for everything but the first queue message of a reply.
 */
export function learn(
  session: Session,
  pending: PendingRequests,
  to: number,
  frame: Uint8Array,
): PendingRequest | undefined {
  if (frame.length < PAYLOAD) return undefined;
  const type = (frame[1] as number) & TYPE_MASK;
  if (type === MessageType.notification) learnNotification(session, to, frame);
  if (type !== MessageType.reply) return undefined;
  const sent = pending.answered(to, (frame[2] as number) | ((frame[3] as number) << 8), frameId(frame));
  if (sent === undefined) return undefined;
  // The reply to a request with another sender or subject says nothing about the subject. States may have changed.
  if (!sent.trusted) for (const vm of session.known.vms) vm.state = UNKNOWN;
  else if (wordAt(frame, PAYLOAD) === error.values.OK) sent.action?.done?.(session, sent, frame);
  else sent.action?.refused?.(session, sent);
  return sent;
}

function learnNotification(session: Session, to: number, frame: Uint8Array): void {
  const { known } = session;
  const id = frameId(frame);
  const first = wordAt(frame, PAYLOAD);
  const vm = id === VM_STATUS.id || id === VM_EXITED.id ? known.vm(first & 0xffff) : undefined;
  const parcel = id === MEM_RELEASED.id || id === MEM_ACCEPTED.id ? known.parcel(first) : undefined;
  if (vm !== undefined && id === VM_EXITED.id) vm.state = State.EXITED;
  else if (vm !== undefined && to === VMID_HLOS) session.vmStateReported(vm, frame[PAYLOAD + 4] ?? 0);
  if (parcel === undefined) return;
  if (id === MEM_ACCEPTED.id) parcel.state = ParcelState.ACCEPTED;
  else known.parcelReleased(parcel, wordAt(frame, PAYLOAD + 4) & 0xffff);
}
