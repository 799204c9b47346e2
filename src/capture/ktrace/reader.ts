import type { Protocol } from '../../schema/index.js';
import type { Clock } from '../packets/index.js';
import {
  type CaptureReader,
  emptyPacket,
  LineSplitter,
  type Packet,
  type PacketSink,
  type WarningSink,
} from '../packets/index.js';
import { parseBpftraceLine } from './bpftrace-line.js';
import { CallPairs } from './calls.js';
import { DumpAssembler } from './dump-assembler.js';
import { mayBeDump, parseDumpLine } from './dump-line.js';
import { EventLines, parseLoss } from './event-line.js';
import { type Judged, MessageJudge } from './judge.js';
import type { TracedMessage } from './message.js';
import { plausibility } from './plausible.js';
import { QueueFinder } from './queues.js';
import { RetryFilter } from './retries.js';
import { TimeOrder } from './time-order.js';
import { JsonUnwrapper } from './unwrap.js';

/** What a trace cannot say by itself. */
export interface TraceOptions {
  /** The VM whose kernel was traced, and RM: 3 and 255 on all known systems (rpc.md). */
  readonly vmid: number;
  readonly rmVmid: number;
  /** Messages of other queues too; each then has `queue`. */
  readonly allQueues: boolean;
}

/** Takes the lines that are no trace: a log may hold dumps of other programs. */
export interface OtherLines {
  line(text: string, number: number, offset: number): void;
  end(): void;
}

/** The clock of a ring buffer: traces do not print it; the scripts of `capture` do. */
const CLOCK = /^# clock:? (boot|mono|local|wall)\b/;
/** /dev/kmsg: level and sequence number. */
const SEQUENCE = /^\d+,(\d+),\d+,/;

/** Reads what kernels print when the functions that carry RM's messages are traced, or dump them. */
export class KernelTraceReader implements CaptureReader {
  readonly #options: TraceOptions;
  readonly #sink: PacketSink;
  readonly #warn: WarningSink;
  readonly #otherLines: OtherLines | undefined;
  readonly #packet: Packet = emptyPacket();
  readonly #lines: LineSplitter;
  readonly #json = new JsonUnwrapper();
  readonly #events = new EventLines();
  readonly #calls: CallPairs;
  readonly #order: TimeOrder;
  readonly #dumps: DumpAssembler;
  readonly #finder: QueueFinder;
  readonly #judge: MessageJudge;
  readonly #retries: RetryFilter;
  #clock: Clock = 'local';
  /** The last byte so far was no line feed. */
  #endsInLine = false;
  /** Byte offset of the line in progress, for warnings. */
  #offset = 0;
  /** Sequence number of the last line of /dev/kmsg, and whether the log has lines of others: then gaps are losses. */
  #sequence: number | undefined;
  #hasOtherLines = false;
  #hasEvents = false;
  /** Receives of RM's queue that a driver printed; the other driver prints them again. */
  #lastReceive: TracedMessage | undefined;
  /** Events lost since the last message of RM; their number undefined when the trace does not say it. */
  #lost: { readonly count: number | undefined } | undefined;
  #others = 0;
  readonly #heldOthers: TracedMessage[] = [];
  /** All dumps come out at once. */
  #isEnding = false;
  #zeros: TracedMessage[] | undefined = [];
  #zeroCount = 0;

