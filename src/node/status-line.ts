import type { Stdio } from './stdio.js';

/** Time between two updates, milliseconds. */
const REFRESH_MS = 250;

/** A line on stderr that is overwritten by its next version; nothing when stderr is no terminal. */
export class StatusLine {
  readonly #stdio: Stdio;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(stdio: Stdio) {
    this.#stdio = stdio;
  }

  /** Shows a text, unless the last update was a moment ago. @param nowMs of any clock. */
  show(nowMs: number, text: () => string): void {
    if (!this.#stdio.errorIsTerminal || nowMs - this.#shownMs < REFRESH_MS) return;
    this.#shownMs = nowMs;
    this.#stdio.writeError(`\r${text()}\x1b[K`);
  }

  /** Removes the line, so that other output can follow. */
  clear(): void {
    if (this.#stdio.errorIsTerminal) this.#stdio.writeError('\r\x1b[K');
  }
}
