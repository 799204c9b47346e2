import type { Clock } from '../packets/index.js';
import { ArgumentReader, type ArrayShape } from './arguments.js';
import { type Direction, type LineTime, type Loss, QUEUE_MESSAGE_MAX, type TraceItem } from './message.js';

/** The tracer gave up entries: ftrace, trace-cmd, bpftrace, perf and the kernel's log say so in these forms. */
const LOST =
  /^\s*(?:CPU:\d+ \[(?:LOST (\d+) EVENTS|(\d+) EVENTS DROPPED|EVENTS DROPPED)\]|Lost (\d+)? ?events)/i;
const PRINTK_DROPPED = /\*\* (\d+) printk messages dropped \*\*/;

/** The first line of a ring buffer that was read after it had been overwritten. */
const OVERWRITTEN = /^#\s*entries-in-buffer\/entries-written: (\d+)\/(\d+)/;

/** What stands in the brackets behind an event's name: the function of the probe, or its address. */
const PLACE = /\(([\w.$]+)(\+0x[0-9a-f]+\/0x[0-9a-f]+)?([^()]{0,200})\)/y;
const CALLEE = / <- ([\w.$]+)/;
const ADDRESS = /^(?:0x)?[0-9a-f]{8,16}$/;
/** `trace-cmd report -R` prints the place as fields, without brackets. */
const RAW_PLACE = '__probe_';

/** The loss that a line reports; undefined for all other lines. */
export function parseLoss(line: string): Loss | undefined {
  if (line.charCodeAt(0) === HASH) {
    const match = OVERWRITTEN.exec(line);
    const count = match === null ? 0 : Number(match[2]) - Number(match[1]);
    return count > 0 ? { kind: 'lost', count } : undefined;
  }
  if (line.length > LOSS_LINE_MAX) return undefined;
  const match = line.includes(' dropped **') ? PRINTK_DROPPED.exec(line) : LOST.exec(line);
  if (match === null) return undefined;
  const count = match[1] ?? match[2] ?? match[3];
  return { kind: 'lost', count: count === undefined ? undefined : Number(count) };
}

const HASH = 0x23;
const LOSS_LINE_MAX = 120;

/** Where an event's name and its arguments stand in a line. */
interface EventPlace {
  readonly name: string;
  /** Function, or the caller in a return probe. */
  readonly place: string;
  /** Function of a return probe, else ''. */
  readonly callee: string;
  readonly headEnd: number;
  readonly argumentsStart: number;
}

/** What is the same on all lines of one probe. */
interface Probe extends ArrayShape {
  readonly place: string;
  readonly callee: string;
  readonly direction: Direction | undefined;
  /** Its function serves no queue but RM's. */
  readonly isRmOnly: boolean;
}

/** Any text may hold names of events: probes are forgotten when there are too many. */
const PROBES_MAX = 256;
/** Longer lines are not of a tracer: a message has at most 30 words of 18 characters, or 240 bytes of 4. */
const EVENT_LINE_MAX = 8192;

/** Reads the lines of ftrace (`trace`, `trace_pipe`), trace-cmd and perf, one after the other. */
export class EventLines {
  readonly #arguments = new ArgumentReader();
  /** By the event's name. */
  readonly #probes = new Map<string, Probe>();

  /**
   * What a line says of a message queue; undefined when it says nothing of one. Columns are not counted: what stands
   * before the event's name differs with every option.
   */
  parse(line: string, clock: Clock): TraceItem | undefined {
    const found = line.length > EVENT_LINE_MAX ? undefined : findEvent(line);
    if (found === undefined) return undefined;
    const probe = this.#probeOf(found);
    const { direction, isRmOnly } = probe;
    if (direction === undefined) return undefined;
    const args = this.#arguments;
    args.read(line, found.argumentsStart, probe);
    const { queue, size, result } = args;
    const head = line.slice(0, found.headEnd).trimEnd();
    const task = taskOf(head);
    if (size === undefined) {
      if (direction === 'rx' && queue !== undefined && args.buffers !== '')
        return { kind: 'receiving', task, queue, buffers: args.buffers };
      return direction === 'tx' && result !== undefined ? { kind: 'sent', task, result } : undefined;
    }
    // A receive that brought nothing repeats the message before it.
    if (direction === 'rx' && result !== undefined && result !== 0) return undefined;
    const announced = Math.min(Math.max(0, size), QUEUE_MESSAGE_MAX);
    const bytes = args.bytes(announced);
    if (bytes === undefined) return undefined;
    const time = timeOf(head, clock);
    return { kind: 'message', direction, queue, isRmOnly, size: announced, bytes, time, task };
  }

  #probeOf({ name, place, callee }: EventPlace): Probe {
    const known = this.#probes.get(name);
    if (known !== undefined && known.place === place && known.callee === callee) return known;
    const direction = directionOf(name) ?? directionOf(callee) ?? directionOf(place);
    const isRmOnly = /(?:^|_)rm_/.test(callee === '' ? place : callee);
    const probe: Probe = { place, callee, direction, isRmOnly, elements: undefined };
    if (this.#probes.size > PROBES_MAX) this.#probes.clear();
    this.#probes.set(name, probe);
    return probe;
  }
}

