import { MessageType, type Protocol } from '../../schema/index.js';
import type { TracedMessage } from './message.js';
import { isWholeMessage, plausibilityOf } from './plausible.js';

/** Messages that may pass before a request whose payload does not decode counts as another queue's. */
const WAIT_MAX = 64;

/** A loss of events, or a message with the answer to whether it is RM's; undefined while that is open. */
export type Judged =
  | { readonly kind: 'lost'; readonly count: number | undefined }
  | { readonly kind: 'message'; readonly message: TracedMessage; isRm: boolean | undefined };

/** Requests with one sequence number and ID that wait for the same answer. */
interface Open {
  readonly items: (Judged & { kind: 'message' })[];
  waited: number;
}

/**
 * Tells RM's messages from those of other queues where the trace names no queue, by each message itself: its header
 * and payload fit the protocol, or RM answered it. Keeps the order; what waits for an answer holds up what follows.
 */
export class MessageJudge {
  readonly #protocol: Protocol;
  readonly #sink: (item: Judged) => void;
  readonly #queue: Judged[] = [];
  readonly #open = new Map<string, Open>();

  constructor(protocol: Protocol, sink: (item: Judged) => void) {
    this.#protocol = protocol;
    this.#sink = sink;
  }

  /** Takes the next item; a message whose `isRm` is undefined is judged. */
  push(item: Judged): void {
    if (
      this.#queue.length === 0 &&
      this.#open.size === 0 &&
      (item.kind === 'lost' || item.isRm !== undefined)
    ) {
      this.#sink(item);
      return;
    }
    if (item.kind === 'message') this.#look(item);
    // What waits stands in front of what follows; mostly nothing does.
    if (this.#queue.length === 0 && (item.kind === 'lost' || item.isRm !== undefined)) {
      this.#age();
      this.#sink(item);
      return;
    }
    this.#queue.push(item);
    this.#age();
    this.#release();
  }

  /** Place of the first message that waits; Infinity when none does. */
  get oldest(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const item of this.#queue)
      if (item.kind === 'message') oldest = Math.min(oldest, item.message.place ?? oldest);
    return oldest;
  }

  /** Hands on all that is decided; what waits for an answer stays. */
  settle(): void {
    const decided = this.#queue.filter((item) => item.kind === 'lost' || item.isRm !== undefined);
    const open = this.#queue.filter((item) => item.kind === 'message' && item.isRm === undefined);
    this.#queue.splice(0, this.#queue.length, ...open);
    for (const item of decided) this.#sink(item);
  }

  end(): void {
    for (const [key, open] of this.#open) this.#decide(key, open, false);
    this.#release();
  }

  #age(): void {
    for (const [key, open] of this.#open) {
      if (++open.waited > WAIT_MAX) this.#decide(key, open, false);
    }
  }

  #look(item: Judged & { kind: 'message' }): void {
    const { bytes, size } = item.message;
    if (item.isRm === false) return;
    const looked = plausibilityOf(this.#protocol, item.message);
    const { header, fits } = looked;
    if (this.#open.size > 0 && fits && header?.type === MessageType.reply) {
      const key = `${header.seq} ${header.msg_id}`;
      const open = this.#open.get(key);
      if (open !== undefined) this.#decide(key, open, true);
    }
    if (item.isRm !== undefined) return;
    // A continuation, a first packet of several, and what the trace cut cannot be decoded by themselves.
    const isPart = header?.type === MessageType.continuation || (header?.fragments ?? 0) > 0;
    if (!fits || header === undefined) item.isRm = false;
    else if (isPart || bytes.length < size || header.type !== MessageType.request) item.isRm = true;
    else if (isWholeMessage(this.#protocol, bytes, looked)) item.isRm = true;
    else {
      const key = `${header.seq} ${header.msg_id}`;
      const open = this.#open.get(key) ?? { items: [], waited: 0 };
      open.items.push(item);
      this.#open.set(key, open);
    }
  }

  #decide(key: string, { items }: Open, isRm: boolean): void {
    for (const item of items) item.isRm = isRm;
    this.#open.delete(key);
  }

  #release(): void {
    let count = 0;
    for (const item of this.#queue) {
      if (item.kind === 'message' && item.isRm === undefined) break;
      count++;
    }
    for (const item of this.#queue.splice(0, count)) this.#sink(item);
  }
}
