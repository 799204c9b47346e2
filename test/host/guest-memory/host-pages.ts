import { type HostPages, pageElsewhere } from '../../../src/host/guest-memory/index.js';
import type { Owner, PhysicalMemory } from '../../../src/hypervisor/index.js';

/** The pages of a VM in a model of physical memory. */
export function hostPages(memory: PhysicalMemory, owner: Owner): HostPages {
  return {
    use: (address, size, user) => pageElsewhere(memory.use(owner, address, size, user)),
    endUse: (address, size, user) => memory.endUse(address, size, user),
    elsewhere: (address, size) => pageElsewhere(memory.accessible(owner, address, size)),
    clear: () => {},
  };
}
