import { protocol } from '../../../schemas/index.js';
import { FrameWriter } from '../../rpc/index.js';
import { MessageType } from '../../schema/index.js';
import type { Action, PendingRequest } from './action.js';
import type { Session } from './session.js';

/** Requests that can wait at one time. The next one replaces the oldest. */
const PENDING_MAX = 256;
const { content, max_continuations: continuationsMax } = protocol.limits;
const noPayload = new Uint8Array(0);

/** Sends requests and finds them again when their replies come. Sequence numbers count over all senders. */
export class PendingRequests {
  readonly #pending: readonly PendingRequest[] = Array.from({ length: PENDING_MAX }, newRequest);
  readonly #frames = new FrameWriter(protocol);
  #seq = 0;

  clear(): void {
    for (const sent of this.#pending) sent.shape = undefined;
    this.#seq = 0;
  }

  /**
   * Puts the request in the session's draft into steps, one per queue message.
   *
   * @param state for coverage. @param trusted see {@link PendingRequest}.
   */
  send(session: Session, action: Action | undefined, state: number, trusted: boolean): void {
    const { draft, vm, parcel, interrupt, note } = session;
    const { sender: from, id, size, payload } = draft;
    const sent = this.#next();
    const { seq } = sent;
    sent.action = action;
    sent.shape = draft.shape;
    sent.from = from;
    sent.id = id;
    sent.state = state;
    sent.vm = vm;
    sent.parcel = parcel;
    sent.interrupt = interrupt;
    sent.note = note;
    sent.trusted = trusted;
    const fragments = size <= content ? 0 : Math.min(continuationsMax, Math.ceil(size / content) - 1);
    for (let index = 0; index <= fragments; index++) {
      const type = index === 0 ? MessageType.request : MessageType.continuation;
      const start = index * content;
      const end = Math.min(size, start + content);
      const frame = this.#frames.write({ type, fragments, seq, msg_id: id }, payload, start, end);
      session.put({ kind: 'frame', from, frame });
    }
  }

  /** A queue message with a request without payload, whose reply is ignored. */
  emptyRequest(id: number): Uint8Array {
    const sent = this.#next();
    sent.shape = undefined;
    const header = { type: MessageType.request, fragments: 0, seq: sent.seq, msg_id: id };
    return this.#frames.write(header, noPayload, 0, 0);
  }

  /** The request that a reply answers, undefined when none waits for it. */
  answered(to: number, seq: number, id: number): PendingRequest | undefined {
    const sent = this.#pending[seq % PENDING_MAX] as PendingRequest;
    return sent.shape !== undefined && sent.seq === seq && sent.from === to && sent.id === id
      ? sent
      : undefined;
  }

  #next(): PendingRequest {
    const sent = this.#pending[this.#seq % PENDING_MAX] as PendingRequest;
    sent.seq = this.#seq;
    this.#seq = (this.#seq + 1) & 0xffff;
    return sent;
  }
}

function newRequest(): PendingRequest {
  return {
    action: undefined,
    shape: undefined,
    from: 0,
    seq: 0,
    id: 0,
    state: 0,
    vm: undefined,
    parcel: undefined,
    interrupt: undefined,
    note: 0,
    trusted: true,
  };
}
