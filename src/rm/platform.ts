import type { PhysicalRange } from '../hypervisor/index.js';

/** What depends on the machine and not on the manager. */
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
  /** Addresses of the primary VM's virtio pages. The first page is taken at boot. */
  readonly virtioRange: PhysicalRange;
  /** Hardware interrupts that the primary VM owns. */
  readonly interrupts: readonly number[];
  /** IRQ lend handles count from here. */
  readonly irqHandleBase: number;
  /** The base changes at every boot. A recording shows it when the first interrupt is lent. */
  readonly irqHandleBaseRandom: boolean;
  /**
   * VMs are real: a VM takes messages only while it runs, and messages of different VMs are taken in any order.
   * Otherwise every VM takes its messages at any time, the oldest message of all queues first.
   */
  readonly realVms: boolean;
  /**
   * A vCPU that faults spins: nobody is told, the VM stays RUNNING, and it takes and sends nothing until it is stopped by
   * force (recording lifecycle_vcpu_halts; rm-lives.md, section 10).
   */
  readonly faultsSpin: boolean;
  /** How its queues treat messages that are empty or too long (transport, QueueOptions). */
  readonly queueRules: 'as-built' | 'documented';
  /** Virtio device types that make VM_INIT fail. */
  readonly refusedVirtioTypes: readonly number[];
  /** A forced VM_STOP of a VM whose vCPUs are scheduled with a priority below the default's kills the manager. */
  readonly lowPriorityStopDies: boolean;
  /** A devicetree `peer` without a value kills the manager. */
  readonly emptyPeerDies: boolean;
  /** VM_INIT with a vCPU that is bound to a core that does not exist kills the manager. */
  readonly missingCoreDies: boolean;
  /** Hexadecimal digits of the capability ids that are in names of the guest's nodes. */
  readonly capabilityDigits: number;
  /** Memory that the hypervisor has for its own tables. Undefined: unlimited. */
  readonly tables: TableMemory | undefined;
  /** VM_IRQ_ACCEPT with a number of its own below 32 makes every later VM_INIT of that boot fail. */
  readonly privateVirqSpoils: boolean;
}

/** Memory for the hypervisor's tables, in pages. */
export interface TableMemory {
  /**
   * Each 2 MiB block of the primary VM's memory takes one when a part of it is given away, because it can no longer be
   * mapped by one entry.
   */
  readonly pages: number;
  /** Pages that one VM takes, its own tables included. */
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
  faultsSpin: false,
  queueRules: 'documented',
  refusedVirtioTypes: [],
  lowPriorityStopDies: false,
  emptyPeerDies: false,
  missingCoreDies: false,
  capabilityDigits: 14,
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
  capabilityDigits: 2,
  // Fitted to three recordings: deep_048 and deep_054 die, deep_087 does not. Within a page or two no other numbers of
  // this form do so. The true ones are not known.
  tables: { pages: 313, pagesPerVm: 14 },
  privateVirqSpoils: true,
};

/** The production build of the hypervisor on the same machine. */
const qemuProduction: PlatformProfile = {
  ...qemu,
  name: 'qemu-production',
  faultsSpin: true,
  capabilityDigits: 16,
};

export const platforms = { native, qemu, 'qemu-production': qemuProduction } as const satisfies Readonly<
  Record<string, PlatformProfile>
>;
export type PlatformName = keyof typeof platforms;
