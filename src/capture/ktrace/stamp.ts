import type { Clock } from '../packets/index.js';
import { code, latin1, Names } from './line.js';
import type { LineTime } from './message.js';
import { RelativeTime } from './relative-time.js';
import { StampGroups } from './stamp-groups.js';

interface Rule {
  /** Whether the pattern can begin with this character. */
  readonly begins: RegExp;
  readonly pattern: RegExp;
  /** What the pattern holds: a time of a clock, in nanoseconds, or who printed, as a group. */
  readonly clock?: Clock;
  readonly ns?: (groups: StampGroups) => bigint;
  readonly caller?: number;
  /** What the pattern says of the time since the line before. */
  readonly passes?: (groups: StampGroups, time: RelativeTime) => void;
}

/** What dmesg prints instead of a time, or with one of whole seconds. */
const RELATIVE_RULES: readonly Rule[] = [
  // dmesg -e and -H.
  {
    begins: /\[/,
    pattern: /\[\s*\+(\d+)\.(\d{6})\] ?/dy,
    passes: (groups, time) => time.add(groups.number(1) * 1e9 + groups.fraction(2)),
  },
  {
    begins: /\[/,
    pattern: /\[([A-Z][a-z]{2})\s?(\d{1,2}) (\d\d):(\d\d)\] ?/dy,
    passes: (groups, time) =>
      time.minute(
        groups.day(1970, groups.month(1), groups.number(2)) + groups.number(3) * 3600 + groups.number(4) * 60,
      ),
  },
  // dmesg --time-format=delta, and -d with -t or -e.
  {
    begins: /\[/,
    pattern: /\[<\s*(\d+)\.(\d{6})>\] ?/dy,
    passes: (groups, time) => time.add(groups.number(1) * 1e9 + groups.fraction(2)),
  },
  // dmesg -d -T.
  {
    begins: /\[/,
    pattern:
      /\[[A-Z][a-z]{2} ([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4}) <\s*(\d+)\.(\d{6})>\] ?/dy,
    passes: (groups, time) =>
      time.second(
        groups.date(groups.number(6), groups.month(1), groups.number(2), 3),
        groups.number(7) * 1e9 + groups.fraction(8),
      ),
  },
];

/**
 * The parts that dmesg with its options, /dev/kmsg, journalctl, syslog and logcat put in front, each followed by the
 * next. A line has any number of them in any order. No pattern asks which digit stands at a place, only whether one
 * does: `StampReader` relies on it.
 */
const RULES: readonly Rule[] = [
  ...RELATIVE_RULES,
  // printk's time; dmesg -d and journalctl -o short-delta add the time since the line before.
  {
    begins: /\[/,
    pattern: /\[\s*(\d+)\.(\d{3,9})(?:\s*<\s*[+\d.]+\s*\*?>|\s+)?\] ?/dy,
    clock: 'mono',
    ns: (groups) => groups.ns(groups.number(1), groups.fraction(2)),
  },
  // CONFIG_PRINTK_CALLER: a thread or a processor.
  { begins: /\[/, pattern: /\[\s*([TC]\d+)(?:@C?\d+)?\] ?/dy, caller: 1 },
  // dmesg --raw and syslog: facility and level as one number.
  { begins: /</, pattern: /<\d+>/dy },
  // dmesg -x.
  { begins: /[a-z]/, pattern: /[a-z]+\d*\s*:\s*[a-z]+\s*: ?/dy },
  // /dev/kmsg: level, sequence number, microseconds, flags.
  {
    begins: /\d/,
    pattern: /\d+,\d+,(\d+),[^;]*;/dy,
    clock: 'mono',
    ns: (groups) => {
      const us = groups.number(1);
      const seconds = Math.floor(us / 1e6);
      return groups.ns(seconds, (us - seconds * 1e6) * 1000);
    },
  },
  // dmesg --time-format=iso, journalctl -o short-iso, -o short-full, logcat -v year.
  {
    begins: /[A-Z\d]/,
    pattern:
      /(?:[A-Z][a-z]{2} )?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(?:Z|UTC|[A-Z]{3,4}|([+-])(\d\d):?(\d\d)))? ?/dy,
    clock: 'wall',
    // Names of zones other than UTC are not known and count as UTC.
    ns: (groups) => {
      const seconds = groups.date(groups.number(1), groups.number(2), groups.number(3), 4);
      return groups.ns(seconds - groups.zone(8), groups.fraction(7));
    },
  },
  // dmesg -T.
  {
    begins: /\[/,
    pattern: /\[[A-Z][a-z]{2} ([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})\] ?/dy,
    clock: 'wall',
    ns: (groups) => groups.ns(groups.date(groups.number(6), groups.month(1), groups.number(2), 3), 0),
  },
  // journalctl -o short and short-precise, syslog files.
  {
    begins: /[A-Z]/,
    pattern: /([A-Z][a-z]{2})\s+(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? /dy,
    clock: 'no-year',
    ns: (groups) => groups.ns(groups.date(1970, groups.month(1), groups.number(2), 3), groups.fraction(6)),
  },
  // journalctl -o short-unix, logcat -v epoch.
  {
    begins: /[\s\d]/,
    pattern: /\s*(\d{9,11})\.(\d{3,9}) +/dy,
    clock: 'wall',
    ns: (groups) => groups.ns(groups.number(1), groups.fraction(2)),
  },
  // logcat -v monotonic: seconds, then the user, process, thread and level.
  {
    begins: /[\s\d]/,
    pattern: /\s*(\d{1,8})\.(\d{3,9})(?= +(?:[a-z]+ +)?\d+ +\d+ [VDIWEFS] ) +/dy,
    clock: 'mono',
    ns: (groups) => groups.ns(groups.number(1), groups.fraction(2)),
  },
  // logcat -v threadtime and -v time.
  {
    begins: /\d/,
    pattern: /(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3,9}) /dy,
    clock: 'no-year',
    ns: (groups) => groups.ns(groups.date(1970, groups.number(1), groups.number(2), 3), groups.fraction(6)),
  },
  // logcat: process, thread and level; or level, tag and process.
  { begins: /[\sa-z\d]/, pattern: /\s*(?:[a-z]+\s+)?\d+\s+\d+ [VDIWEFS] (?:kernel\s*: ?)?/dy },
  { begins: /[VDIWEFS]/, pattern: /[VDIWEFS]\/\S*\s*\(\s*\d+\): ?/dy },
  // The host and the program of journalctl and syslog.
  { begins: /[\w.-]/, pattern: /[\w.-]+ kernel(?:\[\d+\])?: ?/dy },
  { begins: /k/, pattern: /kernel: /dy },
];

/** The rules that may fit at a character, by its code; the others are not tried. */
const RULES_BY_CHAR: readonly (readonly Rule[])[] = Array.from({ length: 128 }, (_, char) =>
  RULES.filter(({ begins }) => begins.test(String.fromCharCode(char))),
);

/** A rule, and where in a stamp its groups are: begin and end of each. */
interface Place {
  readonly rule: Rule;
  readonly groups: readonly number[];
}

/** What the stamps of a log have in common that differ in their digits alone. */
interface Shape {
  /** The stamp with zeros for its digits. */
  readonly bytes: Uint8Array;
  readonly time: Place | undefined;
  readonly caller: Place | undefined;
}

/** A log has one shape of stamps, or a few: numbers of threads have different lengths. */
const SHAPES_MAX = 8;

/** Reads what stands before the text of kernel messages, one line after the other. */
export class StampReader {
  /** The shape that was seen last is the first. */
  readonly #shapes: Shape[] = [];
  #shape: Shape = shapeOf('');
  #data: Uint8Array = new Uint8Array(0);
  #start = 0;
  readonly #groups = new StampGroups();
  readonly #callers = new Names((text) => text);
  readonly #relative = new RelativeTime();

  /** Takes bytes [start, end) of `data`, at most 1024; `time` and `caller` are read from them. */
  read(data: Uint8Array, start: number, end: number): void {
    this.#data = data;
    this.#start = start;
    const length = end - start;
    for (let index = 0; index < this.#shapes.length; index++) {
      const { bytes } = this.#shapes[index] as Shape;
      if (bytes.length !== length || !hasShape(data, start, bytes)) continue;
      this.#use(index);
      return;
    }
    this.#shape = shapeOf(latin1(data, start, end));
    this.#shapes.unshift(this.#shape);
    if (this.#shapes.length > SHAPES_MAX) this.#shapes.pop();
  }

  /**
   * As `read`, for a stamp of which only the begin is known.
   *
   * @param follows whether what stands behind a stamp begins at an index. @returns the index behind the stamp; -1 when
   * none of the shapes before fits.
   */
  readKnown(
    data: Uint8Array,
    start: number,
    end: number,
    follows: (data: Uint8Array, at: number) => boolean,
  ): number {
    for (let index = 0; index < this.#shapes.length; index++) {
      const { bytes } = this.#shapes[index] as Shape;
      const behind = start + bytes.length;
      if (behind >= end || !follows(data, behind) || !hasShape(data, start, bytes)) continue;
      this.#data = data;
      this.#start = start;
      this.#use(index);
      return behind;
    }
    return -1;
  }

  /** The thread or processor that printed, where the kernel was built to say it (CONFIG_PRINTK_CALLER); else ''. */
  get caller(): string {
    const { caller } = this.#shape;
    if (caller?.rule.caller === undefined) return '';
    const group = caller.rule.caller * 2;
    const start = this.#start + (caller.groups[group] as number);
    return this.#callers.get(this.#data, start, this.#start + (caller.groups[group + 1] as number));
  }

  get time(): LineTime | undefined {
    const { time } = this.#shape;
    if (time?.rule.passes !== undefined) return this.#relative.time;
    if (time?.rule.ns === undefined) return undefined;
    this.#groups.set(this.#data, this.#start, time.groups);
    return { ns: time.rule.ns(this.#groups), clock: time.rule.clock };
  }

  /** The line whose stamp was read counts for the times of those behind it; to be called once for it. */
  pass(): void {
    const { time } = this.#shape;
    if (time?.rule.passes === undefined) return;
    this.#groups.set(this.#data, this.#start, time.groups);
    time.rule.passes(this.#groups, this.#relative);
  }

  /** As `pass`, for any line of a log. */
  passLine(data: Uint8Array, start: number, end: number): void {
    const at = relativeStart(data, start, end);
    if (at < 0) return;
    const text = latin1(data, at, Math.min(end, at + RELATIVE_MAX));
    for (const rule of RELATIVE_RULES) {
      rule.pattern.lastIndex = 0;
      const match = rule.pattern.exec(text);
      if (match === null) continue;
      this.#groups.set(data, at, groupsOf(match));
      rule.passes?.(this.#groups, this.#relative);
      return;
    }
  }

  #use(index: number): void {
    const shape = this.#shapes[index] as Shape;
    this.#shape = shape;
    if (index === 0) return;
    this.#shapes.copyWithin(1, 0, index);
    this.#shapes[0] = shape;
  }
}

function hasShape(data: Uint8Array, start: number, shape: Uint8Array): boolean {
  for (let at = 0; at < shape.length; at++)
    if (shape[at] !== shapes[data[start + at] as number]) return false;
  return true;
}

/** Each character, and a zero for each digit. */
const shapes: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, char) =>
  char >= code.zero && char <= code.nine ? code.zero : char,
);

function shapeOf(stamp: string): Shape {
  const bytes = Uint8Array.from(stamp, (char) => shapes[char.charCodeAt(0)] as number);
  let time: Place | undefined;
  let caller: Place | undefined;
  let end = 0;
  while (end < stamp.length) {
    const begin = end;
    for (const rule of RULES_BY_CHAR[stamp.charCodeAt(end)] ?? []) {
      rule.pattern.lastIndex = end;
      const match = rule.pattern.exec(stamp);
      if (match === null || match[0] === '') continue;
      const groups = groupsOf(match);
      if (rule.caller !== undefined) caller = { rule, groups };
      // The first time counts: what a log daemon adds stands before what the kernel printed. The kernel's own time is
      // finer than a second of a log daemon, and is what the other lines have too.
      const isKernel = rule.clock === 'mono' || rule.passes !== undefined;
      if (isKernel || (rule.ns !== undefined && time === undefined)) time = { rule, groups };
      end += match[0].length;
      break;
    }
    if (end === begin) end = nextPart(stamp, end);
  }
  return { bytes, time, caller };
}

function groupsOf(match: RegExpExecArray): number[] {
  return (match.indices ?? []).flatMap((range) => range ?? [-1, -1]);
}

/** The index of the bracket with which a relative time begins, for all that its form tells; -1 when there is none. */
function relativeStart(data: Uint8Array, start: number, end: number): number {
  const stop = Math.min(end, start + BEFORE_MAX);
  let at = start;
  while (at < stop && data[at] !== code.openSquare) at++;
  if (at >= stop) return -1;
  // `[Nov21 13:14]` and `[Sat Nov 21 13:14:07 2026 <`.
  if (data[at + 12] === code.closeSquare || data[at + 26] === LESS) return at;
  let next = at + 1;
  while (next < end && data[next] === code.space) next++;
  return data[next] === PLUS || data[next] === LESS ? at : -1;
}

/** Characters of what dmesg -x prints in front of a time, and of a time. */
const BEFORE_MAX = 32;
const RELATIVE_MAX = 64;
const PLUS = 0x2b;
const LESS = 0x3c;

/** Terminal programs, `ts` and `grep` put something of their own in front: a part may begin behind a space or in brackets. */
function nextPart(stamp: string, at: number): number {
  PART.lastIndex = at + 1;
  return PART.exec(stamp)?.index ?? stamp.length;
}

const PART = /(?<=[\s:])|[[<]/g;
