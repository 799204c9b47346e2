import type { Values } from '../../wire/index.js';
import { PacketTime } from '../packets/index.js';

/** A request without a reply. */
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

/** No request. */
const NONE = -1;
const BUCKETS_MIN = 4;

/** What one VM has asked another: a sequence number holds one request at a time. */
export class Conversation {
  /** The first request of each bucket. The bucket is the lowest bits of the sequence number. */
  buckets: Int32Array = new Int32Array(BUCKETS_MIN).fill(NONE);
  count = 0;

  constructor(
    readonly from: number,
    readonly to: number,
  ) {}
}

/**
 * The requests of all conversations that wait for a reply, in the order in which they came. A request is a place in
 * columns of numbers: to make and to link an object for each takes longer than all else that is done for a message.
 */
export class WaitingRequests {
  #conversations: Conversation[] = [];
  #no = new Float64Array(0);
  #frame = new Float64Array(0);
  #id = new Uint32Array(0);
  #seq = new Uint16Array(0);
  /** Halves of the time, where `#isSplit`. Other times are in `#times`. */
  #high = new Uint32Array(0);
  #low = new Uint32Array(0);
  #isSplit = new Uint8Array(0);
  readonly #times: (bigint | undefined)[] = [];
  readonly #payloads: (Values | undefined)[] = [];
  /** The next request in the bucket. */
  #next = new Int32Array(0);
  #older = new Int32Array(0);
  /** Of a free place: the next free one. */
  #newer = new Int32Array(0);
  #oldest = NONE;
  #newest = NONE;
  #free = NONE;
  #count = 0;
  readonly #limit: number;
  readonly #nameOf: (id: number) => string;
  readonly #lost: (request: Outstanding) => void;

  /**
   * @param limit how many are kept. One more replaces the oldest.
   * @param lost is called for a request that nobody will answer: another has taken its number, or its place here.
   */
  constructor(limit: number, nameOf: (id: number) => string, lost: (request: Outstanding) => void) {
    this.#limit = limit;
    this.#nameOf = nameOf;
    this.#lost = lost;
  }

  /** The request with this number and id, which is valid until another one comes; negative if none waits. */
  find(conversation: Conversation, seq: number, id: number): number {
    const place = this.#at(conversation, seq);
    return place >= 0 && this.#id[place] === id ? place : NONE;
  }

  noOf(request: number): number {
    return this.#no[request] as number;
  }

  payloadOf(request: number): Values | undefined {
    return this.#payloads[request];
  }

