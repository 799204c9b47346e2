import { statSync } from 'node:fs';
import type { Stdio } from './stdio.js';

/** Smallest file, in bytes, whose progress is shown. Smaller files are read at once. */
const shownFrom = 64 * 1024 * 1024;

/** Shows the percentage read on stderr, if stderr is a terminal and standard output is not. */
export class Progress {
  readonly #stdio: Stdio;
  readonly #size: number;
  #done = 0;
  #shown = -1;

  constructor(stdio: Stdio, path: string) {
    this.#stdio = stdio;
    const visible = stdio.errorIsTerminal && stdio.columns === undefined && path !== '-';
    this.#size = visible ? (statSync(path, { throwIfNoEntry: false })?.size ?? 0) : 0;
  }

  advance(bytes: number): void {
    this.#done += bytes;
    const percent = Math.floor((this.#done / this.#size) * 100);
    if (this.#size < shownFrom || percent === this.#shown) return;
    this.#shown = percent;
    this.#stdio.writeError(`\r${percent} %`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#shown >= 0) this.#stdio.writeError('\r\x1b[K');
    this.#shown = -1;
  }
}