  constructor(
    protocol: Protocol,
    options: TraceOptions,
    sink: PacketSink,
    warn: WarningSink,
    otherLines?: OtherLines,
  ) {
    this.#options = options;
    this.#sink = sink;
    this.#warn = warn;
    this.#otherLines = otherLines;
    this.#lines = new LineSplitter((line, number, offset) => {
      this.#offset = offset;
      this.#line(line, number);
    });
    this.#retries = new RetryFilter(protocol, (item) => this.#deliver(item));
    this.#judge = new MessageJudge(protocol, (item) => this.#retries.push(item));
    this.#finder = new QueueFinder(protocol, (item) => this.#judge.push(item));
    this.#calls = new CallPairs((item) => {
      if (item.kind === 'lost') this.#finder.lost(item.count);
      else this.#message(item);
    });
    this.#order = new TimeOrder((message) => this.#message(message));
    this.#dumps = new DumpAssembler({
      message: (message, source) => this.#dumped(message, source === 'repeat'),
      lost: () => this.#finder.lost(undefined),
      isWhole: (bytes, direction) => plausibility(protocol, bytes, direction).isWhole,
      mayBeRm: (bytes, direction) => plausibility(protocol, bytes, direction).fits,
    });
  }

  push(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#endsInLine = chunk[chunk.length - 1] !== LINE_FEED;
    this.#lines.push(chunk);
  }

  end(): void {
    this.#lines.end();
    this.#isEnding = true;
    this.#dumps.end(this.#endsInLine);
    this.#calls.end();
    this.#order.end();
    this.#finder.end();
    this.#judge.end();
    this.#otherLines?.end();
    this.#isEnding = false;
    this.#deliverOthers(Number.POSITIVE_INFINITY);
    this.#summary();
  }

  #line(line: string, number: number): void {
    const first = line.charCodeAt(0);
    const inside = JSON_STARTS.has(line.trimStart()[0] ?? '') ? this.#json.lines(line) : undefined;
    if (inside !== undefined) {
      for (const text of inside) this.#line(text, number);
      return;
    }
    if (first === HASH) {
      const clock = CLOCK.exec(line)?.[1];
      if (clock !== undefined) this.#clock = clock as Clock;
    }
    if (first >= DIGIT_0 && first <= DIGIT_9) {
      const traced = parseBpftraceLine(line);
      if (traced !== undefined) {
        this.#order.push(traced);
        return;
      }
      this.#checkSequence(line);
    }
    const loss = parseLoss(line);
    if (loss !== undefined) this.#calls.push(loss);
    else if (!(mayBeDump(line) && this.#dumpLine(line)) && !this.#eventLine(line)) {
      this.#hasOtherLines = true;
      // The lines of a tracer are full of numbers: none of them is a dump.
      if (!this.#hasEvents) this.#otherLines?.line(line, number, this.#offset);
    }
  }

  #dumpLine(line: string): boolean {
    const dump = parseDumpLine(line);
    if (dump === undefined) return false;
    if (dump.source === 'payload') return true;
    this.#dumps.line(dump);
    this.#deliverOthers(this.#dumps.oldest);
    return true;
  }

  #eventLine(line: string): boolean {
    const item = this.#events.parse(line, this.#clock);
    if (item === undefined) return false;
    this.#hasEvents = true;
    this.#calls.push(item);
    return true;
  }

  #checkSequence(line: string): void {
    const match = SEQUENCE.exec(line);
    if (match === null) return;
    const sequence = Number(match[1]);
    const gap = sequence - (this.#sequence ?? sequence) - 1;
    if (gap > 0 && this.#hasOtherLines) this.#finder.lost(undefined);
    this.#sequence = sequence;
  }

  #dumped(message: TracedMessage, isRepeat: boolean): void {
    if (isRepeat && this.#lastReceive !== undefined && same(this.#lastReceive, message)) return;
    if (message.direction === 'rx') this.#lastReceive = message;
    this.#message(isRepeat ? { ...message, isRmOnly: true } : message);
  }

  /** Holds messages back while all bytes so far are 0: trace-cmd and perf print every element of an array so. */
  #message(message: TracedMessage): void {
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
    const { place = -1 } = item.message;
    const at = this.#heldOthers.findLastIndex((held) => (held.place ?? -1) <= place) + 1;
    this.#heldOthers.splice(at, 0, item.message);
    this.#deliverOthers(this.#dumps.oldest);
  }

  /** Dumps of other queues end late: what began after one that is in progress waits for it. */
  #deliverOthers(oldest: number): void {
    if (this.#isEnding) return;
    const index = this.#heldOthers.findIndex(({ place = -1 }) => place >= oldest);
    const count = index < 0 ? this.#heldOthers.length : index;
    if (count === 0) return;
    for (const message of this.#heldOthers.splice(0, count))
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
    packet.data = bytes;
    packet.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    packet.start = 0;
    packet.end = bytes.length;
    packet.clock = time?.clock;
    packet.queue = otherQueue;
    packet.wholeSize = bytes.length < size ? size : undefined;
    packet.lost = otherQueue === undefined ? this.#lost : undefined;
    this.#sink(packet);
  }

  #summary(): void {
    const say = (code: string, message: string, isNote: boolean) =>
      this.#warn({ code, frame: this.#packet.frame, offset: this.#offset, message, isNote });
    if (this.#zeros !== undefined && this.#zeroCount > 0) {
      say('no_bytes', `${this.#zeroCount} messages have no bytes: ${NO_BYTES}`, false);
    }
    if (this.#lost !== undefined)
      say('lost', `${this.#lost.count ?? 'some'} events were lost at the end`, false);
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

/** What to do about arrays that are printed as zeros. */
const NO_BYTES =
  'trace-cmd and perf print arrays as zeros; use "trace-cmd report -R", or probes that fetch scalars';
/** Messages of zeros that may be another queue's before the first that is not. */
const ZEROS_MAX = 64;
const LINE_FEED = 0x0a;
const HASH = 0x23;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const JSON_STARTS = new Set(['{', '}', '"', ']']);

function sum(
  before: { readonly count: number | undefined } | undefined,
  count: number | undefined,
): number | undefined {
  if (before === undefined) return count;
  return before.count === undefined || count === undefined ? undefined : before.count + count;
}

function same(left: TracedMessage, right: TracedMessage): boolean {
  return (
    left.bytes.length === right.bytes.length && left.bytes.every((byte, index) => byte === right.bytes[index])
  );
}
