import type { MessageQueue } from '../transport/index.js';
import type { Sent, Transmit } from './endpoint.js';
import { errnoNumbers } from './errno.js';

/** Carries queue messages between a client and RM: a pair of queues, or a socket. */
export interface Transport {
  /**
   * Sends one queue message, 8..240 bytes, to RM. The client does not change the bytes afterwards. If this throws, or
   * returns no result, the call ends with EIO and path `transport`.
   */
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

/** Sends over any transport, also one that breaks its contract. */
export function sendOver(transport: Transport, { frame, push }: Transmit): Sent {
  let result: unknown;
  try {
    result = transport.send(frame, push);
  } catch (error) {
    return { errno: 'EIO', fault: `send threw ${error instanceof Error ? error.message : String(error)}` };
  }
  return isSent(result) ? result : { errno: 'EIO', fault: `send returned ${typeof result}` };
}

function isSent(result: unknown): result is Sent {
  if (typeof result !== 'object' || result === null) return false;
  if ('errno' in result) return Object.hasOwn(errnoNumbers, String(result.errno));
  return 'error' in result && typeof result.error === 'number' && 'notFull' in result;
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
