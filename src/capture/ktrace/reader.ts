import type { Protocol } from '../../schema/index.js';
import {
  type CaptureReader,
  type Clock,
  indexOfByte,
  LineCutter,
  type PacketSink,
  type WarningSink,
} from '../packets/index.js';
import { BpftraceLines } from './bpftrace-line.js';
import { DumpAssembler } from './dump-assembler.js';
import { type DumpLine, DumpLines } from './dump-line.js';
import { EventLines, LOSS_LINE_MAX, parseLoss } from './event-line.js';
import { code, ESCAPE, isAt, isDigit, Line } from './line.js';
import { LineMarks, Mark } from './line-marks.js';
import type { TracedMessage } from './message.js';
import { TraceMessages, type TraceOptions } from './messages.js';
import { OwnScriptLines } from './own-script-line.js';
import { isWholeMessage, plausibility } from './plausible.js';
import { TimeOrder } from './time-order.js';
import { Unwrapper } from './unwrap.js';

/** Takes the lines that are no trace: a log may hold dumps of other programs. */
export interface OtherLines {
  /** @param line valid during the call. */
  line(line: Line, number: number, offset: number): void;
  end(): void;
}

/**
 * The clock of a ring buffer: traces do not print it. The scripts of `capture` do, and the file trace_clock has it in
 * brackets among the others.
 */
