import { type ManagerOptions, type PlatformProfile, platforms, ResourceManager } from '../../rm/index.js';
import { canHalt, Taker } from '../../sim/index.js';
import { QueueError } from '../../transport/index.js';
import type { Ending, Response, Step } from './step.js';
import type { LocalTarget } from './target.js';

export interface SimTargetOptions {
  readonly platform?: PlatformProfile;
  /** Answers with an error where the public manager dies. */
  readonly careful?: boolean;
  /** Makes the manager: one with other handlers, or a part of it replaced. */
  readonly manager?: (options: ManagerOptions) => ResourceManager;
}

const allSteps: ReadonlySet<Step['kind']> = new Set(['frame', 'load', 'vcpu_halt', 'receive_limit', 'drain']);

/**
 * The simulated manager in this process, its VMs taking messages as in recordings. A panic ends it under the name of
 * its place; an exception that leaves the manager, which none should, as a crash.
 */
export class SimTarget implements LocalTarget {
  readonly name = 'sim';
  readonly local = true;
  readonly steps = allSteps;
  readonly manager: ResourceManager;
  #taker = new Taker();

  constructor({ platform = platforms.native, careful = false, manager }: SimTargetOptions = {}) {
    const options: ManagerOptions = {
      platform,
      careful,
      onSent: (vmid) => this.#taker.sent(this.manager.link(vmid), vmid),
    };
    this.manager = manager?.(options) ?? new ResourceManager(options);
  }

  reset(): void {
    this.#taker = new Taker();
    this.manager.reboot();
  }

  put(step: Step): Response {
    try {
      const refused = this.#act(step);
      const out = this.#taker.settle(this.manager);
      const { panicked } = this.manager;
      return { out, refused, ended: panicked === undefined ? undefined : { kind: 'panic', text: panicked } };
    } catch (error) {
      return { out: [], refused: false, ended: crashOf(error) };
    }
  }

  /** @returns whether the queue did not take the message. */
  #act(step: Step): boolean {
    const { manager } = this;
    switch (step.kind) {
      case 'frame': {
        const queue = manager.link(step.from)?.toManager;
        return queue === undefined || queue.send(step.frame).error !== QueueError.OK;
      }
      case 'load':
        manager.hypervisor.writeMemory(step.address, step.bytes);
        return false;
      case 'vcpu_halt':
        if (!manager.platform.realVms || canHalt(manager, step.vmid, step.state))
          manager.vcpuHalt(step.vmid, step.state, step.data);
        return false;
      case 'receive_limit':
        this.#taker.limit(step.vmid, step.count);
        return false;
      case 'drain':
        this.#taker.unlimit();
        return false;
    }
  }
}

/** The place in the code is part of the cause; where the code lies is not. */
function crashOf(error: unknown): Ending {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const place = /^\s*at (\S+)/m.exec(stack)?.[1] ?? 'somewhere';
  return { kind: 'crash', text: `${name}: ${message} at ${place}` };
}
