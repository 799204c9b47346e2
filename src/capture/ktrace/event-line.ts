import type { Clock } from '../packets/index.js';
import { ArgumentReader, type DataShape, newShape } from './arguments.js';
import { code, isAt, type Line, latin1, Names, wordChars } from './line.js';
import {
  type Direction,
  type LineTime,
  type Loss,
  QUEUE_MESSAGE_MAX,
  type Tick,
  type TraceItem,
  type UnclearEvents,
} from './message.js';
import { UnreadWords } from './unread-word.js';

/** The tracer gave up entries: ftrace, trace-cmd, bpftrace, perf and the kernel's log say so in these forms. */
const LOST = /^\s*(?:CPU:\d+ \[(?:LOST (?:(\d+) )?EVENTS|(?:(\d+) )?EVENTS DROPPED)\]|Lost (\d+)? ?events)/i;
/** `perf script --show-lost-events`, behind the columns of all its lines. */
const PERF_LOST = /: PERF_RECORD_LOST(?:_SAMPLES)? lost (\d+)$/;
const PRINTK_DROPPED = /\*\* (\d+) printk messages dropped \*\*/;

/** The first line of a ring buffer that was read after it had been overwritten. */
const OVERWRITTEN = /^#\s*entries-in-buffer\/entries-written: (\d+)\/(\d+)/;

/** What stands in the brackets behind an event's name: the function of the probe, or its address. */
const PLACE = /^\(([\w.$]+)(\+0x[0-9a-f]+\/0x[0-9a-f]+)?([^()]{0,200})\)/;
/** A page in HTML escapes the arrow. */
const CALLEE = / (?:<|&lt;)- ([\w.$]+)/;
const ADDRESS = /^(?:0x)?[0-9a-f]{8,16}$/;
/** Functions of the drivers, which tell themselves without an offset. */
const FUNCTION = /^(?:gh|gunyah)_\w+$/;
/** Characters of a place. */
const PLACE_MAX = 512;
/** `trace-cmd report -R` prints the place as fields, without brackets. */
const RAW_PLACE = '__probe_';

const RAW_TYPE = 'type: ';
const RAW = /^\s*(?:[0-9a-f]+ )*(type: \d+)$/;

/** The loss that a line reports; undefined for all other lines. */
export function parseLoss(line: string): Loss | undefined {
  if (line.charCodeAt(0) === code.hash) {
    const match = OVERWRITTEN.exec(line);
    const count = match === null ? 0 : Number(match[2]) - Number(match[1]);
    return count > 0 ? { kind: 'lost', count } : undefined;
  }
  if (line.length > LOSS_LINE_MAX) return undefined;
  const match = line.includes(' dropped **')
    ? PRINTK_DROPPED.exec(line)
    : (LOST.exec(line) ?? PERF_LOST.exec(line));
  if (match === null) return undefined;
  const count = match[1] ?? match[2] ?? match[3];
  return { kind: 'lost', count: count === undefined ? undefined : Number(count) };
}

export const LOSS_LINE_MAX = 120;

/** What is the same on all lines of one probe. */
interface Probe {
  /** Of its event. */
  readonly name: string;
  /** The line from the event's name up to the arguments. */
  readonly head: Uint8Array;
  /** Undefined: an event that has nothing to do with message queues. */
  readonly direction: Direction | undefined;
  /** Its function serves no queue but RM's. */
  readonly isRmOnly: boolean;
  readonly shape: DataShape;
}

/** Any text may hold names of events: probes are forgotten when there are too many. */
const PROBES_MAX = 64;
/** Events of a probe that are looked at for the roles of its arguments. */
const LOOKS_MAX = 64;
/** Characters of arguments that are shown. */
const SAMPLE_MAX = 100;
/** Longer lines are not of a tracer: a message has at most 30 words of 18 characters, or 240 bytes of 4. */
const EVENT_LINE_MAX = 8192;

/** Reads the lines of ftrace (`trace`, `trace_pipe`), trace-cmd and perf, one after the other. */
export class EventLines {
  readonly #arguments = new ArgumentReader();
  readonly #tasks = new Names((text) => text);
  #probes: Probe[] = [];
  readonly #unreadWords = new UnreadWords();
  /** Shapes by the event's name: the places of one probe differ by caller. */
  readonly #shapes = new Map<string, DataShape>();
  readonly #unclear = new Map<string, UnclearEvents>();
  /** Events by name that have been looked at without finding a message. */
  readonly #looks = new Map<string, number>();
  /** Of the event found last: index of its name, of its name with its group, and of its arguments. */
  #headEnd = 0;
  #argumentsStart = 0;

