import { MessageType, type Protocol } from '../../schema/index.js';
import type { Judged } from './judge.js';
import type { Direction, TracedMessage } from './message.js';
import { isWholeMessage, plausibilityOf } from './plausible.js';

/** Messages that are held back until it is known which queues are RM's. */
const HELD_MAX = 4096;
/** Requests without a reply that are remembered. */
const PENDING_MAX = 1024;
/** Answered requests by which a queue must lead, where another one could be RM's too. */
const LEAD = 3;

/** What is known of one queue that the trace names. */
interface QueueFacts {
  count: number;
  /** Messages whose header fits the RPC and the direction. */
  fitting: number;
  /** Messages whose payload is of its declared layout, too. */
  whole: number;
  /** Requests on it that were answered, or replies on it that answered one. */
  matched: number;
}

/**
 * Finds out which of the queues that a trace names are RM's: those whose requests are answered, and those that bring
 * the answers, by sequence number and message ID. Single messages do not tell: other queues carry bytes that look
 * like RM's (capturing.md, section 4). Holds messages back until it knows, then passes all on in their order.
 */
export class QueueFinder {
  readonly #protocol: Protocol;
  readonly #sink: (item: Judged) => void;
  readonly #facts: Readonly<Record<Direction, Map<string, QueueFacts>>> = { tx: new Map(), rx: new Map() };
  readonly #rm: Record<Direction, string | undefined> = { tx: undefined, rx: undefined };
  /** Requests by sequence number and ID: the queues that carried them. */
  readonly #pending = new Map<string, Set<string>>();
  #held: Judged[] = [];
  /** A queue of RM was found since the last look at what is held. */
  #hasDecided = false;

  constructor(protocol: Protocol, sink: (item: Judged) => void) {
    this.#protocol = protocol;
    this.#sink = sink;
  }

  lost(count: number | undefined): void {
    this.#pass({ kind: 'lost', count });
  }

