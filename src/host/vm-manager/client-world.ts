import type { CallOptions, Client } from '../client.js';
import type { CallEffect } from '../effect.js';
import { refuser } from '../refusal.js';
import { runOperation, type VmWorldAsync } from './drive.js';
import type { HypercallEffect, Running, WaitEffect } from './effects.js';
import type { VmManager } from './manager.js';

export interface ClientWorldOptions extends CallOptions {
  /** Makes hypercalls: for paged memory (v17, a15) and to run vCPUs. Without it they fail with EOPNOTSUPP. */
  readonly hypercall?: (effect: HypercallEffect) => Promise<Uint8Array>;
}

/**
 * Runs operations of a VM manager over a client, as promises. Their calls are made by the client, whose notifications go
 * to the manager from now on. Operations may overlap; those of one VM wait for its locks. There is no clock here: the
 * signal of the options (`AbortSignal.timeout(ms)`) ends waits, after which the careful manager cleans up.
 */
export class ClientWorld implements VmWorldAsync {
  readonly #client: Client;
  readonly #options: ClientWorldOptions;
  /** Resumes the waits, which then check their condition again. */
  #waiting: (() => void)[] = [];

  constructor(client: Client, manager: VmManager, options: ClientWorldOptions = {}) {
    this.#client = client;
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.stepped());
    void this.#listen(manager);
  }

  /** Runs an operation, as {@link runOperation}: `world.run(vm.start())`. */
  run<T>(operation: Running<T>): Promise<T> {
    return runOperation(operation, this);
  }

  call(effect: CallEffect): Promise<Uint8Array> {
    return this.#client.perform(effect, this.#options);
  }

  async wait({ ready }: WaitEffect): Promise<boolean> {
    while (!ready()) {
      if (this.#options.signal?.aborted) return false;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return true;
  }

  async hypercall(effect: HypercallEffect): Promise<Uint8Array> {
    const { hypercall } = this.#options;
    if (hypercall !== undefined) return hypercall(effect);
    const { name } = effect.hypercall;
    throw refuser(name, '')('EOPNOTSUPP', 'hypercall', 'a hypervisor', 'none');
  }

  stepped(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }

  async #listen(manager: VmManager): Promise<void> {
    for await (const { id, payload } of this.#client.notifications()) {
      manager.notified(id, payload);
      this.stepped();
    }
  }
}