  /** What could not be read of the probes so far. */
  get unclear(): readonly UnclearEvents[] {
    return [...this.#unclear.values()];
  }

  /** Another trace begins: its probes may print their data otherwise. */
  restart(): void {
    this.#probes = [];
    this.#shapes.clear();
    this.#looks.clear();
  }

  /**
   * What a line says of a message queue: `nothing` for an event that moves no message, undefined for all other lines.
   * Columns are not counted: what stands before the event's name differs with every option.
   */
  parse(line: Line, clock: Clock): TraceItem | 'nothing' | undefined {
    const { data, start, end } = line;
    if (end - start > EVENT_LINE_MAX) return undefined;
    const probe = this.#find(data, start, end);
    if (probe?.direction === undefined) return undefined;
    const { direction, isRmOnly, shape } = probe;
    const args = this.#arguments;
    args.read(data, this.#argumentsStart, end, shape);
    if (args.isUnclear && !this.#learn(probe, direction, data, end)) return 'nothing';
    const { queue, size, result } = args;
    const headEnd = trimmedEnd(data, start, this.#headEnd);
    if (size === undefined) {
      const task = this.#task(data, start, headEnd);
      if (direction === 'rx' && queue !== undefined && args.buffers !== '')
        return { kind: 'receiving', task, queue, buffers: args.buffers };
      return direction === 'tx' && result !== undefined ? { kind: 'sent', task, result } : 'nothing';
    }
    // A receive that brought nothing repeats the message before it.
    if (direction === 'rx' && result !== undefined && result !== 0) return 'nothing';
    const announced = Math.min(Math.max(0, size), QUEUE_MESSAGE_MAX);
    if (queue !== undefined) this.#unreadWords.addQueue(queue);
    // The buffer of a receive has room for any message, so that the kernel can read it to its end.
    const readSize = direction === 'tx' ? args.readSize(announced, this.#unreadWords) : announced;
    const bytes = args.bytes(readSize);
    if (bytes === undefined) return 'nothing';
    const time = timeOf(data, start, headEnd, clock);
    const task = this.#task(data, start, headEnd);
    const tick = time === undefined ? tickOf(data, start, headEnd) : undefined;
    const isUnread = readSize < announced;
    return {
      kind: 'message',
      direction,
      queue,
      isRmOnly,
      size: announced,
      bytes,
      isUnread,
      time,
      tick,
      task,
    };
  }

  /** Takes a line of the options raw, hex and bin, which print the number of an event instead of it. */
  leaveOutRaw(line: Line): boolean {
    const match = mayBeRaw(line) ? RAW.exec(line.text) : null;
    if (match !== null) this.#leaveOut(match[1] as string, 'raw', line.text.trim());
    return match !== null;
  }

  /** Learns the roles of the arguments read last, and reads them anew. @returns false for a message that is not understood. */
  #learn(probe: Probe, direction: Direction, data: Uint8Array, end: number): boolean {
    const { name, shape } = probe;
    const looks = this.#looks.get(name) ?? 0;
    if (looks >= LOOKS_MAX && !this.#unclear.has(name)) return true;
    const roles = looks < LOOKS_MAX ? this.#arguments.learn(direction) : 'unclear';
    this.#looks.set(name, looks + 1);
    if (roles === 'nothing') return true;
    if (roles === 'unclear' && !this.#arguments.isIncomplete) return true;
    if (roles === 'unclear') {
      this.#leaveOut(name, 'arguments', latin1(data, this.#argumentsStart, end).trim());
      return false;
    }
    this.#unclear.delete(name);
    this.#arguments.read(data, this.#argumentsStart, end, shape);
    return true;
  }

  #leaveOut(event: string, what: UnclearEvents['what'], sample: string): void {
    const known = this.#unclear.get(event);
    if (known !== undefined) known.count++;
    else if (this.#unclear.size < PROBES_MAX)
      this.#unclear.set(event, { event, what, sample: sample.slice(0, SAMPLE_MAX), count: 1 });
  }

  /**
   * Finds `NAME: (function+0x4/0x20 [module])`, `NAME: (caller+0x62/0x90 <- function)`, `NAME: (address)` or
   * `NAME: __probe_ip=`. A task's name may hold colons and brackets, but no place: it has at most 15 characters.
   */
  #find(data: Uint8Array, start: number, end: number): Probe | undefined {
    for (let colon = start; colon < end; colon++) {
      if (data[colon] !== code.colon) continue;
      let place = colon + 1;
      while (place < end && data[place] === code.space) place++;
      const char = data[place];
      const isRaw = char === code.underscore && isAt(data, place, RAW_PLACE);
      if ((char !== code.open && !isRaw) || place >= end) continue;
      const nameStart = wordStart(data, start, colon);
      if (nameStart === colon) continue;
      const probe =
        this.#known(data, nameStart, end) ??
        this.#probeOf(data, nameStart, colon, isRaw ? place + RAW_PLACE.length : placeEnd(data, place, end));
      if (probe === undefined) continue;
      if (probe.direction === undefined) {
        if (hasArray(data, nameStart + probe.head.length, end))
          this.#leaveOut(
            probe.name,
            'direction',
            latin1(
              data,
              nameStart + probe.head.length,
              Math.min(end, nameStart + probe.head.length + SAMPLE_MAX),
            ).trim(),
          );
        continue;
      }
      this.#headEnd = groupStart(data, start, nameStart);
      this.#argumentsStart = nameStart + probe.head.length;
      return probe;
    }
    return undefined;
  }

  #known(data: Uint8Array, start: number, end: number): Probe | undefined {
    for (const probe of this.#probes) {
      const { head } = probe;
      let index = head.length - 1;
      if (head[0] !== data[start] || start + index >= end) continue;
      while (index >= 0 && head[index] === data[start + index]) index--;
      if (index < 0) return probe;
    }
    return undefined;
  }

  /** @param argumentsStart undefined: no place stands behind the name. */
  #probeOf(
    data: Uint8Array,
    nameStart: number,
    nameEnd: number,
    argumentsStart: number | undefined,
  ): Probe | undefined {
    if (argumentsStart === undefined) return undefined;
    const name = latin1(data, nameStart, nameEnd);
    const [, place = '', , rest = ''] =
      PLACE.exec(latin1(data, nameEnd + 1, argumentsStart).trimStart()) ?? [];
    const callee = CALLEE.exec(rest)?.[1] ?? '';
    const shape = this.#shapes.get(name) ?? newShape();
    const probe: Probe = {
      name,
      head: data.slice(nameStart, argumentsStart),
      direction: directionOf(name) ?? directionOf(callee) ?? directionOf(place),
      isRmOnly: /(?:^|_)rm_/.test(callee === '' ? place : callee),
      shape,
    };
    if (this.#probes.length >= PROBES_MAX) this.restart();
    if (probe.direction !== undefined) this.#shapes.set(name, shape);
    this.#probes.push(probe);
    return probe;
  }

  /** The columns before the processor's number: `comm-pid`, or `comm pid` as perf prints it. */
  #task(data: Uint8Array, start: number, headEnd: number): string {
    let end = headEnd - 1;
    while (end > start && !(data[end] === code.openSquare && data[end - 1] === code.space)) end--;
    if (end <= start) return /^(.*-\d+)\s/.exec(latin1(data, start, headEnd))?.[1]?.trim() ?? '';
    end = trimmedEnd(data, start, end);
    // record-tgid: `comm-pid (tgid) [cpu]`.
    if (data[end - 1] === code.close) {
      while (end > start && data[end - 1] !== code.open) end--;
      end = trimmedEnd(data, start, end - 1);
    }
    let begin = start;
    while (begin < end && data[begin] === code.space) begin++;
    return this.#tasks.get(data, begin, end);
  }
}

/** A cheap test: a type and a number end the line. */
function mayBeRaw({ data, start, end, length }: Line): boolean {
  if (length > LOSS_LINE_MAX) return false;
  let at = end;
  while (at > start && digitAt(data, at - 1) >= 0) at--;
  return at < end && at - start >= RAW_TYPE.length && isAt(data, at - RAW_TYPE.length, RAW_TYPE);
}

/** The index behind the brackets at `start`; undefined when they hold no place. */
function placeEnd(data: Uint8Array, start: number, end: number): number | undefined {
  const match = PLACE.exec(latin1(data, start, Math.min(end, start + PLACE_MAX)));
  if (match === null) return undefined;
  const place = match[1] as string;
  if (match[2] === undefined && !ADDRESS.test(place) && !FUNCTION.test(place)) return undefined;
  return start + match[0].length;
}

/** Whether one of the first arguments is an array, as the bytes of a message are. */
function hasArray(data: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < Math.min(end, start + PLACE_MAX) - 1; at++)
    if (data[at] === code.equals && (data[at + 1] === code.openBrace || isAt(data, at + 1, 'ARRAY[')))
      return true;
  return false;
}

/** Index at which the word that ends at `end` begins. */
function wordStart(data: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && wordChars[data[at - 1] as number] === 1) at--;
  return at;
}

