import { code, isAt, type Line, latin1, Names, queueName, Slab, wordChars } from './line.js';
import { type Direction, QUEUE_MESSAGE_MAX, type TracedMessage } from './message.js';
import { PrintedBytes } from './printed-bytes.js';

/** A piece of a message: bpftrace 0.17 prints at most 64 (or 200) bytes at once. */
export interface BpftraceLine extends TracedMessage {
  /** Where the bytes belong, undefined when the line does not say so: then at the front. */
  readonly at: number | undefined;
}

/** Digits of a time in nanoseconds. */
const TIME_DIGITS_MIN = 6;
const TIME_DIGITS_MAX = 20;

/** Reads `NSECS tx capid=0x… size=N BYTES`, as the scripts of `capture` and capturing.md print it. */
export class BpftraceLines {
  readonly #queues = new Names(queueName);
  readonly #directions = new Names((name): Direction | undefined =>
    /rx|recv/i.test(name) ? 'rx' : /tx|send/i.test(name) ? 'tx' : undefined,
  );
  readonly #slab = new Slab();
  readonly #printed = new PrintedBytes();
  #data: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  /** A line that bpftrace printed; undefined when it is none. */
  parse({ data, start, end }: Line): BpftraceLine | undefined {
    return this.#parse(data, start, end);
  }

  /** As `parse`, for a line in front of which another program has put something. */
  parseWithin({ data, start, end }: Line): BpftraceLine | undefined {
    if (end - start > LINE_MAX) return undefined;
    for (let at = start; at < end; at++) {
      if (data[at] !== code.equals || !isFirstField(data, at)) continue;
      const begin = timeStart(data, start, at);
      const line = begin < 0 ? undefined : this.#parse(data, begin, end);
      if (line !== undefined) return line;
    }
    return undefined;
  }

  #parse(data: Uint8Array, start: number, end: number): BpftraceLine | undefined {
    this.#data = data;
    this.#at = start;
    this.#end = end;
    const time = this.#number();
    const digits = this.#at - start;
    if (digits < TIME_DIGITS_MIN || digits > TIME_DIGITS_MAX || !this.#takes(' ')) return undefined;
    const ns = time <= Number.MAX_SAFE_INTEGER ? BigInt(time) : BigInt(latin1(data, start, start + digits));
    const direction = this.#direction();
    if (direction === undefined) return undefined;
    let queue: string | undefined;
    if (this.#takes(' capid=') || this.#takes(' desc=')) {
      const begin = this.#at;
      while (this.#at < end && wordChars[data[this.#at] as number] === 1) this.#at++;
      if (this.#at === begin) return undefined;
      queue = this.#queues.get(data, begin, this.#at);
    }
    if (!this.#takes(' size=') && !this.#takes(' len=')) return undefined;
    const sizeStart = this.#at;
    const size = this.#number();
    if (this.#at === sizeStart) return undefined;
    const at = this.#takes(' off=') ? this.#number() : undefined;
    this.#takes(' ');
    const announced = Math.min(size, QUEUE_MESSAGE_MAX);
    const count = this.#printed.read(data, this.#at, end, announced);
    if (count === undefined) return undefined;
    return {
      direction,
      queue,
      // A receive without a queue is of the probe on the function that takes RM's messages only.
      isRmOnly: queue === undefined && direction === 'rx',
      size: announced,
      bytes: this.#slab.copy(this.#printed.bytes, count),
      time: { ns, clock: 'boot' },
      task: '',
      at,
    };
  }

  #takes(text: string): boolean {
    if (this.#at + text.length > this.#end || !isAt(this.#data, this.#at, text)) return false;
    this.#at += text.length;
    return true;
  }

  #number(): number {
    let value = 0;
    for (; this.#at < this.#end; this.#at++) {
      const digit = (this.#data[this.#at] as number) - code.zero;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    return value;
  }

  #direction(): Direction | undefined {
    const start = this.#at;
    while (this.#at < this.#end && wordChars[this.#data[this.#at] as number] === 1) this.#at++;
    if (this.#at - start > NAME_MAX) return undefined;
    return this.#directions.get(this.#data, start, this.#at);
  }
}

/** Whether the name of a message's first field stands before an equals sign. Other events are full of other names. */
export function isFirstField(data: Uint8Array, equals: number): boolean {
  for (const name of FIRST_FIELDS) if (isAt(data, equals - name.length, name)) return true;
  return false;
}

const FIRST_FIELDS = ['capid', 'desc', 'size', 'len'] as const;

/** The begin of `NSECS tx size` before an equals sign; -1 when something else stands there. */
function timeStart(data: Uint8Array, start: number, equals: number): number {
  const direction = wordBefore(data, start, wordBefore(data, start, equals) - 1) - 1;
  const time = direction < start ? -1 : wordBefore(data, start, direction);
  return direction - time < TIME_DIGITS_MIN ? -1 : time;
}

/** Index at which the word that ends at `end` begins. */
function wordBefore(data: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && wordChars[data[at - 1] as number] === 1) at--;
  return at;
}

const NAME_MAX = 64;
/** A message takes four characters for each byte at most. */
const LINE_MAX = 4096;
