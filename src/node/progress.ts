import { statSync } from 'node:fs';
import type { Stdio } from './stdio.js';

/** Files below this are read before anyone wonders. */
const shownFrom = 64 * 1024 * 1024;

/** Percentage read, on stderr, when that is a terminal that nothing else is printed to. */
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