/** perf prints the event's group in front of its name: `gunyah:tx`. */
function groupStart(data: Uint8Array, start: number, nameStart: number): number {
  if (nameStart <= start || data[nameStart - 1] !== code.colon) return nameStart;
  const group = wordStart(data, start, nameStart - 1);
  return group === nameStart - 1 ? nameStart : group;
}

function trimmedEnd(data: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && data[at - 1] === code.space) at--;
  return at;
}

/** From the name of an event or function. The header's type never tells: notifications go both ways. */
export function directionOf(name: string): Direction | undefined {
  if (/(?:^|_)(?:tx|send)/i.test(name)) return 'tx';
  return /(?:^|_)(?:rx|recv|receive)/i.test(name) ? 'rx' : undefined;
}

/** The column before the event. Counters and cycles have no unit: their lines have no time. */
function timeOf(data: Uint8Array, start: number, headEnd: number, clock: Clock): LineTime | undefined {
  const end = data[headEnd - 1] === code.colon ? headEnd - 1 : headEnd;
  let at = end;
  let fraction = 0;
  let scale = 1;
  let digit = digitAt(data, --at);
  for (; digit >= 0 && at > start && scale < 1e9; digit = digitAt(data, --at)) {
    fraction += digit * scale;
    scale *= 10;
  }
  // What an event printed into the kernel's log has (tp_printk).
  if (data[end - 1] === code.closeSquare && data[start] === code.openSquare && end - start < TIME_MAX)
    return timeOf(data, start, end - 1, 'mono');
  if (data[at] !== code.dot || scale < 1000)
    return otherTime(latin1(data, Math.max(start, end - TIME_MAX), end), clock);
  let seconds = 0;
  let unit = 1;
  digit = digitAt(data, --at);
  for (; digit >= 0 && at >= start && unit < 1e12; digit = digitAt(data, --at)) {
    seconds += digit * unit;
    unit *= 10;
  }
  if (unit === 1) return undefined;
  const ns = fraction * (1e9 / scale);
  // Only the clock `tai` counts from 1970; the others count from the machine's start, less than 30 years ago.
  return {
    ns: seconds < EXACT_SECONDS ? BigInt(seconds * 1e9 + ns) : BigInt(seconds) * 1_000_000_000n + BigInt(ns),
    clock: seconds > 1_000_000_000 ? 'wall' : clock,
  };
}

