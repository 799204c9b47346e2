import type { Protocol } from '../../schema/index.js';
import {
  type CaptureReader,
  type Clock,
  LineSplitter,
  type PacketSink,
  type WarningSink,
} from '../packets/index.js';
import { parseBpftraceLine } from './bpftrace-line.js';
import { DumpAssembler } from './dump-assembler.js';
import { mayBeDump, parseDumpLine } from './dump-line.js';
import { EventLines, parseLoss } from './event-line.js';
import type { TracedMessage } from './message.js';
import { TraceMessages, type TraceOptions } from './messages.js';
import { plausibility } from './plausible.js';
import { TimeOrder } from './time-order.js';
import { JsonUnwrapper } from './unwrap.js';

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
  readonly #otherLines: OtherLines | undefined;
  readonly #lines: LineSplitter;
  readonly #json = new JsonUnwrapper();
  readonly #events = new EventLines();
  readonly #order: TimeOrder;
  readonly #dumps: DumpAssembler;
  readonly #messages: TraceMessages;
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

  constructor(
    protocol: Protocol,
    options: TraceOptions,
    sink: PacketSink,
    warn: WarningSink,
    otherLines?: OtherLines,
  ) {
    this.#otherLines = otherLines;
    this.#lines = new LineSplitter((line, number, offset) => {
      this.#offset = offset;
      this.#line(line, number);
    });
    this.#messages = new TraceMessages(protocol, options, sink, warn);
    this.#order = new TimeOrder((message) => this.#messages.message(message));
    this.#dumps = new DumpAssembler({
      message: (message, source) => this.#dumped(message, source === 'repeat'),
      lost: () => this.#messages.lost(undefined),
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
    this.#messages.oldest = Number.NEGATIVE_INFINITY;
    this.#dumps.end(this.#endsInLine);
    this.#order.end();
    this.#otherLines?.end();
    this.#messages.end(this.#offset);
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
    if (loss !== undefined) this.#messages.item(loss);
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
    this.#messages.oldest = this.#dumps.oldest;
    return true;
  }

  #eventLine(line: string): boolean {
    const item = this.#events.parse(line, this.#clock);
    if (item === undefined) return false;
    this.#hasEvents = true;
    this.#messages.item(item);
    return true;
  }

  #checkSequence(line: string): void {
    const match = SEQUENCE.exec(line);
    if (match === null) return;
    const sequence = Number(match[1]);
    const gap = sequence - (this.#sequence ?? sequence) - 1;
    if (gap > 0 && this.#hasOtherLines) this.#messages.lost(undefined);
    this.#sequence = sequence;
  }

  #dumped(message: TracedMessage, isRepeat: boolean): void {
    if (isRepeat && this.#lastReceive !== undefined && same(this.#lastReceive, message)) return;
    if (message.direction === 'rx') this.#lastReceive = message;
    this.#messages.message(isRepeat ? { ...message, isRmOnly: true } : message);
  }
}

const LINE_FEED = 0x0a;
const HASH = 0x23;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const JSON_STARTS = new Set(['{', '}', '"', ']']);

function same(left: TracedMessage, right: TracedMessage): boolean {
  return (
    left.bytes.length === right.bytes.length && left.bytes.every((byte, index) => byte === right.bytes[index])
  );
}