/**
 * Finds `NAME: (function+0x4/0x20 [module])`, `NAME: (caller+0x62/0x90 <- function)`, `NAME: (address)` or
 * `NAME: __probe_ip=`. A task's name may hold colons and brackets, but no place: it has at most 15 characters.
 */
function findEvent(line: string): EventPlace | undefined {
  for (let at = line.indexOf('('); at >= 0; at = line.indexOf('(', at + 1)) {
    PLACE.lastIndex = at;
    const match = PLACE.exec(line);
    if (match === null || (match[2] === undefined && !ADDRESS.test(match[1] as string))) continue;
    const nameEnd = nameEndBefore(line, at);
    if (nameEnd === undefined) continue;
    const nameStart = wordStart(line, nameEnd);
    if (nameStart === nameEnd) continue;
    return {
      name: line.slice(nameStart, nameEnd),
      place: match[1] as string,
      callee: CALLEE.exec(match[3] ?? '')?.[1] ?? '',
      headEnd: groupStart(line, nameStart),
      argumentsStart: PLACE.lastIndex,
    };
  }
  const raw = line.indexOf(RAW_PLACE);
  const nameEnd = raw < 0 ? undefined : nameEndBefore(line, raw);
  if (nameEnd === undefined) return undefined;
  const nameStart = wordStart(line, nameEnd);
  const name = line.slice(nameStart, nameEnd);
  return { name, place: '', callee: '', headEnd: groupStart(line, nameStart), argumentsStart: raw };
}

/** Index of the colon in front of `at`, with spaces between; undefined when there is none. */
function nameEndBefore(line: string, at: number): number | undefined {
  let end = at - 1;
  while (line.charCodeAt(end) === SPACE) end--;
  return line.charCodeAt(end) === COLON ? end : undefined;
}

/** Index at which the word that ends at `end` begins. */
function wordStart(line: string, end: number): number {
  let start = end;
  while (start > 0 && isWord(line.charCodeAt(start - 1))) start--;
  return start;
}

/** perf prints the event's group in front of its name: `gunyah:tx`. */
function groupStart(line: string, nameStart: number): number {
  if (line.charCodeAt(nameStart - 1) !== COLON) return nameStart;
  const start = wordStart(line, nameStart - 1);
  return start === nameStart - 1 ? nameStart : start;
}

function isWord(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true;
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || code === UNDERSCORE;
}

const SPACE = 0x20;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;

/** From the name of an event or function. The header's type never tells: notifications go both ways. */
export function directionOf(name: string): Direction | undefined {
  if (/(?:^|_)(?:tx|send)/i.test(name)) return 'tx';
  return /(?:^|_)(?:rx|recv|receive)/i.test(name) ? 'rx' : undefined;
}

/** The columns before the processor's number: `comm-pid`, or `comm pid` as perf prints it. */
function taskOf(head: string): string {
  const processor = head.lastIndexOf(' [');
  if (processor >= 0) {
    const columns = head.slice(0, processor).trim();
    return columns.endsWith(')')
      ? columns.slice(0, Math.max(0, columns.lastIndexOf('('))).trimEnd()
      : columns;
  }
  return /^(.*-\d+)\s/.exec(head)?.[1]?.trim() ?? '';
}

/** The column before the event. Counters and cycles have no unit: their lines have no time. */
function timeOf(head: string, clock: Clock): LineTime | undefined {
  const text = head.slice(-TIME_MAX, head.endsWith(':') ? -1 : undefined);
  const seconds = /(\d+)\.(\d{3,9})$/.exec(text);
  if (seconds !== null) {
    const fraction = seconds[2] as string;
    const scaled = Number(seconds[1]) * 10 ** fraction.length + Number(fraction);
    const ns = BigInt(scaled) * (NS_PER_UNIT[fraction.length] as bigint);
    // Only the clock `tai` counts from 1970; the others count from the machine's start, less than 30 years ago.
    return { ns, clock: Number(seconds[1]) > 1_000_000_000 ? 'wall' : clock };
  }
  const micro = /(\d+)us.?$/.exec(text);
  if (micro !== null) return { ns: BigInt(micro[1] as string) * 1000n, clock };
  const milli = /(\d+)\.(\d{3})ms \([+-]?[\d.]+ms\)$/.exec(text);
  if (milli === null) return undefined;
  return { ns: BigInt(milli[1] as string) * 1_000_000n + BigInt(milli[2] as string) * 1000n, clock };
}

/** Characters of a time column. */
const TIME_MAX = 48;
/** Nanoseconds of the last place of a fraction with so many digits. */
const NS_PER_UNIT = [1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 100, 10, 1].map(BigInt);
