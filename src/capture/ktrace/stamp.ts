import type { Clock } from '../packets/index.js';
import type { LineTime } from './message.js';

/** What stands before the text of a kernel message in a log. */
export class Stamp {
  /** The thread or processor that printed, where the kernel was built to say it (CONFIG_PRINTK_CALLER); else ''. */
  caller = '';
  #clock: Clock | undefined;
  #nsOf: (() => bigint) | undefined;
  #time: LineTime | undefined;

  /** Made when it is asked for: of a dump only the time of the first line counts. */
  get time(): LineTime | undefined {
    if (this.#time === undefined && this.#nsOf !== undefined)
      this.#time = { ns: this.#nsOf(), clock: this.#clock };
    return this.#time;
  }

  /** The first time of a line counts: what a log daemon adds stands before what the kernel printed. */
  setTime(clock: Clock, nsOf: () => bigint): void {
    // The kernel's own time is finer than a second of a log daemon, and is what the other lines have too.
    if (this.#nsOf !== undefined && clock !== 'mono') return;
    this.#clock = clock;
    this.#nsOf = nsOf;
  }
}

interface Rule {
  /** Whether the pattern can begin with this character. */
  readonly begins: RegExp;
  readonly pattern: RegExp;
  readonly read?: (match: RegExpExecArray, stamp: Stamp) => void;
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const NS_PER_S = 1_000_000_000n;

/**
 * The parts that dmesg with its options, /dev/kmsg, journalctl, syslog and logcat put in front, each followed by the
 * next. A line has any number of them in any order.
 */
const RULES: readonly Rule[] = [
  // printk's time; dmesg -d adds the time since the line before.
  {
    begins: /\[/,
    pattern: /\[\s*(\d+)\.(\d{3,9})(?:\s*<\s*[+\d.]+\s*>)?\] ?/y,
    read: ([, s, fraction], stamp) => stamp.setTime('mono', () => seconds(s, fraction)),
  },
  // CONFIG_PRINTK_CALLER: a thread or a processor.
  {
    begins: /\[/,
    pattern: /\[\s*([TC]\d+)(?:@C?\d+)?\] ?/y,
    read: ([, caller = ''], stamp) => {
      stamp.caller = caller;
    },
  },
  // dmesg --raw and syslog: facility and level as one number.
  { begins: /</, pattern: /<\d+>/y },
  // dmesg -x.
  { begins: /[a-z]/, pattern: /[a-z]+\d*\s*:\s*[a-z]+\s*: ?/y },
  // /dev/kmsg: level, sequence number, microseconds, flags.
  {
    begins: /\d/,
    pattern: /\d+,\d+,(\d+),[^;]*;/y,
    read: ([, us], stamp) => stamp.setTime('mono', () => BigInt(us as string) * 1000n),
  },
  // dmesg --time-format=iso, journalctl -o short-iso, -o short-full, logcat -v year.
  {
    begins: /[A-Z\d]/,
    pattern:
      /(?:[A-Z][a-z]{2} )?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?: ?(Z|UTC|[A-Z]{3,4}|[+-]\d\d:?\d\d))? ?/y,
    read: ([, year, month, day, hour, minute, second, fraction, zone], stamp) =>
      stamp.setTime(
        'wall',
        () => date(Number(year), Number(month), day, hour, minute, second, fraction) - zoneNs(zone),
      ),
  },
  // dmesg -T.
  {
    begins: /\[/,
    pattern: /\[[A-Z][a-z]{2} ([A-Z][a-z]{2})\s+(\d+) (\d\d):(\d\d):(\d\d) (\d{4})\] ?/y,
    read: ([, month, day, hour, minute, second, year], stamp) =>
      stamp.setTime('wall', () => date(Number(year), monthOf(month), day, hour, minute, second, undefined)),
  },
  // journalctl -o short and short-precise, syslog files.
  {
    begins: /[A-Z]/,
    pattern: /([A-Z][a-z]{2})\s+(\d+) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))? /y,
    read: ([, month, day, hour, minute, second, fraction], stamp) =>
      stamp.setTime('no-year', () => date(1970, monthOf(month), day, hour, minute, second, fraction)),
  },
  // journalctl -o short-unix, logcat -v epoch.
  {
    begins: /[\s\d]/,
    pattern: /\s*(\d{9,11})\.(\d{3,9}) +/y,
    read: ([, s, fraction], stamp) => stamp.setTime('wall', () => seconds(s, fraction)),
  },
  // logcat -v threadtime and -v time.
  {
    begins: /\d/,
    pattern: /(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3,9}) /y,
    read: ([, month, day, hour, minute, second, fraction], stamp) =>
      stamp.setTime('no-year', () => date(1970, Number(month), day, hour, minute, second, fraction)),
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

/** Reads what stands before the text of a kernel message. */
export function readStamp(line: string): Stamp {
  const stamp = new Stamp();
  let end = 0;
  for (let length = -1; length !== end; ) {
    length = end;
    for (const { pattern, read } of RULES_BY_CHAR[line.charCodeAt(end)] ?? []) {
      pattern.lastIndex = end;
      const match = pattern.exec(line);
      if (match === null || match[0] === '') continue;
      read?.(match, stamp);
      end += match[0].length;
      break;
    }
  }
  return stamp;
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
