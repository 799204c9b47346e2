import { isAllocated } from '../vm-table.js';
import type { FatalCondition } from './row.js';

/** The sender is no ghost: a link without a VM, left by a skipped reset and VM_DEALLOC_VMID. */
export const hasRecord: FatalCondition = {
  text: "the sender's VMID is allocated",
  panic: 'ghost_sender',
  holds: isAllocated,
};

export const isConfigured: FatalCondition = {
  text: 'the sender is configured',
  panic: 'ghost_unconfigured',
  holds: (_rm, { config }) => config !== undefined,
};

export const hasInterruptMap: FatalCondition = {
  text: 'the sender has an interrupt map',
  panic: 'irq_no_map',
  holds: (_rm, { interrupts }) => interrupts !== undefined,
};
