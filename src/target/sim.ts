import { Machine, perform, VmPort } from '../machine/index.js';
import {
  type ManagerOptions,
  type ManagerProfile,
  managers,
  type PlatformProfile,
  platforms,
  type ResourceManager,
} from '../rm/index.js';
import { type Ending, type Response, type Step, stepKinds } from './step.js';
import type { LocalTarget } from './target.js';

export interface SimTargetOptions {
  readonly platform?: PlatformProfile | undefined;
  /** Whose manager, by default the public one of December 2023. */
  readonly profile?: ManagerProfile | undefined;
  /** Answers with an error where the public manager dies. */
  readonly careful?: boolean;
  /** Makes the manager: one with other handlers, or a part of it replaced. */
  readonly manager?: (options: ManagerOptions) => ResourceManager;
}

/**
 * The simulated manager in this process, its VMs taking messages as in recordings. A panic ends it under the name of
 * its place; an exception that leaves the manager, which none should, as a crash.
 */
export class SimTarget implements LocalTarget {
  readonly name = 'sim';
  readonly local = true;
  readonly isFresh = true;
  readonly steps: ReadonlySet<Step['kind']> = new Set(stepKinds);
  readonly #newMachine: () => Machine<VmPort>;
  #machine: Machine<VmPort>;

  constructor({
    platform = platforms.native,
    profile = managers.rm23,
    careful = false,
    manager: newManager,
  }: SimTargetOptions = {}) {
    this.#newMachine = () =>
      new Machine({
        manager: { platform, profile, careful },
        newManager,
        newPort: (vmid) => new VmPort(vmid),
      });
    this.#machine = this.#newMachine();
  }

  get manager(): ResourceManager {
    return this.#machine.manager;
  }

  reset(): void {
    this.#machine.reboot();
  }

  restart(): void {
    this.#machine = this.#newMachine();
  }

  put(step: Step): Response {
    try {
      const refused = perform(this.#machine, step);
      const out = this.#machine.settle();
      const { panicked } = this.manager;
      return { out, refused, ended: panicked === undefined ? undefined : { kind: 'panic', text: panicked } };
    } catch (error) {
      return { out: [], refused: false, ended: crashOf(error) };
    }
  }
}

/** The place in the code is part of the cause; where the code lies is not. */
function crashOf(error: unknown): Ending {
  const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const place = /^\s*at (\S+)/m.exec(stack)?.[1] ?? 'somewhere';
  return { kind: 'crash', text: `${name}: ${message} at ${place}` };
}
