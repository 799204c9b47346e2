import type { Verdict } from '../sim/index.js';

/** The clock and the timers of a relay. */
export interface Timing {
  /** Nanoseconds of any clock that does not go back. */
  now(): number;
  /** Calls `act` after so many nanoseconds. */
  later(ns: number, act: () => void): void;
}

/** One direction between two ends. Messages arrive in order, except those that a fault rule lets others overtake. */
export class Lane {
  readonly #timing: Timing;
  readonly #deliver: (frame: Uint8Array) => void;
  readonly #waitingMax: number;
  readonly #drop: () => void;
  /** When the newest message that is not overtaken arrives, or the receiver takes messages again. */
  #lastNs = Number.NEGATIVE_INFINITY;
  #waiting = 0;

  /** @param drop is called for each message that comes while `waitingMax` are on their way, and that is lost. */
  constructor(timing: Timing, deliver: (frame: Uint8Array) => void, waitingMax: number, drop: () => void) {
    this.#timing = timing;
    this.#deliver = deliver;
    this.#waitingMax = waitingMax;
    this.#drop = drop;
  }

  /** @param verdict of a fault rule; undefined when none acts. */
  send(frame: Uint8Array, verdict: Verdict | undefined): void {
    const now = this.#timing.now();
    const usual = now + (verdict?.delayNs ?? 0);
    const time = verdict?.overtaken === true ? usual : Math.max(usual, this.#lastNs);
    if (verdict?.overtaken !== true) this.#lastNs = time + (verdict?.holdNs ?? 0);
    for (const sent of verdict?.frames ?? [frame]) this.#sendAt(time - now, sent);
  }

  #sendAt(delayNs: number, frame: Uint8Array): void {
    if (delayNs <= 0 && this.#waiting === 0) {
      this.#deliver(frame);
      return;
    }
    if (this.#waiting === this.#waitingMax) {
      this.#drop();
      return;
    }
    this.#waiting++;
    this.#timing.later(Math.max(0, delayNs), () => {
      this.#waiting--;
      this.#deliver(frame);
    });
  }
}