/** `[001] .....     1414`: a time without a unit, and the processor. */
function tickOf(data: Uint8Array, start: number, headEnd: number): Tick | undefined {
  const match = /\[(\d{3,})\]\s.*?(\d+):?$/.exec(latin1(data, start, headEnd));
  return match === null ? undefined : { cpu: Number(match[1]), count: Number(match[2]) };
}

function digitAt(data: Uint8Array, at: number): number {
  const digit = (data[at] as number) - code.zero;
  return digit <= 9 ? digit : -1;
}

/** Below it, nanoseconds are exact as a number. */
const EXACT_SECONDS = 9e6;

/**
 * The forms of the option latency-format, in microseconds or, when verbose, milliseconds; and a time with another column
 * behind it: the period of `perf script -F period`, or the difference of `trace-cmd report --ts-diff`.
 */
function otherTime(text: string, clock: Clock): LineTime | undefined {
  const other = /(\d+)\.(\d{6}|\d{9}): +(?:\d+|\(\+\d+\))$/.exec(text);
  if (other !== null)
    return timeOf(
      Uint8Array.from(text, (char) => char.charCodeAt(0)),
      0,
      other.index + (other[0] as string).indexOf(':'),
      clock,
    );
  const micro = /(\d+)us.?$/.exec(text);
  if (micro !== null) return { ns: BigInt(micro[1] as string) * 1000n, clock };
  const milli = /(\d+)\.(\d{3})ms \([+-]?[\d.]+ms\)$/.exec(text);
  if (milli === null) return undefined;
  return { ns: BigInt(milli[1] as string) * 1_000_000n + BigInt(milli[2] as string) * 1000n, clock };
}

/** Characters of a time column. */
const TIME_MAX = 48;
