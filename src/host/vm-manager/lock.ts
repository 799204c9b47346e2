import type { Running } from './effects.js';

/**
 * A lock that one operation of a VM holds across its calls to RM. Code between two effects runs without interruption and
 * needs no lock.
 */
export class Lock {
  #taken = false;

  readonly #name: string;
  readonly #path: () => string;

  /** @param name as in waits. @param path of the VM, as in waits. */
  constructor(name: string, path: () => string) {
    this.#name = name;
    this.#path = path;
  }

  *whenFree(): Running<void> {
    const ready = () => !this.#taken;
    while (!ready())
      yield { kind: 'wait', path: this.#path(), awaited: `${this.#name} free`, ready, bounded: false };
  }

  /** Waits for the lock, and holds it while the operation runs. */
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
