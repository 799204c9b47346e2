import type { Stdio } from './stdio.js';

/** Time between two updates, milliseconds. */
const REFRESH_MS = 250;

/** A line on stderr that is overwritten by its next version; nothing when stderr is no terminal. */
export class StatusLine {
  readonly #stdio: Stdio;
  #shownMs: number | undefined;
  #longestMs = 0;

  constructor(stdio: Stdio) {
    this.#stdio = stdio;
  }

  /** Shows a text, unless the last update was a moment ago. @param nowMs of any clock. */
  show(nowMs: number, text: () => string): void {
    const sinceMs = nowMs - (this.#shownMs ?? Number.NEGATIVE_INFINITY);
    if (sinceMs < REFRESH_MS) return;
    if (this.#shownMs !== undefined) this.#longestMs = Math.max(this.#longestMs, sinceMs);
    this.#shownMs = nowMs;
    if (this.#stdio.errorIsTerminal) this.#stdio.writeError(`\r${text()}\x1b[K`);
  }

  /** Longest time between two updates, milliseconds; the same where there is no terminal. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Removes the line, so that other output can follow. */
  clear(): void {
    if (this.#stdio.errorIsTerminal) this.#stdio.writeError('\r\x1b[K');
  }
}
