import type { Stdio } from '../stdio.js';

/** Time between two pictures of a status line, in milliseconds. */
const REFRESH_MS = 250;

/** One line on stderr that is written over again and again, when that is a terminal. */
export class StatusLine {
  readonly #stdio: Stdio;
  #shownMs = Number.NEGATIVE_INFINITY;

  constructor(stdio: Stdio) {
    this.#stdio = stdio;
  }

  /** Shows what `text` says, unless it was asked a moment ago. @param nowMs any clock. */
  show(nowMs: number, text: () => string): void {
    if (!this.#stdio.errorIsTerminal || nowMs - this.#shownMs < REFRESH_MS) return;
    this.#shownMs = nowMs;
    this.#stdio.writeError(`\r${text()}\x1b[K`);
  }

  /** Makes room for something else. */
  clear(): void {
    if (this.#stdio.errorIsTerminal) this.#stdio.writeError('\r\x1b[K');
  }
}
