import { code, latin1 } from './line.js';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
const NS_PER_S = 1_000_000_000n;
/** Below it, nanoseconds are exact as a number. */
const EXACT_SECONDS = 9e6;
/** Digits of a number that is exact. */
const DIGITS_MAX = 15;

/** What the groups of a pattern have matched, read from the bytes. A regular expression would make a string of each. */
export class StampGroups {
  #data: Uint8Array = new Uint8Array(0);
  #start = 0;
  /** Begin and end of each group from `#start`, -1 for one that matched nothing. The whole match is group 0. */
  #places: readonly number[] = [];
  /** The last whole second that was made a bigint. */
  #second = Number.NaN;
  #secondNs = 0n;
  /** The last day, as year, month and day, and its seconds since 1970. */
  #date = Number.NaN;
  #dateSeconds = 0;

  set(data: Uint8Array, start: number, places: readonly number[]): void {
    this.#data = data;
    this.#start = start;
    this.#places = places;
  }

  has(group: number): boolean {
    return (this.#places[group * 2] as number) >= 0;
  }

  /** The digits of a group; of more than 15 the first 15. */
  number(group: number): number {
    const start = this.#begin(group);
    return this.#digits(start, Math.min(this.#end(group), start + DIGITS_MAX));
  }

  /** The digits of a group behind a decimal point, as nanoseconds; 0 when it matched nothing. */
  fraction(group: number): number {
    if (!this.has(group)) return 0;
    const start = this.#begin(group);
    const end = this.#end(group);
    return this.#digits(start, end) * (POWERS[9 - (end - start)] as number);
  }

  /** The month from 1 that a group names; 0 for a text that is no month. */
  month(group: number): number {
    const at = MONTHS.indexOf(latin1(this.#data, this.#begin(group), this.#end(group)));
    return at < 0 || at % 3 !== 0 ? 0 : at / 3 + 1;
  }

  /** Seconds since 1970 of a date and a time of day, whose hour, minute and second are groups that follow each other. */
  date(year: number, month: number, day: number, hour: number): number {
    const seconds = this.day(year, month, day);
    return seconds + this.number(hour) * 3600 + this.number(hour + 1) * 60 + this.number(hour + 2);
  }

  /** Seconds since 1970 at which a day begins. */
  day(year: number, month: number, day: number): number {
    const date = (year * 128 + month) * 128 + day;
    if (date !== this.#date) {
      this.#date = date;
      this.#dateSeconds = Date.UTC(year, month - 1, day) / 1000;
    }
    return this.#dateSeconds;
  }

  /** How far a zone's clock is ahead of UTC, in seconds: three groups, of which the first is the sign. */
  zone(sign: number): number {
    if (!this.has(sign)) return 0;
    const seconds = this.number(sign + 1) * 3600 + this.number(sign + 2) * 60;
    return this.#data[this.#begin(sign)] === code.minus ? -seconds : seconds;
  }

  ns(seconds: number, fraction: number): bigint {
    if (Math.abs(seconds) < EXACT_SECONDS) return BigInt(seconds * 1e9 + fraction);
    if (seconds !== this.#second) {
      this.#second = seconds;
      this.#secondNs = BigInt(seconds) * NS_PER_S;
    }
    return fraction === 0 ? this.#secondNs : this.#secondNs + BigInt(fraction);
  }

  #begin(group: number): number {
    return this.#start + (this.#places[group * 2] as number);
  }

  #end(group: number): number {
    return this.#start + (this.#places[group * 2 + 1] as number);
  }

  #digits(start: number, end: number): number {
    let value = 0;
    for (let at = start; at < end; at++) value = value * 10 + ((this.#data[at] as number) - code.zero);
    return value;
  }
}

const POWERS: readonly number[] = Array.from({ length: 10 }, (_, power) => 10 ** power);