const CLOCK = /^(?:# clock:? (boot|mono|local|wall)\b|(?:# trace_clock:? )?local global .*\[(boot|mono)\])/;
const TRACE_CLOCK = 'local global ';

/** Reads what kernels print when the functions that carry RM's messages are traced, or dump them. */
export class KernelTraceReader implements CaptureReader {
  readonly #otherLines: OtherLines | undefined;
  readonly #lines: LineCutter;
  readonly #current = new Line();
  /** A line that others hold as JSON or as a field. */
  readonly #inside = new Line();
  readonly #unwrapper = new Unwrapper();
  readonly #bpftrace = new BpftraceLines();
  readonly #ownScripts: OwnScriptLines;
  readonly #dumpLines = new DumpLines();
  readonly #events = new EventLines();
  readonly #marks = new LineMarks();
  readonly #order: TimeOrder;
  readonly #dumps: DumpAssembler;
  readonly #messages: TraceMessages;
  #clock: Clock = 'local';
  /** The last byte so far was no line feed. */
  #endsInLine = false;
  /** The text is coloured, at least in part. */
  #hasEscapes = false;
  /** The line in progress is the last, and has no end. */
  #isLast = false;
  /** Number of the line in progress. */
  #lastLine = 0;
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
    this.#lines = new LineCutter((data, start, end, number, offset) => {
      this.#offset = offset;
      this.#lastLine = number;
      if (this.#hasEscapes) this.#current.setPlain(data, start, end);
      else this.#current.set(data, start, end);
      this.#line(this.#current, number);
    });
    this.#ownScripts = new OwnScriptLines(
      (bytes, direction) => plausibility(protocol, bytes, direction).fits,
    );
    this.#messages = new TraceMessages(protocol, options, sink, warn);
    this.#order = new TimeOrder((message) => this.#messages.message(message));
    this.#dumps = new DumpAssembler({
      message: (message, source) => this.#dumped(message, source === 'repeat'),
      lost: () => this.#messages.lost(undefined),
      isWhole: (bytes, looked) => isWholeMessage(protocol, bytes, looked),
      plausibility: (bytes, direction) => plausibility(protocol, bytes, direction),
    });
  }

  push(chunk: Uint8Array): void {
    this.#hasEscapes ||= indexOfByte(chunk, ESCAPE, 0) >= 0;
    if (chunk.length > 0) this.#endsInLine = chunk[chunk.length - 1] !== LINE_FEED;
    this.#lines.push(chunk);
  }

  settle(): void {
    // Tracers write whole lines: this is the border of two pieces of a file.
    if (this.#endsInLine) return;
    this.#insideLines(this.#unwrapper.flush(), this.#lastLine);
    this.#order.settle();
    this.#dumps.settle();
    this.#messages.settle();
    this.#messages.oldest = this.#dumps.oldest;
  }

  end(): void {
    this.#isLast = this.#endsInLine;
    this.#lines.end();
    this.#insideLines(this.#unwrapper.flush(), this.#lastLine);
    this.#dumps.end(this.#endsInLine);
    this.#order.release();
    this.#otherLines?.end();
    this.#messages.end(this.#offset, this.#events.unclear);
  }

  #line(line: Line, number: number): void {
    const at = firstIndex(line);
    const first = at < line.end ? (line.data[at] as number) : 0;
    const inside = this.#unwrapped(line, at, first);
    if (inside !== undefined) {
      this.#insideLines(inside, number);
      return;
    }
    if (this.#unwrapper.isOpen) this.#insideLines(this.#unwrapper.flush(), number);
    if (isAt(line.data, line.start, TRACE_CMD)) this.#events.restart();
    const isHeader = line.data[line.start] === code.hash;
    if (isHeader) this.#events.restart();
    if (isHeader || isAt(line.data, line.start, TRACE_CLOCK)) {
      const [, said, chosen] = CLOCK.exec(line.text) ?? [];
      this.#clock = ((said ?? chosen) as Clock | undefined) ?? this.#clock;
    }
    if (isDigit(first)) {
      const traced = this.#bpftrace.parse(line);
      if (traced !== undefined) {
        this.#order.push(traced);
        return;
      }
      this.#checkSequence(line);
    }
    if (this.#dumpLine(this.#dumpLines.parseNext(line))) return;
    if (this.#eventLine(line)) return;
    const marks = this.#marks.of(line);
    if (marks !== 0 && this.#markedLine(line, marks)) return;
    // Another recording begins, whose times have nothing to do with those before.
    if (isAt(line.data, line.start, ATTACHED)) this.#order.release();
    const loss = mayBeLoss(line, first) ? parseLoss(line.text) : undefined;
    if (loss !== undefined) {
      this.#messages.item(loss);
      return;
    }
    if (this.#events.leaveOutRaw(line)) return;
    this.#hasOtherLines = true;
    this.#dumpLines.pass(line);
    // The lines of a tracer are full of numbers: none of them is a dump.
    if (!this.#hasEvents) this.#otherLines?.line(line, number, this.#offset);
  }

  /** Reads a line that may be a message, for what stands somewhere in it. */
  #markedLine(line: Line, marks: number): boolean {
    if ((marks & Mark.driver) !== 0 && this.#dumpLine(this.#dumpLines.parse(line))) return true;
    const traced = (marks & Mark.field) === 0 ? undefined : this.#bpftrace.parseWithin(line);
    const messages =
      traced === undefined && (marks & Mark.size) !== 0 ? this.#ownScripts.parse(line) : undefined;
    if (traced !== undefined) this.#order.push(traced);
    for (const message of messages ?? []) this.#order.push(message);
    return traced !== undefined || messages !== undefined;
  }

  #unwrapped(line: Line, at: number, first: number): readonly string[] | undefined {
    if (JSON_STARTS.has(first) || mayBeJson(line, at, first)) return this.#unwrapper.json(line.text);
    const isField =
      this.#unwrapper.isOpen || ((first === M || first === code.underscore) && hasField(line, at));
    return isField ? this.#unwrapper.field(line.text) : undefined;
  }

  #insideLines(lines: readonly string[], number: number): void {
    for (const text of lines) {
      this.#inside.setText(text);
      this.#line(this.#inside, number);
    }
  }

  #dumpLine(dump: DumpLine | undefined): boolean {
    if (dump === undefined) return false;
    if (dump.prefix.source === 'payload') return true;
    this.#dumps.line(dump, this.#isLast);
    this.#messages.oldest = this.#dumps.oldest;
    return true;
  }

  #eventLine(line: Line): boolean {
    const item = this.#events.parse(line, this.#clock);
    if (item === undefined) return false;
    this.#hasEvents = true;
    if (item !== 'nothing') this.#messages.item(item);
    return true;
  }

  #checkSequence(line: Line): void {
    const sequence = sequenceOf(line);
    if (sequence === undefined) return;
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

/** `Attaching 2 probes...` or, in newer versions, `Attached 2 probes`. */
const ATTACHED = 'Attach';
/** `cpus=2`: the first line of what trace-cmd prints. The header of other traces begins with #. */
const TRACE_CMD = 'cpus=';
const LINE_FEED = 0x0a;
const TAB = 0x09;
/** Of JSON, and the mark with which `journalctl -o json-seq` begins an object. */
const JSON_STARTS = new Set(['{', '}', '"', ']', '\x1e'].map((char) => char.charCodeAt(0)));
const EVENT_STREAM = 'data: {';
const D = 0x64;
const M = 0x4d;
const LIST_ITEM = '- {"';
/** The fields of the journal that matter, as `journalctl -o export` and `-o verbose` write them. */
const FIELDS = [
  'MESSAGE=',
  '__CURSOR=',
  '__REALTIME_TIMESTAMP=',
  '__MONOTONIC_TIMESTAMP=',
  '_SOURCE_MONOTONIC_TIMESTAMP=',
] as const;
/** Of `CPU:0 [LOST`, `Lost` and `lost`. */
const LOSS_STARTS = new Set(['#', 'C', 'L', 'l'].map((char) => char.charCodeAt(0)));
const ASTERISK = 0x2a;

/** The index of the first character that is no space. */
function firstIndex({ data, start, end }: Line): number {
  let at = start;
  while (at < end && (data[at] === code.space || data[at] === TAB)) at++;
  return at;
}

/** An array, in which objects, strings or nothing follow, as against a time in brackets; an event or an item that is JSON. */
function mayBeJson({ data, end }: Line, at: number, first: number): boolean {
  if (first !== code.openSquare)
    return (
      (first === D && isAt(data, at, EVENT_STREAM)) || (first === code.minus && isAt(data, at, LIST_ITEM))
    );
  let next = at + 1;
  while (next < end && data[next] === code.space) next++;
  return next >= end || data[next] === code.openBrace || data[next] === QUOTE;
}

const QUOTE = 0x22;

function hasField({ data }: Line, at: number): boolean {
  return FIELDS.some((field) => isAt(data, at, field));
}

/** The sequence number of a line of /dev/kmsg: level, sequence number, time. */
function sequenceOf({ data, start, end }: Line): number | undefined {
  const level = numberEnd(data, start, end);
  const sequence = numberEnd(data, level, end);
  if (sequence < 0 || numberEnd(data, sequence, end) < 0) return undefined;
  let value = 0;
  for (let at = level; at < sequence - 1; at++) value = value * 10 + (data[at] as number) - code.zero;
  return value;
}

/** The index behind digits and a comma at `start`; -1 when something else stands there, or `start` is none. */
function numberEnd(data: Uint8Array, start: number, end: number): number {
  if (start < 0) return -1;
  let at = start;
  while (at < end && isDigit(data[at] as number)) at++;
  return at > start && at < end && data[at] === code.comma ? at + 1 : -1;
}

/** A cheap test: `** 5 printk messages dropped **` may have a stamp in front, and `lost 5` of perf has columns. */
function mayBeLoss({ data, start, end, length }: Line, first: number): boolean {
  if (length > LOSS_LINE_MAX) return false;
  if (LOSS_STARTS.has(first) || data[end - 1] === ASTERISK) return true;
  let at = end;
  while (at > start && isDigit(data[at - 1] as number)) at--;
  return at < end && at - start > LOST_COUNT.length && isAt(data, at - LOST_COUNT.length, LOST_COUNT);
}

const LOST_COUNT = ' lost ';

function same(left: TracedMessage, right: TracedMessage): boolean {
  return (
    left.bytes.length === right.bytes.length && left.bytes.every((byte, index) => byte === right.bytes[index])
  );
}
