import { MessageType, type Protocol } from '../../schema/index.js';
import type { Judged } from './judge.js';
import type { TracedMessage } from './message.js';
import { plausibilityOf } from './plausible.js';

/**
 * Drops sends that are repeated because the queue was full: each try is traced. A message that is sent again at once
 * with the same bytes is a try, unless its reply has come between. Continuations of one message may be equal to each
 * other, so they are tries only where more have come than the message announces.
 */
export class RetryFilter {
  readonly #protocol: Protocol;
  readonly #sink: (item: Judged) => void;
  /** What RM's transmit queue carried last. */
  #last: TracedMessage | undefined;
  /** Continuations that the message in progress still lacks. */
  #missing = 0;
  #dropped = 0;

  constructor(protocol: Protocol, sink: (item: Judged) => void) {
    this.#protocol = protocol;
    this.#sink = sink;
  }

  /** Tries that were left out. */
  get dropped(): number {
    return this.#dropped;
  }

  push(item: Judged): void {
    if (item.kind === 'lost') this.#last = undefined;
    else if (item.isRm && item.message.direction === 'rx') this.#received(item.message);
    else if (item.isRm && this.#isRetry(item.message)) {
      this.#dropped++;
      return;
    }
    this.#sink(item);
  }

  /** What was answered has been sent. */
  #received(message: TracedMessage): void {
    if (this.#last === undefined) return;
    const reply = plausibilityOf(this.#protocol, message).header;
    const sent = plausibilityOf(this.#protocol, this.#last).header;
    if (reply?.type === MessageType.reply && reply.seq === sent?.seq && reply.msg_id === sent.msg_id)
      this.#last = undefined;
  }

  #isRetry(message: TracedMessage): boolean {
    const last = this.#last;
    this.#last = message;
    const { header } = plausibilityOf(this.#protocol, message);
    const same = last !== undefined && sameBytes(last.bytes, message.bytes) && last.size === message.size;
    if (header?.type === MessageType.continuation) {
      if (same && this.#missing === 0) return true;
      this.#missing = Math.max(0, this.#missing - 1);
      return false;
    }
    if (same) return true;
    this.#missing = header?.fragments ?? 0;
    return false;
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length || left.length === 0) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}
