import type { Clock } from '../packets/index.js';
import { code, latin1 } from './line.js';
import type { LineTime } from './message.js';

interface Rule {
  /** Whether the pattern can begin with this character. */
  readonly begins: RegExp;
  readonly pattern: RegExp;
  /** What the pattern holds: a time of a clock, in nanoseconds, or who printed. */
  readonly clock?: Clock;
  readonly ns?: (match: RegExpExecArray) => bigint;
  readonly caller?: (match: RegExpExecArray) => string;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const NS_PER_S = 1_000_000_000n;

/**
 * The parts that dmesg with its options, /dev/kmsg, journalctl, syslog and logcat put in front, each followed by the
 * next. A line has any number of them in any order. No pattern asks which digit stands at a place, only whether one
 * does: `StampReader` relies on it.
 */
const RULES: readonly Rule[] = [
  // printk's time; dmesg -d adds the time since the line before.
  {
    begins: /\[/,
    pattern: /\[\s*(\d+)\.(\d{3,9})(?:\s*<\s*[+\d.]+\s*>)?\] ?/y,
    clock: 'mono',
    ns: ([, s, fraction]) => seconds(s, fraction),
  },
  // CONFIG_PRINTK_CALLER: a thread or a processor.
  {
    begins: /\[/,
    pattern: /\[\s*([TC]\d+)(?:@C?\d+)?\] ?/y,
    caller: ([, caller = '']) => caller,
  },
  // dmesg --raw and syslog: facility and level as one number.
  { begins: /</, pattern: /<\d+>/y },
  // dmesg -x.
  { begins: /[a-z]/, pattern: /[a-z]+\d*\s*:\s*[a-z]+\s*: ?/y },
  // /dev/kmsg: level, sequence number, microseconds, flags.
  {
    begins: /\d/,
    pattern: /\d+,\d+,(\d+),[^;]*;/y,
    clock: 'mono',
    ns: ([, us]) => BigInt(us as string) * 1000n,
  },
  // dmesg --time-format=iso, journalctl -o short-iso, -o short-full, logcat -v year.
  {
    begins: /[A-Z\d]/,
    pattern:
      /(?:[A-Z][a-z]{2} )?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[A-Z]{3,4}|[+-]\d\d:?\d\d))? ?/y,
    clock: 'wall',
    ns: ([, year, month, day, hour, minute, second, fraction, zone]) =>
      date(Number(year), Number(month), day, hour, minute, second, fraction) - zoneNs(zone),
  },
  // dmesg -T.
  {
    begins: /\[/,
    pattern: /\[[A-Z][a-z]{2} ([A-Z][a-z]{2})\s+(\d+) (\d\d):(\d\d):(\d\d) (\d{4})\] ?/y,
    clock: 'wall',
    ns: ([, month, day, hour, minute, second, year]) =>
      date(Number(year), monthOf(month), day, hour, minute, second, undefined),
  },
  // journalctl -o short and short-precise, syslog files.
  {
    begins: /[A-Z]/,
    pattern: /([A-Z][a-z]{2})\s+(\d+) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? /y,
    clock: 'no-year',
    ns: ([, month, day, hour, minute, second, fraction]) =>
      date(1970, monthOf(month), day, hour, minute, second, fraction),
  },
  // journalctl -o short-unix, logcat -v epoch.
  {
    begins: /[\s\d]/,
    pattern: /\s*(\d{9,11})\.(\d{3,9}) +/y,
    clock: 'wall',
    ns: ([, s, fraction]) => seconds(s, fraction),
  },
  // logcat -v threadtime and -v time.
  {
    begins: /\d/,
    pattern: /(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3,9}) /y,
    clock: 'no-year',
    ns: ([, month, day, hour, minute, second, fraction]) =>
      date(1970, Number(month), day, hour, minute, second, fraction),
  },
  // logcat: process, thread and level; or level, tag and process.
  { begins: /[\sa-z\d]/, pattern: /\s*(?:[a-z]+\s+)?\d+\s+\d+ [VDIWEFS] (?:kernel\s*: ?)?/y },
  { begins: /[VDIWEFS]/, pattern: /[VDIWEFS]\/\S*\s*\(\s*\d+\): ?/y },
  // The host and the program of journalctl and syslog.
  { begins: /[\w.-]/, pattern: /[\w.-]+ kernel(?:\[\d+\])?: ?/y },
  { begins: /k/, pattern: /kernel: /y },
];

/** The rules that may fit at a character, by its code; the others are not tried. */
const RULES_BY_CHAR: readonly (readonly Rule[])[] = Array.from({ length: 128 }, (_, char) =>
  RULES.filter(({ begins }) => begins.test(String.fromCharCode(char))),
);

/** A rule, and where in a stamp it applies. */
interface Place {
  readonly rule: Rule;
  readonly at: number;
}

/** Which parts a stamp has, whatever its digits are. */
interface Parts {
  readonly time: Place | undefined;
  readonly caller: Place | undefined;
}

const STAMP_MAX = 1024;

/**
 * Reads what stands before the text of kernel messages, one line after the other. The stamps of a log differ in their
 * digits alone, so that the parts of one are those of the next.
 */
export class StampReader {
  /** The stamp with zeros for its digits. */
  readonly #shape = new Uint8Array(STAMP_MAX);
  #length = 0;
  #parts: Parts = partsOf('');
  #data: Uint8Array = this.#shape;
  #start = 0;
  /** The stamp that `#time` was read from: many logs have times of whole seconds. */
  readonly #timed = new Uint8Array(STAMP_MAX);
  #timedLength = -1;
  #time: LineTime | undefined;

