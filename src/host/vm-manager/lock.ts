import type { Running } from './effects.js';

/**
 * What only one operation of a VM at a time may hold across calls to RM. Between two effects an operation is alone
 * anyway, so what it does without an effect needs no lock.
 */
export class Lock {
  #taken = false;

  readonly #name: string;
  readonly #path: () => string;

  /** @param name as in waits. @param path whose. */
  constructor(name: string, path: () => string) {
    this.#name = name;
    this.#path = path;
  }

  get taken(): boolean {
    return this.#taken;
  }

  /** Waits until nobody has it. */
  *whenFree(): Running<void> {
    const ready = () => !this.#taken;
    while (!ready())
      yield { kind: 'wait', path: this.#path(), awaited: `${this.#name} free`, ready, bounded: false };
  }

  /** Runs an operation with the lock taken, after those that have it. */
  *with<T>(operation: () => Running<T>): Running<T> {
    yield* this.whenFree();
    this.#taken = true;
    try {
      return yield* operation();
    } finally {
      this.#taken = false;
    }
  }
}
