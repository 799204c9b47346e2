import { protocol } from '../../schemas/index.js';
import { Assembly } from './assembly.js';
import type { Errno } from './errno.js';
import { HostError } from './error.js';
import type { Reception } from './generations.js';
import type { HazardListener } from './hazard.js';
import { hazards } from './hazards.js';
import { rmError } from './rm-error.js';

/** Payload bytes in the first queue message of a reply, which also has the error word. */
export const REPLY_DATA_MAX = protocol.limits.content - 4;

/** The part of a message's declaration that the endpoint needs. */
export interface CallName {
  /** 1..0xFFFFFFFF; 0 is refused. */
  readonly id: number;
  readonly name: string;
}

/** A call from its start until it returns. Events name the call by this object. */
export class OutgoingCall {
  /** `queued` for the send lock, `sending`, `waiting` for the reply, or `returned`. */
  state: 'queued' | 'sending' | 'waiting' | 'returned' = 'queued';
  /** Number of queue messages that have been sent. */
  sentCount = 0;
  /** Error word of the latest reply. */
  errorWord = 0;
  /** An error of the transport. A later reply does not remove it. */
  failure: 'EIO' | 'ENOMEM' | undefined;
  readonly assembly: Assembly;

  readonly #generation: Reception;

  constructor(
    readonly message: CallName,
    readonly seq: number,
    readonly frames: readonly Uint8Array[],
    generation: Reception,
  ) {
    this.#generation = generation;
    this.assembly = new Assembly(generation.buffer, REPLY_DATA_MAX);
  }

  /** The payload of an OK reply, or the error. */
  outcome(report: HazardListener): Uint8Array | HostError {
    const { errorWord, failure, message, assembly } = this;
    const generation = this.#generation;
    if (failure !== undefined && (errorWord === 0 || generation.abortedReply === 'EIO')) {
      if (failure === 'ENOMEM' && assembly.allocated && !generation.freesOnNomem)
        report(hazards.nomem_reply_kept);
      return transportError(message.name, failure);
    }
    return errorWord === 0 ? assembly.payload : rmError(message.name, errorWord, generation.errnoClient);
  }
}

const causes = {
  EIO: { code: 'aborted', expected: 'the rest of the reply', actual: 'another message' },
  ENOMEM: { code: 'reply_header', expected: 'an error word, at most 62 continuations', actual: 'neither' },
};

function transportError(call: string, errno: Errno & keyof typeof causes): HostError {
  return new HostError(call, errno, 'reply', causes[errno]);
}
