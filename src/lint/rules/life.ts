import type { Level, Rule } from '../rule.js';

const SOURCE = 'the public resource manager of December 2023';

function rule(name: string, level: Level, why: string, instead: string): Rule {
  return { id: `life/${name}`, level, peers: ['rm23'], why, source: SOURCE, instead, foundBy: 'traffic' };
}

/** Rules about what is never given back, and about what never arrives. */
export const lifeRules = {
  parcel_never_reclaimed: rule(
    'parcel-never-reclaimed',
    'leaks',
    'the VM was deallocated and a parcel for it alone was not reclaimed: its owner does not get the memory back',
    'reclaim the parcels of a VM with MEM_RECLAIM when it is reset',
  ),
  vmid_never_freed: rule(
    'vmid-never-freed',
    'leaks',
    'the VM was reset and not deallocated: the manager has 63 VMIDs to choose from',
    'deallocate a VMID with VM_DEALLOC_VMID when its VM is reset and not to be configured again',
  ),
  reset_cleans_nothing: rule(
    'reset-cleans-nothing',
    'leaks',
    'the second VM_RESET of a VMID cleans nothing up: parcels, memory, interrupts and the link stay for ever',
    'deallocate the VMID after its first VM_RESET and allocate a new one for the next life',
  ),
  message_lost: rule(
    'message-lost',
    'hangs',
    'so many messages wait for the VM that the manager drops one: who waits for it waits for ever',
    'take messages off the queue while calls are under way; the manager keeps 256 notifications and one reply',
  ),
} as const satisfies Readonly<Record<string, Rule>>;
