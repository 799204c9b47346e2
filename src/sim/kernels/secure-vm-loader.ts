import { UsageError } from '../../base/error.js';
import { type QcomCalls, qcomCalls, type SecureVm, type SecureVmImage } from '../../host/index.js';
import type { Running } from '../../host/vm-manager/index.js';
import { type Outcome, RmClient, type RmClientPort } from './rm-client.js';

/** The calls of each generation. q515 has those of q61, through a transport of its own. */
export const loaderGenerations = { q515: 'q61', q61: 'q61', q66: 'q66', q612: 'q612' } as const;
export type LoaderGeneration = keyof typeof loaderGenerations;

/** What can be done to a secure VM: the parts between which the driver waits for RM (client.md, section 10). */
export const secureVmSteps = ['load', 'start', 'stop', 'reset', 'free', 'undo'] as const;
export type SecureVmStep = (typeof secureVmSteps)[number];

const FORCE_STOP = { flags: 1, stop_reason: 3 } as const;

/** Qualcomm's kernel in the primary VM: RM's client and the loader of secure VMs. */
export class SecureVmLoader {
  readonly #client: RmClient;
  readonly #calls: QcomCalls;
  /** By VMID: what was loaded. */
  readonly #images = new Map<number, SecureVmImage>();
  readonly #vms = new Map<number, SecureVm>();

  constructor(generation: LoaderGeneration, port: Omit<RmClientPort, 'notified'>) {
    this.#client = new RmClient(generation, { ...port, notified: () => {} });
    this.#calls = qcomCalls(loaderGenerations[generation]);
  }

  received(frame: Uint8Array): void {
    this.#client.received(frame);
  }

  /** As {@link RmClient.giveUp}. */
  giveUp(): boolean {
    return this.#client.giveUp();
  }

  run<T>(operation: Running<T>, ended: (outcome: Outcome<T>) => void): void {
    this.#client.run(operation, ended);
  }

  *load(image: SecureVmImage): Running<void> {
    this.#images.set(image.vmid, image);
    const vm = yield* this.#calls.secureVmLoad(image);
    this.#vms.set(vm.vmid, vm);
  }

  /** Any other step. */
  *step(step: Exclude<SecureVmStep, 'load'>, vmid: number): Running<void> {
    switch (step) {
      case 'start':
        yield* this.#calls.secureVmStart(vmid);
        break;
      case 'stop':
        yield* this.#calls.vmStop({ vmid, ...FORCE_STOP });
        break;
      case 'reset':
        yield* this.#calls.vmReset(vmid);
        break;
      case 'free':
        yield* this.#calls.secureVmFree(this.#known(this.#vms, vmid));
        break;
      case 'undo':
        yield* this.#calls.secureVmUndo(this.#known(this.#images, vmid));
    }
  }

  #known<T>(known: ReadonlyMap<number, T>, vmid: number): T {
    const found = known.get(vmid);
    if (found === undefined)
      throw new UsageError({ code: 'unknown', path: 'vmid', expected: 'a VM that was loaded', actual: vmid });
    return found;
  }
}
