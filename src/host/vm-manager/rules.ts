import type { GenerationName } from '../generations.js';
import type { VmGenerationName } from './ioctls.js';

/** What SET_USER_MEM_REGION and LEND_USER_MEM check (client.md, section 7). */
export interface RegionRules {
  /** When the ioctl checks that the hypervisor has memory extents (EOPNOTSUPP). */
  readonly featureCheck: 'first' | 'after_alignment' | 'never';
  /** Size 0 removes the region with that label; else it is EINVAL. */
  readonly sizeZeroRemoves: boolean;
  /** What the removal of an unknown label ends with. */
  readonly unknownLabel: 'ENODEV' | 'ignored';
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
  /** Whose RM client it calls. */
  readonly client: GenerationName;
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
  /**
   * A value of SET_BOOT_CONTEXT is itself the entry of a kernel xarray, which holds neither 0 nor small numbers of the form
   * 4n + 2, or is copied.
   */
  readonly bootValues: 'entries' | 'copies';
  /** Resume actions that VCPU_RUN looks at after an MMIO exit. */
  readonly resumeActions: 'none' | 'without_retry' | 'all';
  /** VCPU_RUN of a process other than the one that created the VM is EPERM. */
  readonly runsForCreatorOnly: boolean;
  /** The status RESET_FAILED ends the wait for RESET, too. */
  readonly knowsResetFailed: boolean;
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
  unknownLabel: 'ENODEV',
  wrap: 'EOVERFLOW',
  label: 'unique',
  ownProcessOnly: true,
  guestAligned: true,
  interruptible: true,
};
