import type { BpftraceLine } from './bpftrace-line.js';
import type { TracedMessage } from './message.js';

/**
 * How much later a line may be printed than one with a later time: bpftrace reads one processor after the other. It
 * also bounds how late a live message shows.
 */
export const WINDOW_NS = 60_000_000n;
/** Lines that are held back for that at most. */
const HELD_MAX = 256;

/**
 * Puts the lines of bpftrace in the order of their times, and pieces of one message together: older versions print 64
 * or 200 bytes at once (capturing.md, section 2).
 */
export class TimeOrder {
  readonly #sink: (message: TracedMessage) => void;
  #held: BpftraceLine[] = [];
  /** Index of the first that is still held. */
  #first = 0;

  constructor(sink: (message: TracedMessage) => void) {
    this.#sink = sink;
  }

  push(line: BpftraceLine): void {
    const time = timeOf(line);
    const last = this.#held.at(-1);
    // A recording that follows another in one text has a clock of its own.
    if (last !== undefined && time < timeOf(last) - WINDOW_NS) this.release();
    let at = this.#held.length;
    while (at > this.#first && timeOf(this.#held[at - 1] as BpftraceLine) > time) at--;
    const before = at > this.#first ? this.#held[at - 1] : undefined;
    if (before !== undefined && continues(before, line)) this.#held[at - 1] = joined(before, line);
    else if (at === this.#held.length) this.#held.push(line);
    else this.#held.splice(at, 0, line);
    this.#releaseUntil(timeOf(this.#held.at(-1) as BpftraceLine) - WINDOW_NS);
  }

  /** Hands on what is not known to lack a piece. */
  settle(): void {
    while (this.#first < this.#held.length) {
      const line = this.#held[this.#first] as BpftraceLine;
      if (line.bytes.length < line.size) return;
      this.#first++;
      this.#sink(line);
    }
    this.release();
  }

  /** Hands on all: nothing that belongs in front of them will come. */
  release(): void {
    while (this.#first < this.#held.length) this.#sink(this.#held[this.#first++] as BpftraceLine);
    this.#held = [];
    this.#first = 0;
  }

  #releaseUntil(until: bigint): void {
    const held = this.#held;
    while (held.length - this.#first > HELD_MAX || timeOf(held[this.#first] as BpftraceLine) < until)
      this.#sink(held[this.#first++] as BpftraceLine);
    if (this.#first > HELD_MAX) {
      held.splice(0, this.#first);
      this.#first = 0;
    }
  }
}

function timeOf(line: BpftraceLine): bigint {
  return line.time?.ns ?? 0n;
}

function continues(before: BpftraceLine, line: BpftraceLine): boolean {
  return (
    line.at !== undefined &&
    line.at > 0 &&
    line.at === before.bytes.length &&
    line.direction === before.direction &&
    line.queue === before.queue &&
    line.size === before.size &&
    timeOf(line) === timeOf(before)
  );
}

function joined(before: BpftraceLine, line: BpftraceLine): BpftraceLine {
  const bytes = new Uint8Array(before.bytes.length + line.bytes.length);
  bytes.set(before.bytes);
  bytes.set(line.bytes, before.bytes.length);
  return { ...before, bytes };
}
