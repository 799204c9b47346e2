import { constants } from '../../schemas/index.js';
import type { Running, VmGenerationName } from '../../src/host/vm-manager/index.js';
import { managers } from '../../src/rm/index.js';
import { Checker } from '../../src/sim/check/index.js';
import { Kernels } from '../../src/sim/kernels/kernels.js';
import type { LinuxHost } from '../../src/sim/kernels/linux-host.js';
import type { Outcome } from '../../src/sim/kernels/rm-client.js';
import { World } from '../../src/sim/world.js';

/** A world with the modern manager, Linux in the primary VM, and the checkers. */
export class PagedWorld {
  readonly world: World;
  readonly kernels: Kernels;
  readonly checker: Checker | undefined;

  /** @param check costs as much as all messages and hypercalls so far, each time that everything has settled. */
  constructor(generation: VmGenerationName, check: boolean, profile = managers.modern) {
    this.checker = check ? new Checker(() => this.world) : undefined;
    this.world = new World(1, {
      manager: { profile },
      observer: {
        ...this.checker?.observer,
        received: (vmid, frame) => this.kernels.received(vmid, frame),
      },
    });
    this.kernels = new Kernels(() => this.world, {
      send: (vmid, frame) => this.world.send(vmid, frame),
      event: (event) => {
        throw new Error(`${event.vmid}: ${event.kind}`);
      },
    });
    this.kernels.bootHost(generation, 'careful');
  }

  get host(): LinuxHost {
    return this.kernels.host;
  }

  /** Runs an operation of the host until nothing happens any more. @throws the error that it ends with. */
  run<T>(operation: Running<T>): T {
    const ended: Outcome<T>[] = [];
    this.host.run(operation, (outcome) => ended.push(outcome));
    this.world.run();
    const [outcome] = ended;
    if (outcome === undefined) throw new Error('it waits for ever');
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /** What does not hold. */
  get violations(): readonly unknown[] {
    return this.checker?.settled() ?? [];
  }

  /** Physical address that a VM sees at an address; undefined: nothing. */
  physical(vmid: number, address: number): number | undefined {
    const found = this.world.manager.hypervisor.memory.translate(vmid, address, 0);
    return 'phys' in found ? found.phys : undefined;
  }

  /** Ranges of normal memory that are not the host's alone. */
  get elsewhere(): number {
    const { memory } = this.world.manager.hypervisor;
    return memory
      .records()
      .filter(({ value }) => value.owner !== constants.VMID_HLOS || value.borrowers.length > 0).length;
  }
}
