import type { VmGenerationName } from './ioctls.js';
import * as start from './start.js';
import * as teardown from './teardown.js';
import type { Step } from './vm.js';

/** What SET_USER_MEM_REGION and LEND_USER_MEM check, and what they leave to luck (client.md, section 7). */
export interface RegionRules {
  /** When the hypervisor is asked whether it has memory extents at all (EOPNOTSUPP). */
  readonly featureCheck: 'first' | 'after_alignment' | 'never';
  /** Size 0 removes the region with that label; else it is EINVAL. */
  readonly sizeZeroRemoves: boolean;
  readonly unknownLabel: 'ENODEV' | 'ignored';
  readonly wrap: 'EOVERFLOW' | 'EINVAL' | 'accepted';
  readonly label: 'unique' | 'ignored';
  /** Another process than the one that made the VM gets EPERM. */
  readonly ownProcessOnly: boolean;
  /** A region that comes after START, when nobody would tell RM of it. */
  readonly afterStart: 'EBUSY' | 'accepted';
  /** Bit 3 of the flags lends the memory; else it is reserved. */
  readonly lentFlag: boolean;
}

/** One VM manager: what differs between them, as far as it is seen from outside. */
export interface VmGeneration {
  readonly name: VmGenerationName;
  readonly evidence: 'measured' | 'read';
  /** What VMs are made of: regions given at START, user pages given when needed, or guest memory files. */
  readonly memory: 'regions' | 'user_pages' | 'guest_memory';
  readonly regions: RegionRules;
  /** Pins pages for writing even where the guest may not write. */
  readonly alwaysPinsForWriting: boolean;
  /** virqs of resources without interrupt; others must be shared interrupts where `checksVirqs` says so. */
  readonly noVirq: readonly number[];
  readonly checksVirqs: boolean;
  /** Bits of a register number besides the register file and its index are EINVAL. */
  readonly checksRegisterBits: boolean;
  /** Where notifications are handled: by a thread of their own, or by the one that receives replies too. */
  readonly notifiedIn: 'work_item' | 'receiving_thread';
  /** Steps of START, and of closing the last descriptor, in order (client.md, section 6). */
  readonly start: readonly Step[];
  readonly teardown: readonly Step[];
}

const laxRegions: RegionRules = {
  featureCheck: 'never',
  sizeZeroRemoves: false,
  unknownLabel: 'ENODEV',
  wrap: 'accepted',
  label: 'unique',
  ownProcessOnly: true,
  afterStart: 'accepted',
  lentFlag: false,
};

const eager: Omit<VmGeneration, 'name' | 'evidence'> = {
  memory: 'regions',
  regions: laxRegions,
  alwaysPinsForWriting: false,
  noVirq: [0, 0xffffffff],
  checksVirqs: false,
  checksRegisterBits: true,
  notifiedIn: 'work_item',
  start: [
    start.allocateVmid,
    start.giveRegions,
    start.configureFromRegion,
    start.setFirmwareFromRegion,
    start.initialise,
    start.takeResources,
    start.run,
  ],
  teardown: [
    teardown.stopUntilExited,
    teardown.dropFunctions,
    teardown.dropResources,
    teardown.resetAndWaitAnyway,
    teardown.reclaimRegions,
    teardown.deallocateVmid,
  ],
};

const paged: Omit<VmGeneration, 'name' | 'evidence'> = {
  memory: 'user_pages',
  regions: { ...laxRegions, wrap: 'EINVAL', label: 'ignored' },
  alwaysPinsForWriting: false,
  noVirq: [0],
  checksVirqs: true,
  checksRegisterBits: true,
  notifiedIn: 'receiving_thread',
  start: [
    start.allocateVmid,
    start.giveDevicetree,
    start.giveFirmware,
    start.configureFromParcel,
    start.setFirmwareFromParcel,
    start.setDemandPaging,
    start.setAddressLayout,
    start.initialise,
    start.setBootContext,
    start.takeResources,
    start.run,
  ],
  teardown: [
    teardown.stopUntilNotRunning,
    teardown.reclaimUnusedDevicetree,
    teardown.dropFunctions,
    teardown.dropBindings,
    teardown.takePagesBack,
    teardown.dropResources,
    teardown.resetAndWait,
    teardown.reclaimFirmware,
    teardown.deallocateVmid,
  ],
};

/** The VM managers, by label of client.md. */
export const vmGenerations: Readonly<Record<VmGenerationName, VmGeneration>> = {
  v9: {
    ...eager,
    name: 'v9',
    evidence: 'read',
    regions: {
      ...laxRegions,
      featureCheck: 'after_alignment',
      sizeZeroRemoves: true,
      unknownLabel: 'ignored',
      wrap: 'EOVERFLOW',
      ownProcessOnly: false,
    },
    alwaysPinsForWriting: true,
  },
  v11: { ...eager, name: 'v11', evidence: 'read' },
  a14: { ...eager, name: 'a14', evidence: 'measured' },
  v17: { ...paged, name: 'v17', evidence: 'read', memory: 'guest_memory', checksRegisterBits: false },
  a15: { ...paged, name: 'a15', evidence: 'measured' },
};

/**
 * What the careful manager checks, in every generation: all that the review of the series asked for. Lending needs
 * the flag of the first versions where there is no ioctl for it.
 */
export const carefulRegions: Omit<RegionRules, 'lentFlag' | 'afterStart'> = {
  featureCheck: 'first',
  sizeZeroRemoves: true,
  unknownLabel: 'ENODEV',
  wrap: 'EOVERFLOW',
  label: 'unique',
  ownProcessOnly: true,
};
