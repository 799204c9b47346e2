import type { PhysicalRange } from '../hypervisor/index.js';

/** What depends on the machine rather than on the manager. A platform is data: add one here to have it by name. */
export interface PlatformProfile {
  readonly name: string;
  /** Cores, which bound the vCPUs of a VM. */
  readonly cores: number;
  /** The primary VM's memory, mapped at the same address. */
  readonly memory: PhysicalRange;
  /** Device memory: taken from every secondary VM's address space. */
  readonly deviceRange: PhysicalRange;
  /** Device memory that the primary VM owns where the platform gives it any. */
  readonly ownedIo: PhysicalRange;
  /** Where the primary VM's virtio pages come from; the first is taken at boot. */
  readonly virtioRange: PhysicalRange;
  /** Hardware interrupts that the primary VM owns. */
  readonly interrupts: readonly number[];
  /** IRQ lend handles count from here. */
  readonly irqHandleBase: number;
  /** The base is another one at every boot, so recordings tell it only when the first interrupt is lent. */
  readonly irqHandleBaseRandom: boolean;
  /**
   * VMs are real: one takes messages only while it runs, and those of different VMs come in no particular order.
   * Otherwise all VMs take at any time, the oldest message over all queues first.
   */
  readonly realVms: boolean;
  /** How its queues treat messages of impossible sizes (transport, QueueOptions). */
  readonly queueRules: 'as-built' | 'documented';
  /** Virtio device types that make VM_INIT fail. */
  readonly refusedVirtioTypes: readonly number[];
  /** A forced VM_STOP of a VM whose vCPUs are scheduled with a priority below the default's kills the manager. */
  readonly lowPriorityStopDies: boolean;
  /** A devicetree `peer` without a value kills the manager. */
  readonly emptyPeerDies: boolean;
  /** VM_INIT with a vCPU that is bound to a core that does not exist kills the manager. */
  readonly missingCoreDies: boolean;
  /** What the hypervisor has for its own tables; undefined: as much as it takes. */
  readonly tables: TableMemory | undefined;
  /** VM_IRQ_ACCEPT with a number of its own below 32 makes every later VM_INIT of that boot fail. */
  readonly privateVirqSpoils: boolean;
}

/** Memory for the hypervisor's tables, in pages. */
export interface TableMemory {
  /** One for each block of the primary VM's memory of which a part was given away: it can no longer be mapped as one. */
  readonly pages: number;
  /** What one VM takes, its own tables included. */
  readonly pagesPerVm: number;
}

function range(first: number, last: number, without: readonly number[] = []): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
    (number) => !without.includes(number),
  );
}

/** The recorded manager on a host, the hypervisor modelled under it (vectors/README.md; rm-internals.md, section 0). */
const native: PlatformProfile = {
  name: 'native',
  cores: 1,
  memory: { start: 0x80000000, size: 0x40000000 },
  deviceRange: { start: 0, size: 0x40000000 },
  ownedIo: { start: 0x10000000, size: 0x10000000 },
  virtioRange: { start: 0x30000000, size: 0x10000000 },
  interrupts: range(32, 287),
  irqHandleBase: 0x10000000,
  irqHandleBaseRandom: false,
  realVms: false,
  queueRules: 'documented',
  refusedVirtioTypes: [],
  lowPriorityStopDies: false,
  emptyPeerDies: false,
  missingCoreDies: false,
  tables: undefined,
  privateVirqSpoils: false,
};

/** The real hypervisor on an emulated machine (protocol/real-system.md). */
const qemu: PlatformProfile = {
  ...native,
  name: 'qemu',
  irqHandleBaseRandom: true,
  realVms: true,
  cores: 8,
  interrupts: range(16, 255, [23, 25, 26, 27, 30]),
  queueRules: 'as-built',
  refusedVirtioTypes: [2],
  lowPriorityStopDies: true,
  emptyPeerDies: true,
  missingCoreDies: true,
  // Fitted: the only numbers of this form, each to a page or two, between what deep_048 and deep_054 die of and
  // deep_087 survives. The true ones are not known.
  tables: { pages: 313, pagesPerVm: 14 },
  privateVirqSpoils: true,
};

export const platforms = { native, qemu } as const satisfies Readonly<Record<string, PlatformProfile>>;
export type PlatformName = keyof typeof platforms;