  message(message: TracedMessage): void {
    if (this.#rm.tx === undefined || this.#rm.rx === undefined) this.#learn(message);
    this.#pass({ kind: 'message', message, isRm: undefined });
  }

  /**
   * Hands on messages that wait for an answer to show whose queue it is, as far as they can only be RM's: each is whole,
   * and no other queue has had messages like RM's.
   */
  settle(): void {
    const count = this.#held.findIndex((item) => !this.#canOnlyBeRm(item));
    const items = count < 0 ? this.#held : this.#held.slice(0, count);
    this.#held = count < 0 ? [] : this.#held.slice(count);
    for (const item of items) {
      if (item.kind === 'message') item.isRm = this.#isKnown(item) ? this.#isRm(item.message) : true;
      this.#sink(item);
    }
  }

  #canOnlyBeRm(item: Judged): boolean {
    if (item.kind === 'lost' || this.#isKnown(item)) return true;
    const { direction, queue, bytes } = item.message;
    const looked = plausibilityOf(this.#protocol, item.message);
    const fitting = [...this.#facts[direction]].filter(([, facts]) => facts.fitting > 0);
    const [only] = fitting;
    if (only === undefined || fitting.length > 1 || only[0] !== queue) return false;
    return only[1].fitting === only[1].count && isWholeMessage(this.#protocol, bytes, looked);
  }

  /** Nothing follows: what is not known is decided by what there is. */
  end(): void {
    this.#decideByShare();
    this.#release(this.#held);
  }

  #pass(item: Judged): void {
    if (this.#held.length === 0 && this.#isKnown(item)) {
      this.#handOn(item);
      return;
    }
    this.#held.push(item);
    if (this.#held.length > HELD_MAX) this.#decideByShare();
    else if (this.#hasDecided) {
      this.#hasDecided = false;
      if (!this.#held.every((held) => this.#isKnown(held))) return;
    } else return;
    this.#release(this.#held);
  }

  #release(items: readonly Judged[]): void {
    this.#held = [];
    for (const item of items) this.#handOn(item);
  }

  #handOn(item: Judged): void {
    if (item.kind === 'message') item.isRm = this.#isRm(item.message);
    this.#sink(item);
  }

  /** Undefined: the trace names no queue for it. */
  #isRm({ direction, queue, isRmOnly }: TracedMessage): boolean | undefined {
    if (isRmOnly) return true;
    return queue === undefined ? undefined : queue === this.#rm[direction];
  }

  #isKnown(item: Judged): boolean {
    if (item.kind !== 'message') return true;
    const { queue, direction, isRmOnly } = item.message;
    return queue === undefined || isRmOnly || this.#rm[direction] !== undefined;
  }

  #learn(message: TracedMessage): void {
    const { direction, queue } = message;
    // Without a queue there is nothing to learn, except from the answer to a request that had one.
    if (queue === undefined && this.#pending.size === 0) return;
    const looked = plausibilityOf(this.#protocol, message);
    const { header, fits } = looked;
    const facts = queue === undefined ? undefined : this.#factsOf(direction, queue);
    if (facts !== undefined) {
      facts.count++;
      if (fits) facts.fitting++;
      if (fits && isWholeMessage(this.#protocol, message.bytes, looked)) facts.whole++;
    }
    if (!fits || header === undefined) return;
    const key = `${header.seq} ${header.msg_id}`;
    if (header.type === MessageType.request && queue !== undefined) {
      if (this.#pending.size > PENDING_MAX) this.#pending.clear();
      this.#pending.set(key, (this.#pending.get(key) ?? new Set()).add(queue));
    } else if (header.type === MessageType.reply) this.#matched(key, facts);
    this.#decideByMatches();
  }

  #matched(key: string, reply: QueueFacts | undefined): void {
    const queues = this.#pending.get(key);
    this.#pending.delete(key);
    if (queues === undefined) return;
    if (reply !== undefined) reply.matched++;
    // Where two queues have carried the same request, it tells nothing of them.
    if (queues.size > 1) return;
    for (const queue of queues) this.#factsOf('tx', queue).matched++;
  }

  #factsOf(direction: Direction, queue: string): QueueFacts {
    const all = this.#facts[direction];
    let facts = all.get(queue);
    if (facts === undefined) {
      facts = { count: 0, fitting: 0, whole: 0, matched: 0 };
      all.set(queue, facts);
    }
    return facts;
  }

  #decideByMatches(): void {
    for (const direction of ['tx', 'rx'] as const) {
      if (this.#rm[direction] !== undefined) continue;
      const [best, next] = ranked(this.#facts[direction], ({ matched }) => matched);
      if (best === undefined || best.facts.matched === 0) continue;
      const rivals = [...this.#facts[direction]].filter(
        ([queue, { count, fitting }]) => queue !== best.queue && fitting === count,
      );
      const lead = best.facts.matched - (next?.facts.matched ?? 0);
      if (rivals.length === 0 ? lead <= 0 : lead < LEAD) continue;
      this.#rm[direction] = best.queue;
      this.#hasDecided = true;
    }
  }

  /** The queue with the most answered requests, else that whose messages fit best, if most of them do. */
  #decideByShare(): void {
    for (const direction of ['tx', 'rx'] as const) {
      const [best] = ranked(
        this.#facts[direction],
        ({ matched, fitting, whole, count }) => matched * HELD_MAX + (fitting + whole) / count,
      );
      if (best !== undefined && best.facts.fitting * 2 > best.facts.count) this.#rm[direction] ??= best.queue;
    }
  }
}

function ranked(
  all: ReadonlyMap<string, QueueFacts>,
  score: (facts: QueueFacts) => number,
): { readonly queue: string; readonly facts: QueueFacts }[] {
  return [...all]
    .map(([queue, facts]) => ({ queue, facts }))
    .sort(
      (left, right) => score(right.facts) - score(left.facts) || right.facts.fitting - left.facts.fitting,
    );
}
