/** Time between two pictures of a status line, in milliseconds. */
const REFRESH_MS = 250;

/** One line on stderr that is written over again and again, when that is a terminal. */
export class StatusLine {
  #shownMs = Number.NEGATIVE_INFINITY;

  /** Shows what `text` says, unless it was asked a moment ago. @param nowMs any clock. */
  show(nowMs: number, text: () => string): void {
    if (!process.stderr.isTTY || nowMs - this.#shownMs < REFRESH_MS) return;
    this.#shownMs = nowMs;
    process.stderr.write(`\r${text()}\x1b[K`);
  }

  /** Makes room for something else. */
  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }
}
