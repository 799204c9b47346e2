import { idOf, type Step } from '../../target/index.js';

/** Values that are kept for each message. Later ones replace the oldest. */
const VALUES_MAX = 256;

/** Values that a target has compared others with, by the message at which it did. */
export class Operands {
  readonly #byMessage = new Map<number, RecentValues>();

  add(step: Step, values: readonly number[]): void {
    const message = messageOf(step);
    if (message === undefined) return;
    let recent = this.#byMessage.get(message);
    if (recent === undefined) {
      recent = new RecentValues();
      this.#byMessage.set(message, recent);
    }
    for (const value of values) recent.add(value);
  }

  /** Of the message in a step. */
  of(step: Step): readonly number[] {
    const message = messageOf(step);
    return (message === undefined ? undefined : this.#byMessage.get(message)?.all) ?? [];
  }
}

class RecentValues {
  readonly all: number[] = [];
  readonly #known = new Set<number>();
  #next = 0;

  add(value: number): void {
    if (this.#known.has(value)) return;
    const before = this.all[this.#next];
    if (before !== undefined) this.#known.delete(before);
    this.#known.add(value);
    this.all[this.#next] = value;
    this.#next = (this.#next + 1) % VALUES_MAX;
  }
}

function messageOf(step: Step): number | undefined {
  return step.kind === 'frame' ? idOf(step.frame) : undefined;
}
