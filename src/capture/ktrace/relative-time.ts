import type { Clock } from '../packets/index.js';
import type { LineTime } from './message.js';

const NS_PER_S = 1_000_000_000;
const MINUTE_NS = 60n * 1_000_000_000n;
/** Seconds by which the clock of the device may be apart from what the differences add up to, before it counts anew. */
const APART_MAX = 2n;

/**
 * The time of a log whose lines say how much later they are than the line before: `dmesg -e`, `--time-format=delta` and
 * `dmesg -dT`. Every line counts, whatever it says. Without a date the base is unknown: differences alone mean something.
 */
export class RelativeTime {
  #clock: Clock = 'relative';
  #ns = 0n;
  /** The first minute that the log has named, in nanoseconds, and the time at which it did. */
  #minute: { readonly named: bigint; readonly at: bigint } | undefined;

  get time(): LineTime {
    return { ns: this.#ns, clock: this.#clock };
  }

  /** A line came `ns` later than the one before. */
  add(ns: number): void {
    this.#ns += BigInt(ns);
  }

  /**
   * dmesg names the minute of a line instead of the difference where the minute is another. The time is then the earliest
   * that it can be. @param seconds at which the minute begins.
   */
  minute(seconds: number): void {
    const named = BigInt(seconds) * BigInt(NS_PER_S);
    this.#minute ??= { named, at: this.#ns };
    // The first line that named a minute may have come at its very end.
    const earliest = this.#minute.at + named - this.#minute.named - MINUTE_NS;
    if (earliest > this.#ns) this.#ns = earliest;
  }

  /** A line has the device's time of day in whole seconds, and the difference. The first one gives the base. */
  second(seconds: number, ns: number): void {
    const named = BigInt(seconds) * BigInt(NS_PER_S);
    const next = this.#ns + BigInt(ns);
    const apart = (next - named) / BigInt(NS_PER_S);
    const fits = this.#clock === 'wall' && apart < APART_MAX && apart > -APART_MAX;
    this.#clock = 'wall';
    this.#ns = fits ? next : named;
  }
}
