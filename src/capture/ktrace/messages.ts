import type { Protocol } from '../../schema/index.js';
import { emptyPacket, type Packet, type PacketSink, type WarningSink } from '../packets/index.js';
import { CallPairs } from './calls.js';
import { type Judged, MessageJudge } from './judge.js';
import type { TracedMessage, TraceItem, UnclearEvents } from './message.js';
import { QueueFinder } from './queues.js';
import { RetryFilter } from './retries.js';
import { TickOrder } from './tick-order.js';

/** What a trace cannot say by itself. */
export interface TraceOptions {
  /** The VM whose kernel was traced, and RM: 3 and 255 on all known systems (rpc.md). */
  readonly vmid: number;
  readonly rmVmid: number;
  /** Messages of other queues too; each then has `queue`. */
  readonly allQueues: boolean;
}

/**
 * From what a trace says to packets: pairs the probes of a call, finds RM's queue, leaves out repeated sends, and counts
 * what it leaves out. The same for every form in which traces come.
 */
export class TraceMessages {
  readonly #options: TraceOptions;
  readonly #sink: PacketSink;
  readonly #warn: WarningSink;
  readonly #packet: Packet = emptyPacket();
  readonly #calls: CallPairs;
  readonly #finder: QueueFinder;
  readonly #judge: MessageJudge;
  readonly #ticks: TickOrder;
  readonly #retries: RetryFilter;
  /** Events lost since the last message of RM; their number undefined when the trace does not say it. */
  #lost: { readonly count: number | undefined } | undefined;
  #others = 0;
  /** Messages with bytes that the kernel could not read, and the packet number of the first. */
  readonly #unread: { count: number; frame: number | undefined } = { count: 0, frame: undefined };
  readonly #heldOthers: TracedMessage[] = [];
  /** Messages of other queues from this place on wait for one that began earlier. */
  #oldest = Number.POSITIVE_INFINITY;
  #zeros: TracedMessage[] | undefined = [];
  #zeroCount = 0;

