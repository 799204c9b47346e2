import type { MessageQueue } from '../transport/index.js';
import type { Sent } from './endpoint.js';

/** What carries queue messages between a client and RM: a pair of queues, a socket. */
export interface Transport {
  /** Puts one queue message, 8..240 bytes, on its way to RM; it stays as it is afterwards. */
  send(frame: Uint8Array, push: boolean): Sent;
  /** Takes the next queue message from RM; undefined when there is none. */
  take(): Uint8Array | undefined;
  /** Called with the client's interrupt handlers, and with handlers that do nothing when it is closed. */
  connect(handlers: TransportHandlers): void;
}

export interface TransportHandlers {
  /** There is something to take. */
  readonly notEmpty: () => void;
  /** What could not be sent can be sent now. */
  readonly notFull: () => void;
}

/** A VM's two queues to and from RM, by the hypervisor's rules. */
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
