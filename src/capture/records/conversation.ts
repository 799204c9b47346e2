import type { Values } from '../../wire/index.js';

/** A request that waits for its reply. */
export interface Outstanding {
  readonly no: number;
  readonly id: number;
  readonly name: string;
  readonly seq: number;
  readonly from: number;
  readonly to: number;
  readonly frame: number;
  readonly time: bigint | undefined;
  /** The request's payload, kept only where the layout of the reply depends on it. */
  readonly payload: Values | undefined;
}

/**
 * Matches replies to requests of one sender to one receiver. A sequence number holds one request at a time, so at most
 * 65 536 are kept.
 */
export class Conversation {
  /** The value of a free number is undefined. Deleting its key would make V8 copy the map every few messages. */
  readonly #bySeq = new Map<number, Outstanding | undefined>();

  readonly #lost: (request: Outstanding) => void;

  /** `lost` is called for an unanswered request whose number a new request takes. */
  constructor(lost: (request: Outstanding) => void) {
    this.#lost = lost;
  }

  /** The unanswered request that a request with this number repeats, if there is one. */
  repeats(seq: number, id: number): Outstanding | undefined {
    const waiting = this.#bySeq.get(seq);
    return waiting?.id === id ? waiting : undefined;
  }

  /** A new request. */
  open(request: Outstanding): void {
    const waiting = this.#bySeq.get(request.seq);
    if (waiting !== undefined) this.#lost(waiting);
    this.#bySeq.set(request.seq, request);
  }

  /** The request that a reply answers; it waits no longer. */
  close(seq: number, id: number): Outstanding | undefined {
    const waiting = this.#bySeq.get(seq);
    if (waiting?.id !== id) return undefined;
    this.#bySeq.set(seq, undefined);
    return waiting;
  }

  /** All that still wait, by no particular order. */
  waiting(): Outstanding[] {
    return [...this.#bySeq.values()].filter((request) => request !== undefined);
  }
}
