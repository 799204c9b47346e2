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
/** Requests that there is room for at first. */
const PLACES_MIN = 4;

/** Words of a request in `#words`, and which they are. */
const WIDTH = 8;
const ID = 0;
const SEQ = 1;
/** Halves of the time, where `IS_SPLIT`. */
const HIGH = 2;
const LOW = 3;
const IS_SPLIT = 4;
/** The next request in the bucket. */
const NEXT = 5;
const OLDER = 6;
/** Of a free place: the next free one. */
const NEWER = 7;

const noNumbers = new Float64Array(0);
const noWords = new Int32Array(0);

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
  /** Number and first packet of each. */
  #numbers = noNumbers;
  /** All else of each that is a number, as named below {@link WIDTH}. */
  #words = noWords;
  /** Times that are not in halves. */
  readonly #times: (bigint | undefined)[] = [];
  readonly #payloads: (Values | undefined)[] = [];
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
    return place >= 0 && this.#words[place * WIDTH + ID] === (id | 0) ? place : NONE;
  }

  noOf(request: number): number {
    return this.#numbers[2 * request] as number;
  }

  payloadOf(request: number): Values | undefined {
    return this.#payloads[request];
  }

  /** Nanoseconds from the request to a time; NaN where one of them is unknown. */
  latency(request: number, time: PacketTime): number {
    if (time.isSplit && this.#words[request * WIDTH + IS_SPLIT] === 1) {
      const seconds = (time.high - ((this.#words[request * WIDTH + HIGH] as number) >>> 0)) * 0x1_0000_0000;
      const ns = seconds + (time.low - ((this.#words[request * WIDTH + LOW] as number) >>> 0));
      if (Number.isSafeInteger(ns)) return ns;
    }
    return time.since(this.#timeOf(request)) ?? Number.NaN;
  }

  /**
   * A request waits from now on, unless one with the same number and id does: then that one is returned, otherwise
   * {@link NONE}. One with the same number and another id is lost.
   */
  open(
    conversation: Conversation,
    no: number,
    id: number,
    seq: number,
    frame: number,
    time: PacketTime,
    payload?: Values,
  ): number {
    const before = this.#at(conversation, seq);
    if (before >= 0) {
      if (this.#words[before * WIDTH + ID] === (id | 0)) return before;
      this.#lose(before);
    }
    if (this.#free < 0) this.#grow();
    if (conversation.count === conversation.buckets.length)
      this.#resize(conversation, 2 * conversation.buckets.length);
    const words = this.#words;
    const place = this.#free;
    const at = place * WIDTH;
    this.#free = words[at + NEWER] as number;
    this.#numbers[2 * place] = no;
    this.#numbers[2 * place + 1] = frame;
    words[at + ID] = id;
    words[at + SEQ] = seq;
    if (time.isSplit) {
      words[at + IS_SPLIT] = 1;
      words[at + HIGH] = time.high;
      words[at + LOW] = time.low;
    } else {
      words[at + IS_SPLIT] = 0;
      this.#times[place] = time.ns;
    }
    if (payload !== this.#payloads[place]) this.#payloads[place] = payload;
    if (conversation !== this.#conversations[place]) this.#conversations[place] = conversation;
    conversation.count++;
    const { buckets } = conversation;
    const bucket = seq & (buckets.length - 1);
    words[at + NEXT] = buckets[bucket] as number;
    buckets[bucket] = place;
    const newest = this.#newest;
    words[at + OLDER] = newest;
    words[at + NEWER] = NONE;
    if (newest < 0) this.#oldest = place;
    else words[newest * WIDTH + NEWER] = place;
    this.#newest = place;
    this.#count++;
    if (this.#count > this.#limit) this.#lose(this.#oldest);
    return NONE;
  }

  /** The request has its reply. */
  close(request: number): void {
    const words = this.#words;
    const at = request * WIDTH;
    const older = words[at + OLDER] as number;
    const newer = words[at + NEWER] as number;
    if (older < 0) this.#oldest = newer;
    else words[older * WIDTH + NEWER] = newer;
    if (newer < 0) this.#newest = older;
    else words[newer * WIDTH + OLDER] = older;
    this.#count--;
    const conversation = this.#conversations[request] as Conversation;
    const { buckets } = conversation;
    const bucket = (words[at + SEQ] as number) & (buckets.length - 1);
    const next = words[at + NEXT] as number;
    let before = buckets[bucket] as number;
    if (before === request) buckets[bucket] = next;
    else {
      while (words[before * WIDTH + NEXT] !== request) before = words[before * WIDTH + NEXT] as number;
      words[before * WIDTH + NEXT] = next;
    }
    words[at + NEWER] = this.#free;
    this.#free = request;
    // Thousands of conversations may each have had many requests.
    if (--conversation.count * 8 < buckets.length && buckets.length > BUCKETS_MIN)
      this.#resize(conversation, buckets.length / 2);
  }

  /** All that wait, oldest first. */
  *all(): Generator<Outstanding & { readonly conversation: Conversation }> {
    for (let place = this.#oldest; place >= 0; place = this.#words[place * WIDTH + NEWER] as number)
      yield { ...this.#request(place), conversation: this.#conversations[place] as Conversation };
  }

  /** Gives up those of a conversation, oldest first. */
  endOf(conversation: Conversation): void {
    const places: number[] = [];
    for (const first of conversation.buckets)
      for (let place = first; place >= 0; place = this.#words[place * WIDTH + NEXT] as number)
        places.push(place);
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
    const id = (this.#words[place * WIDTH + ID] as number) >>> 0;
    const clockTime = this.#timeOf(place);
    return {
      no: this.#numbers[2 * place] as number,
      id,
      name: this.#nameOf(id),
      seq: this.#words[place * WIDTH + SEQ] as number,
      from,
      to,
      frame: this.#numbers[2 * place + 1] as number,
      time: clockTime.ns,
      clockTime,
      payload: this.#payloads[place],
    };
  }

  #timeOf(place: number): PacketTime {
    const time = new PacketTime();
    if (this.#words[place * WIDTH + IS_SPLIT] === 1)
      time.split(
        (this.#words[place * WIDTH + HIGH] as number) >>> 0,
        (this.#words[place * WIDTH + LOW] as number) >>> 0,
      );
    else time.ns = this.#times[place];
    return time;
  }

  #at({ buckets }: Conversation, seq: number): number {
    let place = buckets[seq & (buckets.length - 1)] as number;
    while (place >= 0 && this.#words[place * WIDTH + SEQ] !== seq)
      place = this.#words[place * WIDTH + NEXT] as number;
    return place;
  }

  #insert(buckets: Int32Array, place: number): void {
    const bucket = (this.#words[place * WIDTH + SEQ] as number) & (buckets.length - 1);
    this.#words[place * WIDTH + NEXT] = buckets[bucket] as number;
    buckets[bucket] = place;
  }

  #resize(conversation: Conversation, length: number): void {
    const resized = new Int32Array(length).fill(NONE);
    for (const first of conversation.buckets)
      for (let place = first; place >= 0; ) {
        const next = this.#words[place * WIDTH + NEXT] as number;
        this.#insert(resized, place);
        place = next;
      }
    conversation.buckets = resized;
  }

  #grow(): void {
    const length = this.#numbers.length / 2;
    const longer = Math.max(PLACES_MIN, 2 * length);
    const numbers = new Float64Array(2 * longer);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const words = new Int32Array(WIDTH * longer);
    words.set(this.#words);
    this.#words = words;
    for (let place = longer - 1; place >= length; place--) {
      this.#words[place * WIDTH + NEWER] = this.#free;
      this.#free = place;
      this.#payloads[place] = undefined;
      this.#times[place] = undefined;
    }
  }
}
