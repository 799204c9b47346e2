import type { Message } from '../../schema/index.js';
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

/** What is told of a request that got no reply. */
export type UnansweredRequest = Omit<Outstanding, 'clockTime' | 'payload'>;

/** A request that waits, in the list of all that do. */
export class WaitingRequest implements Outstanding {
  readonly clockTime = new PacketTime();
  older: WaitingRequest | undefined;
  newer: WaitingRequest | undefined;
  no = 0;
  // Above the small integers of V8, so that such an id later does not change what V8 has compiled.
  id = 2 ** 31;
  message: Message | undefined;
  seq = 0;
  from = 0;
  to = 0;
  frame = 0;
  payload: Values | undefined;

  constructor(public conversation: Conversation) {}

  get name(): string {
    return this.message?.name ?? '';
  }

  get time(): bigint | undefined {
    return this.clockTime.ns;
  }
}

/** The requests of all conversations that wait for a reply, in the order in which they came. */
export class WaitingRequests {
  #oldest: WaitingRequest | undefined;
  #newest: WaitingRequest | undefined;
  #count = 0;
  /** One that waits no longer, and so on by `newer`: the next requests take their places. */
  #free: WaitingRequest | undefined;
  readonly #limit: number;
  readonly #lost: (request: Outstanding) => void;

  /**
   * @param limit how many are kept. One more replaces the oldest.
   * @param lost is called for a request that nobody will answer: another has taken its number, or its place here. The
   * object is valid during the call.
   */
  constructor(limit: number, lost: (request: Outstanding) => void) {
    this.#limit = limit;
    this.#lost = lost;
  }

  /** An object for a request, which is not waiting yet. */
  take(conversation: Conversation): WaitingRequest {
    const taken = this.#free;
    if (taken === undefined) return new WaitingRequest(conversation);
    this.#free = taken.newer;
    taken.newer = undefined;
    taken.conversation = conversation;
    return taken;
  }

  add(waiting: WaitingRequest): void {
    waiting.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = waiting;
    else this.#newest.newer = waiting;
    this.#newest = waiting;
    this.#count++;
    if (this.#count > this.#limit) this.#oldest?.conversation.giveUp(this.#oldest);
  }

  /** The request waits no longer. Its object is used again when another one comes. */
  remove(waiting: WaitingRequest): void {
    const { older, newer } = waiting;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    this.#count--;
    waiting.older = undefined;
    waiting.newer = this.#free;
    this.#free = waiting;
  }

  /** The request waits no longer, and has no reply. */
  lose(waiting: WaitingRequest): void {
    this.remove(waiting);
    this.#lost(waiting);
  }

  /** All that wait, oldest first. */
  *all(): Generator<WaitingRequest> {
    for (let waiting = this.#oldest; waiting !== undefined; waiting = waiting.newer) yield waiting;
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
  readonly #bySeq = new Map<number, WaitingRequest | undefined>();
  /** The newest request is not in the map yet: mostly its reply comes next. */
  #latest: WaitingRequest | undefined;
  #count = 0;
  readonly #all: WaitingRequests;

  constructor(all: WaitingRequests) {
    this.#all = all;
  }

  /** The unanswered request that a request with this number repeats, if there is one. */
  repeats(seq: number, id: number): Outstanding | undefined {
    const waiting = this.#at(seq);
    return waiting?.id === id ? waiting : undefined;
  }

  /** A new request. */
  open(request: WaitingRequest): void {
    const before = this.#at(request.seq);
    if (before !== undefined) this.giveUp(before);
    if (this.#latest !== undefined) {
      this.#count++;
      this.#bySeq.set(this.#latest.seq, this.#latest);
    }
    this.#latest = request;
    this.#all.add(request);
  }

  /** The request that a reply answers; it waits no longer. Valid until another request comes. */
  close(seq: number, id: number): Outstanding | undefined {
    const waiting = this.#at(seq);
    if (waiting?.id !== id) return undefined;
    this.#free(waiting);
    this.#all.remove(waiting);
    return waiting;
  }

  /** Its request will not be answered. */
  giveUp(waiting: WaitingRequest): void {
    this.#free(waiting);
    this.#all.lose(waiting);
  }

  /** Gives up all that wait, in no particular order. */
  end(): void {
    for (const waiting of [...this.#bySeq.values(), this.#latest])
      if (waiting !== undefined) this.giveUp(waiting);
  }

  #at(seq: number): WaitingRequest | undefined {
    return this.#latest?.seq === seq ? this.#latest : this.#bySeq.get(seq);
  }

  #free(waiting: WaitingRequest): void {
    if (waiting === this.#latest) {
      this.#latest = undefined;
      return;
    }
    this.#bySeq.set(waiting.seq, undefined);
    this.#count--;
    if (this.#bySeq.size > 2 * this.#count + FREE_MAX) this.#forgetFree();
  }

  #forgetFree(): void {
    const kept = [...this.#bySeq].filter(([, waiting]) => waiting !== undefined);
    this.#bySeq.clear();
    for (const [seq, waiting] of kept) this.#bySeq.set(seq, waiting);
  }
}
