import { UsageError } from '../../base/error.js';

/** The lock of a folio. */
export class Lock {
  /** Name of the operation's owner; undefined when the lock is free. */
  holder: string | undefined;
}

/** A point of an operation at which others may act. With a lock, it goes on once that lock is free. */
export interface Pause {
  readonly waitsFor: Lock | undefined;
}

/**
 * An operation as atomic steps, separated by pauses. During a pause nothing happens ({@link finish}), or the events of a
 * simulated world, or the steps of other operations (tests of all interleavings).
 */
export type Steps<T> = Generator<Pause, T, void>;

/** A pause that waits for no lock. */
export const BETWEEN: Pause = { waitsFor: undefined };

export function canGoOn({ waitsFor }: Pause): boolean {
  return waitsFor?.holder === undefined;
}

/** The locks of one operation. All operations must take their locks in the same order. */
export class Locks {
  readonly #by: string;
  readonly #locks: readonly Lock[];
  #taken = 0;

  /** @param by whose operation it is, for errors of others. */
  constructor(by: string, locks: readonly Lock[]) {
    this.#by = by;
    this.#locks = locks;
  }

  /** Takes the locks in order; the first one at once if it is free. */
  *take(): Steps<void> {
    for (const lock of this.#locks) {
      if (this.#taken > 0) yield BETWEEN;
      while (lock.holder !== undefined) yield { waitsFor: lock };
      lock.holder = this.#by;
      this.#taken++;
    }
  }

  /** Releases the locks that were taken. */
  giveBack(): void {
    for (const lock of this.#locks.slice(0, this.#taken)) lock.holder = undefined;
    this.#taken = 0;
  }
}

/** Runs an operation without a pause. @throws UsageError (`locked`) when another operation holds one of its locks. */
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
