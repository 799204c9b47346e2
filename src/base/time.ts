import {
  type PreparedText,
  preparedText,
  putAscii,
  putDecimal,
  putPrepared,
  putThreeDigits,
} from './byte-writer.js';
import { formatNineDigits } from './decimal.js';

const second = 1_000_000_000n;
const day = 86_400n;

let cachedStart = -1n;
let cachedText = '';

/**
 * ISO 8601 with nine decimals: `2023-11-14T22:13:20.005000000Z`, from nanoseconds since 1970 UTC. Takes any integer:
 * years may have more than four digits, and years before 0 have a minus sign.
 */
export function formatTime(ns: bigint): string {
  // Successive packets are mostly within one second, and big integers are slow.
  let fraction = Number(ns - cachedStart);
  if (cachedText === '' || fraction < 0 || fraction >= 1e9) {
    const rest = ((ns % second) + second) % second;
    cachedStart = ns - rest;
    cachedText = formatSeconds(cachedStart / second);
    fraction = Number(rest);
  }
  return `${cachedText}.${formatNineDigits(fraction)}Z`;
}

function formatSeconds(seconds: bigint): string {
  const time = Number(((seconds % day) + day) % day);
  const days = (seconds - BigInt(time)) / day;
  const two = (value: number | bigint) => String(value).padStart(2, '0');
  const clock = `${two(Math.floor(time / 3600))}:${two(Math.floor(time / 60) % 60)}:${two(time % 60)}`;
  return `${formatDate(days)}T${clock}`;
}

/** Gregorian date of a day number. 400 years are 146 097 days. Years begin in March here, so that a leap day is the last. */
function formatDate(days: bigint): string {
  const shifted = days + 719_468n;
  const era = (shifted - (((shifted % 146_097n) + 146_097n) % 146_097n)) / 146_097n;
  const dayOfEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const date = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const year = BigInt(yearOfEra) + era * 400n + (month <= 2 ? 1n : 0n);
  const digits = String(year < 0n ? -year : year).padStart(4, '0');
  return `${year < 0n ? '-' : ''}${digits}-${String(month).padStart(2, '0')}-${String(date).padStart(2, '0')}`;
}

const NS_PER_SECOND = 1_000_000_000;

/** Cuts times into a second, with its text, and the nanoseconds since. Successive times are mostly within one second. */
export class SecondTexts {
  /** Of the second of the latest time. */
  text = preparedText('');
  /** Nanoseconds of the latest time since the second. */
  rest = 0;
  #second = -1;
  readonly #textOf: (time: string) => string;

  /** @param textOf makes the text of a second from what {@link formatTime} says up to the point. */
  constructor(textOf: (time: string) => string) {
    this.#textOf = textOf;
  }

  /** Takes nanoseconds since 1970 UTC, given as the halves of a u64. */
  take(high: number, low: number): void {
    let second = Math.floor((high * 0x1_0000_0000 + low) / NS_PER_SECOND);
    // The sum is rounded, so that the second may be the one before or behind. The rest is exact modulo 2^32.
    let rest = (low - Math.imul(second, NS_PER_SECOND)) >>> 0;
    if (rest >= NS_PER_SECOND) {
      const isBefore = rest > 0x8000_0000;
      second += isBefore ? -1 : 1;
      rest = (isBefore ? rest + NS_PER_SECOND : rest - NS_PER_SECOND) >>> 0;
    }
    this.rest = rest;
    if (second === this.#second) return;
    const text = formatTime(BigInt(second) * BigInt(NS_PER_SECOND));
    this.text = preparedText(this.#textOf(text.slice(0, text.indexOf('.') + 1)));
    this.#second = second;
  }
}

const pattern = /^(-?\d{4,15})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z$/;

/** Nanoseconds since 1970 UTC of a text as {@link formatTime} writes it (fewer decimals too), or undefined. */
export function parseTime(text: string): bigint | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, years, months, dates, hours, minutes, seconds, decimals = ''] = match;
  const month = Number(months);
  const year = BigInt(years as string) - (month <= 2 ? 1n : 0n);
  const era = (year - (((year % 400n) + 400n) % 400n)) / 400n;
  const yearOfEra = Number(year - era * 400n);
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + Number(dates) - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097n + BigInt(dayOfEra) - 719_468n;
  const clock = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const ns = (days * day + BigInt(clock)) * second + BigInt(decimals.padEnd(9, '0'));
  // The pattern also matches 31 February and hour 25. A time is valid if formatting it gives the same text.
  const normal = `${years}-${months}-${dates}T${hours}:${minutes}:${seconds}.${decimals.padEnd(9, '0')}Z`;
  return formatTime(ns) === normal ? ns : undefined;
}

/** Nanoseconds with a unit that leaves one to three digits before the point. */
export function formatDuration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${ns} ns`;
  if (size < 1e6) return `${(ns / 1e3).toFixed(3)} us`;
  return size < 1e9 ? `${(ns / 1e6).toFixed(3)} ms` : `${(ns / 1e9).toFixed(3)} s`;
}

const US = preparedText(' us');
const MS = preparedText(' ms');
const S = preparedText(' s');
const NS = preparedText(' ns');

/** Writes the text of {@link formatDuration} at `at`, where there is room for 24 bytes. @returns where it ends. */
export function putDuration(view: DataView, at: number, ns: number): number {
  if (ns >= 0 && Number.isInteger(ns)) {
    if (ns < 1e3) return putPrepared(view, putDecimal(view, at, ns), NS);
    if (ns < 1e6) return putThousandths(view, at, ns, US);
    // What lies in the middle is rounded by its nearest double, which may be below or above it.
    if (ns < 1e9 && ns % 1e3 !== 500) return putThousandths(view, at, Math.round(ns / 1e3), MS);
    if (ns >= 1e9 && ns < 1e12 && ns % 1e6 !== 500_000)
      return putThousandths(view, at, Math.round(ns / 1e6), S);
  }
  return putAscii(view, at, formatDuration(ns));
}

/** Writes a number of thousandths with a point, and a unit. */
function putThousandths(view: DataView, start: number, value: number, unit: PreparedText): number {
  const whole = Math.floor(value / 1000);
  const point = putDecimal(view, start, whole);
  view.setUint8(point, 0x2e);
  return putPrepared(view, putThreeDigits(view, point + 1, value - 1000 * whole), unit);
}
