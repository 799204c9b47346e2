import { UsageError } from '../../base/error.js';

/** What only one operation at a time may hold; the lock of a folio. */
export class Lock {
  /** Whose operation holds it. */
  holder: string | undefined;
}

/** A place in an operation where others may act. With a lock, it goes on only once that lock is free. */
export interface Pause {
  readonly waitsFor: Lock | undefined;
}

/**
 * An operation as atomic steps: what lies between two pauses happens at once. Whoever runs it decides what happens in
 * between: nothing ({@link finish}), the events of a world, or every interleaving there is (a test).
 */
export type Steps<T> = Generator<Pause, T, void>;

/** The end of a step that waits for nothing. */
export const BETWEEN: Pause = { waitsFor: undefined };

/** Whether an operation that has paused can go on now. */
export function canGoOn({ waitsFor }: Pause): boolean {
  return waitsFor?.holder === undefined;
}

/** The locks of one operation. All operations that take several must agree on the order. */
export class Locks {
  readonly #by: string;
  readonly #locks: readonly Lock[];
  #taken = 0;

  /** @param by whose operation it is, for errors of others. */
  constructor(by: string, locks: readonly Lock[]) {
    this.#by = by;
    this.#locks = locks;
  }

  /** Takes them in their order; the first one at once when it is free. */
  *take(): Steps<void> {
    for (const lock of this.#locks) {
      if (this.#taken > 0) yield BETWEEN;
      while (lock.holder !== undefined) yield { waitsFor: lock };
      lock.holder = this.#by;
      this.#taken++;
    }
  }

  /** Gives those back that were taken. */
  giveBack(): void {
    for (const lock of this.#locks.slice(0, this.#taken)) lock.holder = undefined;
    this.#taken = 0;
  }
}

/** Runs an operation by itself, as when nobody else is at work. Throws UsageError `locked` when somebody is. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done) return next.value;
    if (!canGoOn(next.value)) {
      steps.return(undefined as T);
      const actual = next.value.waitsFor?.holder ?? '';
      throw new UsageError({ code: 'locked', path: '', expected: 'no other operation under way', actual });
    }
  }
}