  constructor(protocol: Protocol, options: TraceOptions, sink: PacketSink, warn: WarningSink) {
    this.#options = options;
    this.#sink = sink;
    this.#warn = warn;
    this.#retries = new RetryFilter(protocol, (item) => this.#deliver(item));
    this.#ticks = new TickOrder(protocol, (item) => this.#retries.push(item));
    this.#judge = new MessageJudge(protocol, (item) => this.#ticks.push(item));
    this.#finder = new QueueFinder(protocol, (item) => this.#judge.push(item));
    this.#calls = new CallPairs((item) => {
      if (item.kind === 'lost') this.lost(item.count);
      else this.message(item);
    });
  }

  /** What a probe says. */
  item(item: TraceItem): void {
    this.#calls.push(item);
  }

  lost(count: number | undefined): void {
    this.#finder.lost(count);
  }

  /** Holds messages back while all bytes so far are 0: trace-cmd and perf print every element of an array so. */
  message(message: TracedMessage): void {
    if (this.#zeros === undefined) {
      this.#finder.message(message);
    } else if (message.bytes.every((byte) => byte === 0)) {
      this.#zeroCount++;
      if (this.#zeros.length < ZEROS_MAX) this.#zeros.push(message);
    } else {
      for (const zero of this.#zeros) this.#finder.message(zero);
      this.#zeros = undefined;
      this.#finder.message(message);
    }
  }

  /** The place at which the oldest message in progress began; set after each line of a dump. Other queues' wait for it. */
  set oldest(place: number) {
    this.#oldest = place;
    this.#deliverOthers();
  }

  /** Nothing has come for a while. */
  settle(): void {
    this.#calls.end();
    this.#finder.settle();
    this.#judge.settle();
    this.#ticks.release();
  }

  /** Nothing follows. @param offset of the last line or record, for warnings. @param unclear what was left out. */
  end(offset: number, unclear: readonly UnclearEvents[] = []): void {
    this.#calls.end();
    this.#finder.end();
    this.#judge.end();
    this.#ticks.release();
    this.oldest = Number.POSITIVE_INFINITY;
    this.#summary(offset, unclear);
  }

  #deliver(item: Judged): void {
    if (item.kind === 'lost') {
      this.#lost = { count: sum(this.#lost, item.count) };
      return;
    }
    if (item.isRm) {
      this.#packetOf(item.message, undefined);
      this.#lost = undefined;
      return;
    }
    this.#others++;
    if (!this.#options.allQueues) return;
    const { place } = item.message;
    if (place === undefined) {
      this.#packetOfOther(item.message);
      return;
    }
    const at = this.#heldOthers.findLastIndex((held) => (held.place as number) <= place) + 1;
    this.#heldOthers.splice(at, 0, item.message);
  }

  #deliverOthers(): void {
    if (this.#heldOthers.length === 0) return;
    const oldest = Math.min(this.#oldest, this.#judge.oldest);
    const index = this.#heldOthers.findIndex(({ place = -1 }) => place >= oldest);
    const count = index < 0 ? this.#heldOthers.length : index;
    for (const message of this.#heldOthers.splice(0, count)) this.#packetOfOther(message);
  }

  #packetOfOther(message: TracedMessage): void {
    this.#packetOf(message, message.queue ?? message.direction);
  }

  /** @param otherQueue undefined: RM's. */
  #packetOf(message: TracedMessage, otherQueue: string | undefined): void {
    const { direction, bytes, size, time } = message;
    const packet = this.#packet;
    packet.frame++;
    const isSent = direction === 'tx';
    packet.from = isSent ? this.#options.vmid : this.#options.rmVmid;
    packet.to = isSent ? this.#options.rmVmid : this.#options.vmid;
    packet.time = time?.ns;
    // Many messages lie in one piece of memory, and a view of each would cost more than the rest of this.
    if (packet.view.buffer !== bytes.buffer) {
      packet.data = new Uint8Array(bytes.buffer);
      packet.view = new DataView(bytes.buffer);
    }
    packet.start = bytes.byteOffset;
    packet.end = bytes.byteOffset + bytes.length;
    packet.clock = time?.clock;
    packet.queue = otherQueue;
    packet.wholeSize = bytes.length < size ? size : undefined;
    packet.lost = otherQueue === undefined ? this.#lost : undefined;
    packet.comment = undefined;
    if (message.isUnread) {
      packet.comment = `${UNREAD} bytes ${bytes.length}..${size - 1}`;
      this.#unread.count++;
      this.#unread.frame ??= packet.frame;
    }
    this.#sink(packet);
  }

  #summary(offset: number, unclear: readonly UnclearEvents[]): void {
    const say = (code: string, message: string, isNote: boolean) =>
      this.#warn({ code, frame: this.#packet.frame, offset, message, isNote });
    for (const { event, what, sample, count } of unclear)
      say('unclear', `${count} events ${event} are left out (${sample}): ${UNCLEAR[what]}`, false);
    if (this.#zeros !== undefined && this.#zeroCount > 0) {
      say('no_bytes', `${this.#zeroCount} messages have no bytes: ${NO_BYTES}`, false);
    }
    if (this.#lost !== undefined)
      say('lost', `${this.#lost.count ?? 'some'} events were lost at the end`, false);
    if (this.#unread.count > 0)
      say(
        'fault',
        `${UNREAD} the end of ${this.#unread.count} messages, first of #${this.#unread.frame}`,
        false,
      );
    if (this.#others > 0 && !this.#options.allQueues)
      say(
        'other_queue',
        `${this.#others} messages of other queues are left out (--all-queues shows them)`,
        true,
      );
    const { refused, moved } = this.#calls;
    const tries = this.#retries.dropped + refused;
    if (tries > 0)
      say('retry', `${tries} sends are left out: the queue was full, and they were sent again`, true);
    if (moved > 0)
      say('moved', `${moved} receives used other buffers than the probe reads: start the probe anew`, false);
  }
}

/** Of a message that ends where a page ends, when a probe fetches words that go beyond. */
const UNREAD = 'the kernel could not read';
/** Why events with bytes were left out, and what to do. */
const UNCLEAR: Readonly<Record<UnclearEvents['what'], string>> = {
  arguments:
    'which arguments are the message and its size is not clear; call the message data, or d0, d1 and so on, its size size or len, ' +
    'the queue capid, and the result of a receive ret',
  raw: 'the trace options raw, hex and bin print numbers of events only; echo noraw, nohex and nobin into trace_options',
  direction:
    'neither event nor function tells the direction; call events that send tx, and events that receive rx',
};
/** What to do about arrays that are printed as zeros. */
const NO_BYTES =
  'trace-cmd and perf print arrays as zeros; use "trace-cmd report -R", the trace.dat itself, or probes with scalars';
/** Messages of zeros that may be another queue's before the first that is not. */
const ZEROS_MAX = 64;

function sum(
  before: { readonly count: number | undefined } | undefined,
  count: number | undefined,
): number | undefined {
  if (before === undefined) return count;
  return before.count === undefined || count === undefined ? undefined : before.count + count;
}
