import type { MessageQueue } from '../transport/index.js';
import type { Sent } from './endpoint.js';

/** Carries queue messages between a client and RM: a pair of queues, or a socket. */
export interface Transport {
  /** Sends one queue message, 8..240 bytes, to RM. The client does not change the bytes afterwards. */
  send(frame: Uint8Array, push: boolean): Sent;
  /** Takes the next queue message from RM. @returns undefined when there is none. */
  take(): Uint8Array | undefined;
  /** Sets the client's interrupt handlers. A closed client sets handlers that do nothing. */
  connect(handlers: TransportHandlers): void;
}

export interface TransportHandlers {
  /** There is something to take. */
  readonly notEmpty: () => void;
  /** The queue to RM has room again. */
  readonly notFull: () => void;
}

/** A transport over the two queues of a VM to and from RM. */
export function queueTransport(toRm: MessageQueue, fromRm: MessageQueue): Transport {
  return {
    send: (frame, push) => toRm.send(frame, push),
    take: () => fromRm.receive().message,
    connect({ notEmpty, notFull }) {
      fromRm.onNotEmpty = notEmpty;
      toRm.onNotFull = notFull;
    },
  };
}
