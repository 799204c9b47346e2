import type { CallOptions, Client } from '../client.js';
import type { CallEffect } from '../effect.js';
import { runOperation, type VmWorldAsync } from './drive.js';
import type { HypercallEffect, Running, WaitEffect } from './effects.js';
import type { VmManager } from './manager.js';
import { refusal } from './refusal.js';

export interface ClientWorldOptions extends CallOptions {
  /** Makes hypercalls about paged memory (v17, a15); without it they end with EOPNOTSUPP. */
  readonly hypercall?: (effect: HypercallEffect) => Promise<void>;
}

/**
 * Operations of a VM manager over a client, as promises: its calls are the client's, and the manager is told of the
 * client's notifications from now on. Operations may overlap; those of one VM wait for its locks. Nothing here knows the
 * time: the signal of the options (`AbortSignal.timeout(ms)`) ends what waits, which the careful manager then cleans up
 * without.
 */
export class ClientWorld implements VmWorldAsync {
  readonly #client: Client;
  readonly #options: ClientWorldOptions;
  /** Waits to look again. */
  #waiting: (() => void)[] = [];

  constructor(client: Client, manager: VmManager, options: ClientWorldOptions = {}) {
    this.#client = client;
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.stepped());
    void this.#listen(manager);
  }

  /** Runs an operation to its end: `world.run(vm.start())`. As {@link runOperation}. */
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

  async hypercall(effect: HypercallEffect): Promise<void> {
    const { hypercall } = this.#options;
    if (hypercall !== undefined) return hypercall(effect);
    const { name } = effect.hypercall;
    throw refusal(name, 'EOPNOTSUPP', {
      code: 'hypercall',
      path: '',
      expected: 'a hypervisor',
      actual: 'none',
    });
  }

  stepped(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  async #listen(manager: VmManager): Promise<void> {
    for await (const { id, payload } of this.#client.notifications()) {
      manager.notified(id, payload);
      this.stepped();
    }
  }
}
