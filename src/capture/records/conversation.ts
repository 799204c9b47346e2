import type { Values } from '../../wire/index.js';
import { PacketTime } from '../packets/index.js';

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
  /** The same time. */
  readonly clockTime: PacketTime;
  /** The request's payload, kept only where the layout of the reply depends on it. */
  readonly payload: Values | undefined;
}

/** A request, as it is kept. */
export class OpenRequest implements Outstanding {
  readonly clockTime = new PacketTime();

  constructor(
    readonly no: number,
    readonly id: number,
    readonly name: string,
    readonly seq: number,
    readonly from: number,
    readonly to: number,
    readonly frame: number,
    readonly payload: Values | undefined,
  ) {}

  get time(): bigint | undefined {
    return this.clockTime.ns;
  }
}

/** A request in the list of all that wait. */
interface Waiting {
  readonly request: Outstanding;
  readonly conversation: Conversation;
  older: Waiting | undefined;
  newer: Waiting | undefined;
}

/** The requests of all conversations that wait for a reply, in the order in which they came. */
export class WaitingRequests {
  #oldest: Waiting | undefined;
  #newest: Waiting | undefined;
  #count = 0;
  readonly #limit: number;
  readonly #lost: (request: Outstanding) => void;

  /**
   * @param limit how many are kept. One more replaces the oldest.
   * @param lost is called for a request that nobody will answer: another has taken its number, or its place here.
   */
  constructor(limit: number, lost: (request: Outstanding) => void) {
    this.#limit = limit;
    this.#lost = lost;
  }

  add(request: Outstanding, conversation: Conversation): Waiting {
    const waiting = { request, conversation, older: this.#newest, newer: undefined };
    if (this.#newest === undefined) this.#oldest = waiting;
    else this.#newest.newer = waiting;
    this.#newest = waiting;
    this.#count++;
    if (this.#count > this.#limit) this.#oldest?.conversation.giveUp(this.#oldest);
    return waiting;
  }

  remove(waiting: Waiting): void {
    const { older, newer } = waiting;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    this.#count--;
  }

  /** The request waits no longer, and has no reply. */
  lose(waiting: Waiting): void {
    this.remove(waiting);
    this.#lost(waiting.request);
  }

  /** Gives up all, oldest first. */
  end(): void {
    while (this.#oldest !== undefined) this.#oldest.conversation.giveUp(this.#oldest);
  }
}

/** Free numbers that a conversation may keep in its map. */
const FREE_MAX = 4096;

/** Matches replies to requests of one sender to one receiver. A sequence number holds one request at a time. */
export class Conversation {
  /** The value of a free number is undefined. Deleting its key would make V8 copy the map every few messages. */
  readonly #bySeq = new Map<number, Waiting | undefined>();
  #count = 0;
  readonly #all: WaitingRequests;

  constructor(all: WaitingRequests) {
    this.#all = all;
  }

  /** The unanswered request that a request with this number repeats, if there is one. */
  repeats(seq: number, id: number): Outstanding | undefined {
    const request = this.#bySeq.get(seq)?.request;
    return request?.id === id ? request : undefined;
  }

  /** A new request. */
  open(request: Outstanding): void {
    const waiting = this.#bySeq.get(request.seq);
    if (waiting !== undefined) this.giveUp(waiting);
    this.#count++;
    this.#bySeq.set(request.seq, this.#all.add(request, this));
  }

  /** The request that a reply answers; it waits no longer. */
  close(seq: number, id: number): Outstanding | undefined {
    const waiting = this.#bySeq.get(seq);
    if (waiting?.request.id !== id) return undefined;
    this.#free(seq);
    this.#all.remove(waiting);
    return waiting.request;
  }

  /** Its request will not be answered. */
  giveUp(waiting: Waiting): void {
    this.#free(waiting.request.seq);
    this.#all.lose(waiting);
  }

  /** Gives up all that wait, by no particular order. */
  end(): void {
    for (const waiting of [...this.#bySeq.values()]) if (waiting !== undefined) this.giveUp(waiting);
  }

  #free(seq: number): void {
    this.#bySeq.set(seq, undefined);
    this.#count--;
    if (this.#bySeq.size > 2 * this.#count + FREE_MAX) this.#forgetFree();
  }

  #forgetFree(): void {
    const kept = [...this.#bySeq].filter(([, waiting]) => waiting !== undefined);
    this.#bySeq.clear();
    for (const [seq, waiting] of kept) this.#bySeq.set(seq, waiting);
  }
}
