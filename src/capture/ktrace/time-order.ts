import type { BpftraceLine } from './bpftrace-line.js';
import type { TracedMessage } from './message.js';

/** How much later a line may be printed than one with a later time: bpftrace reads one processor after the other. */
const WINDOW_NS = 100_000_000n;
/** Lines that are held back for that at most. */
const HELD_MAX = 256;

/**
 * Puts the lines of bpftrace in the order of their times, and pieces of one message together: older versions print 64
 * or 200 bytes at once (capturing.md, section 2).
 */
export class TimeOrder {
  readonly #sink: (message: TracedMessage) => void;
  #held: BpftraceLine[] = [];

  constructor(sink: (message: TracedMessage) => void) {
    this.#sink = sink;
  }

  push(line: BpftraceLine): void {
    const time = timeOf(line);
    let at = this.#held.length;
    while (at > 0 && timeOf(this.#held[at - 1] as BpftraceLine) > time) at--;
    const before = this.#held[at - 1];
    if (before !== undefined && continues(before, line)) this.#held[at - 1] = joined(before, line);
    else this.#held.splice(at, 0, line);
    this.#release(timeOf(this.#held[this.#held.length - 1] as BpftraceLine) - WINDOW_NS);
  }

  end(): void {
    this.#release(undefined);
  }

  /** @param until undefined: everything. */
  #release(until: bigint | undefined): void {
    let count = 0;
    for (const line of this.#held) {
      const mustWait = until !== undefined && this.#held.length - count <= HELD_MAX && timeOf(line) >= until;
      if (mustWait) break;
      this.#sink(line);
      count++;
    }
    if (count > 0) this.#held.splice(0, count);
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
