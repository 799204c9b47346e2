import { HostError } from '../error.js';
import { refuser } from '../refusal.js';
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

  *whenFree(bounded = false): Running<void> {
    const ready = () => !this.#taken;
    while (!ready())
      yield { kind: 'wait', path: this.#path(), awaited: `${this.#name} free`, ready, bounded };
  }

  /**
   * Waits for the lock, and holds it while the operation runs.
   *
   * @param interrupted the ioctl whose wait can be interrupted. @throws HostError (EINTR) when it is.
   */
  *with<T>(operation: () => Running<T>, interrupted?: string): Running<T> {
    try {
      yield* this.whenFree(interrupted !== undefined);
    } catch (error) {
      if (interrupted === undefined || !(error instanceof HostError)) throw error;
      const refuse = refuser(interrupted, this.#path());
      throw refuse('EINTR', 'interrupted', `${this.#name} free`, 'an interruption');
    }
    this.#taken = true;
    try {
      return yield* operation();
    } finally {
      this.#taken = false;
    }
  }
}
