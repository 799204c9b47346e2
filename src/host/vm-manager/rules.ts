import type { VmGenerationName } from './ioctls.js';

/** What SET_USER_MEM_REGION and LEND_USER_MEM check (client.md, section 7). */
export interface RegionRules {
  /** When the ioctl checks that the hypervisor has memory extents (EOPNOTSUPP). */
  readonly featureCheck: 'first' | 'after_alignment' | 'never';
  /** Size 0 removes the region with that label; else it is EINVAL. */
  readonly sizeZeroRemoves: boolean;
  readonly wrap: 'EOVERFLOW' | 'EINVAL' | 'accepted';
  readonly label: 'unique' | 'ignored';
  /** A process other than the one that created the VM gets EPERM. */
  readonly ownProcessOnly: boolean;
  /** What happens to a region that is added after START. RM would never be told of it. */
  readonly afterStart: 'EBUSY' | 'accepted';
  /** Bit 3 of the flags lends the memory; else it is reserved. */
  readonly lentFlag: boolean;
  /** The guest address must be a multiple of 4096. */
  readonly guestAligned: boolean;
  /** The wait for the memory lock can be interrupted (EINTR). */
  readonly interruptible: boolean;
}

/** What differs between the VM managers, except the order of their steps. */
export interface VmRules {
  readonly name: VmGenerationName;
  readonly evidence: 'measured' | 'read';
  /** What a VM's memory is: regions given at START, user pages given on demand, or guest memory files. */
  readonly memory: 'regions' | 'user_pages' | 'guest_memory';
  readonly regions: RegionRules;
  /**
   * How much of the devicetree or the firmware START looks for in one region or backing: all of it (`wholly`), or any
   * overlap with a region and the first page of a backing (`partly`).
   */
  readonly rangesFit: 'wholly' | 'partly';
  /** Pages of a devicetree or firmware that RM refused stay pinned. */
  readonly keepsRefusedPages: boolean;
  /** Virqs that mean that a resource has no interrupt. */
  readonly noVirq: readonly number[];
  /** START refuses any other virq that is not a shared interrupt. */
  readonly checksVirqs: boolean;
  /** Bits of a register number besides the register file and its index are EINVAL. */
  readonly checksRegisterBits: boolean;
  /** Who handles notifications: a work item, or the thread that also receives replies. */
  readonly notifiedIn: 'work_item' | 'receiving_thread';
}

/**
 * What the careful manager checks in every generation: all that the review of the series asked for. Where a generation
 * has no LEND_USER_MEM, the flag of the first versions lends memory.
 */
export const carefulRegions: Omit<RegionRules, 'lentFlag' | 'afterStart'> = {
  featureCheck: 'first',
  sizeZeroRemoves: true,
  wrap: 'EOVERFLOW',
  label: 'unique',
  ownProcessOnly: true,
  guestAligned: true,
  interruptible: true,
};
