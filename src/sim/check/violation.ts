/**
 * Faults that the public manager is known to have (rm-behaviour.md, rm-internals.md), which explain violations. A
 * careful manager has none of them, except where the text says so.
 */
export const knownFaults = {
  second_reset:
    'The second VM_RESET of a VM cleans nothing up: parcels stay accepted, memory, interrupts and its link stay its own.',
  failed_append: 'A failed MEM_APPEND leaves the size of the parcel counted too high, and the owner mapped.',
  iomem_freed_twice:
    'A VM_INIT that fails at an iomem device frees the data of one before it, and VM_RESET does so again.',
  owner_gone: 'VM_DEALLOC_VMID frees a VM that owns parcels: nobody can reclaim them.',
  reply_overtaken:
    'One reply waits for each VM: the next one that cannot go either takes its place. Careful managers do so too.',
} as const;
export type KnownFault = keyof typeof knownFaults;

/** A rule that does not hold. */
export interface Violation {
  /** Name of the rule. */
  readonly rule: string;
  readonly detail: string;
  /** The known fault of the public manager that explains it; undefined: a defect of the simulation. */
  readonly fault: KnownFault | undefined;
}