  /** Nanoseconds from the request to a time; NaN where one of them is unknown. */
  latency(request: number, time: PacketTime): number {
    if (time.isSplit && this.#isSplit[request] === 1) {
      const seconds = (time.high - (this.#high[request] as number)) * 0x1_0000_0000;
      const ns = seconds + (time.low - (this.#low[request] as number));
      if (Number.isSafeInteger(ns)) return ns;
    }
    return time.since(this.#timeOf(request)) ?? Number.NaN;
  }

  /** A new request. One with the same number is lost. */
  open(
    conversation: Conversation,
    no: number,
    id: number,
    seq: number,
    frame: number,
    time: PacketTime,
    payload: Values | undefined,
  ): void {
    const before = this.#at(conversation, seq);
    if (before >= 0) this.#lose(before);
    const place = this.#take();
    this.#no[place] = no;
    this.#id[place] = id;
    this.#seq[place] = seq;
    this.#frame[place] = frame;
    this.#setTime(place, time);
    if (payload !== this.#payloads[place]) this.#payloads[place] = payload;
    if (conversation !== this.#conversations[place]) this.#conversations[place] = conversation;
    this.#link(conversation, place);
    const newest = this.#newest;
    this.#older[place] = newest;
    this.#newer[place] = NONE;
    if (newest < 0) this.#oldest = place;
    else this.#newer[newest] = place;
    this.#newest = place;
    this.#count++;
    if (this.#count > this.#limit) this.#lose(this.#oldest);
  }

  /** The request has its reply. */
  close(request: number): void {
    const older = this.#older[request] as number;
    const newer = this.#newer[request] as number;
    if (older < 0) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer < 0) this.#newest = older;
    else this.#older[newer] = older;
    this.#count--;
    this.#unlink(this.#conversations[request] as Conversation, request);
    this.#newer[request] = this.#free;
    this.#free = request;
  }

  /** All that wait, oldest first. */
  *all(): Generator<Outstanding & { readonly conversation: Conversation }> {
    for (let place = this.#oldest; place >= 0; place = this.#newer[place] as number)
      yield { ...this.#request(place), conversation: this.#conversations[place] as Conversation };
  }

  /** Gives up those of a conversation, oldest first. */
  endOf(conversation: Conversation): void {
    const places: number[] = [];
    for (const first of conversation.buckets)
      for (let place = first; place >= 0; place = this.#next[place] as number) places.push(place);
    for (const place of places.sort((a, b) => this.noOf(a) - this.noOf(b))) this.#lose(place);
  }

  /** Gives up all, oldest first. */
  end(): void {
    while (this.#oldest >= 0) this.#lose(this.#oldest);
  }

  #lose(place: number): void {
    const request = this.#request(place);
    this.close(place);
    this.#lost(request);
  }

  #request(place: number): Outstanding {
    const { from, to } = this.#conversations[place] as Conversation;
    const id = this.#id[place] as number;
    const clockTime = this.#timeOf(place);
    return {
      no: this.#no[place] as number,
      id,
      name: this.#nameOf(id),
      seq: this.#seq[place] as number,
      from,
      to,
      frame: this.#frame[place] as number,
      time: clockTime.ns,
      clockTime,
      payload: this.#payloads[place],
    };
  }

  #timeOf(place: number): PacketTime {
    const time = new PacketTime();
    if (this.#isSplit[place] === 1) time.split(this.#high[place] as number, this.#low[place] as number);
    else time.ns = this.#times[place];
    return time;
  }

  #setTime(place: number, time: PacketTime): void {
    if (time.isSplit) {
      this.#isSplit[place] = 1;
      this.#high[place] = time.high;
      this.#low[place] = time.low;
    } else {
      this.#isSplit[place] = 0;
      this.#times[place] = time.ns;
    }
  }

  #at({ buckets }: Conversation, seq: number): number {
    let place = buckets[seq & (buckets.length - 1)] as number;
    while (place >= 0 && this.#seq[place] !== seq) place = this.#next[place] as number;
    return place;
  }

  #link(conversation: Conversation, place: number): void {
    if (conversation.count++ === conversation.buckets.length)
      this.#resize(conversation, 2 * conversation.buckets.length);
    this.#insert(conversation.buckets, place);
  }

  #insert(buckets: Int32Array, place: number): void {
    const bucket = (this.#seq[place] as number) & (buckets.length - 1);
    this.#next[place] = buckets[bucket] as number;
    buckets[bucket] = place;
  }

  #unlink(conversation: Conversation, place: number): void {
    const { buckets } = conversation;
    const bucket = (this.#seq[place] as number) & (buckets.length - 1);
    const after = this.#next[place] as number;
    let at = buckets[bucket] as number;
    if (at === place) buckets[bucket] = after;
    else {
      while (this.#next[at] !== place) at = this.#next[at] as number;
      this.#next[at] = after;
    }
    // Thousands of conversations may each have had many requests.
    if (--conversation.count * 8 < buckets.length && buckets.length > BUCKETS_MIN)
      this.#resize(conversation, buckets.length / 2);
  }

  #resize(conversation: Conversation, length: number): void {
    const resized = new Int32Array(length).fill(NONE);
    for (const first of conversation.buckets)
      for (let place = first; place >= 0; ) {
        const next = this.#next[place] as number;
        this.#insert(resized, place);
        place = next;
      }
    conversation.buckets = resized;
  }

  /** A free place. */
  #take(): number {
    if (this.#free < 0) this.#grow();
    const place = this.#free;
    this.#free = this.#newer[place] as number;
    return place;
  }

  #grow(): void {
    const { length } = this.#no;
    const longer = Math.max(16, 2 * length);
    this.#no = grown(this.#no, new Float64Array(longer));
    this.#frame = grown(this.#frame, new Float64Array(longer));
    this.#id = grown(this.#id, new Uint32Array(longer));
    this.#seq = grown(this.#seq, new Uint16Array(longer));
    this.#high = grown(this.#high, new Uint32Array(longer));
    this.#low = grown(this.#low, new Uint32Array(longer));
    this.#isSplit = grown(this.#isSplit, new Uint8Array(longer));
    this.#next = grown(this.#next, new Int32Array(longer));
    this.#older = grown(this.#older, new Int32Array(longer));
    this.#newer = grown(this.#newer, new Int32Array(longer));
    for (let place = longer - 1; place >= length; place--) {
      this.#newer[place] = this.#free;
      this.#free = place;
      this.#payloads[place] = undefined;
      this.#times[place] = undefined;
    }
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