  /** Takes bytes [start, end) of `data`, at most 1024; `time` and `caller` are read from them. */
  read(data: Uint8Array, start: number, end: number): void {
    this.#data = data;
    this.#start = start;
    const length = end - start;
    if (length === this.#length && this.#hasShape(data, start, length)) return;
    for (let at = 0; at < length; at++) this.#shape[at] = shapes[data[start + at] as number] as number;
    this.#length = length;
    this.#parts = partsOf(latin1(data, start, end));
  }

  /** The thread or processor that printed, where the kernel was built to say it (CONFIG_PRINTK_CALLER); else ''. */
  get caller(): string {
    const { caller } = this.#parts;
    return caller === undefined ? '' : (caller.rule.caller?.(this.#match(caller)) ?? '');
  }

  get time(): LineTime | undefined {
    if (this.#isTimed()) return this.#time;
    for (let at = 0; at < this.#length; at++) this.#timed[at] = this.#data[this.#start + at] as number;
    this.#timedLength = this.#length;
    const { time } = this.#parts;
    const ns = time?.rule.ns?.(this.#match(time));
    this.#time = ns === undefined ? undefined : { ns, clock: time?.rule.clock };
    return this.#time;
  }

  #hasShape(data: Uint8Array, start: number, length: number): boolean {
    const shape = this.#shape;
    for (let at = 0; at < length; at++) if (shape[at] !== shapes[data[start + at] as number]) return false;
    return true;
  }

  #isTimed(): boolean {
    const length = this.#length;
    if (length !== this.#timedLength) return false;
    // The last digits differ first.
    for (let at = length - 1; at >= 0; at--)
      if (this.#timed[at] !== this.#data[this.#start + at]) return false;
    return true;
  }

  #match({ rule: { pattern }, at }: Place): RegExpExecArray {
    pattern.lastIndex = at;
    return pattern.exec(latin1(this.#data, this.#start, this.#start + this.#length)) as RegExpExecArray;
  }
}

/** Each character, and a zero for each digit. */
const shapes: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, char) =>
  char >= code.zero && char <= code.nine ? code.zero : char,
);

function partsOf(stamp: string): Parts {
  let time: Place | undefined;
  let caller: Place | undefined;
  let end = 0;
  for (let length = -1; length !== end; ) {
    length = end;
    for (const rule of RULES_BY_CHAR[stamp.charCodeAt(end)] ?? []) {
      rule.pattern.lastIndex = end;
      const match = rule.pattern.exec(stamp);
      if (match === null || match[0] === '') continue;
      const place = { rule, at: end };
      if (rule.caller !== undefined) caller = place;
      // The first time counts: what a log daemon adds stands before what the kernel printed. The kernel's own time is
      // finer than a second of a log daemon, and is what the other lines have too.
      if (rule.ns !== undefined && (time === undefined || rule.clock === 'mono')) time = place;
      end += match[0].length;
      break;
    }
  }
  return { time, caller };
}

function seconds(whole: string | undefined, fraction: string | undefined): bigint {
  return BigInt(whole as string) * NS_PER_S + fractionNs(fraction);
}

function fractionNs(fraction: string | undefined): bigint {
  return fraction === undefined ? 0n : BigInt(fraction.padEnd(9, '0'));
}

/** Month from 1; 0 for a text that is no month. */
function monthOf(name: string | undefined): number {
  const at = MONTHS.indexOf(name as string);
  return at < 0 || at % 3 !== 0 ? 0 : at / 3 + 1;
}

/** Nanoseconds since 1970. */
function date(
  year: number,
  month: number,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
  fraction: string | undefined,
): bigint {
  const ms = Date.UTC(year, month - 1, Number(day), Number(hour), Number(minute), Number(second));
  return BigInt(ms) * 1_000_000n + fractionNs(fraction);
}

/** How far the zone's clock is ahead of UTC; names of zones other than UTC are not known and count as UTC. */
function zoneNs(zone: string | undefined): bigint {
  const match = /^([+-])(\d\d):?(\d\d)$/.exec(zone ?? '');
  if (match === null) return 0n;
  const ns = BigInt(Number(match[2]) * 3600 + Number(match[3]) * 60) * NS_PER_S;
  return match[1] === '-' ? -ns : ns;
}
