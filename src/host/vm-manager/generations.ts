import type { Step } from './context.js';
import type { VmGenerationName } from './ioctls.js';
import type { RegionRules, VmRules } from './rules.js';
import * as start from './start.js';
import * as teardown from './teardown.js';

/** One VM manager: its rules, and its steps in order (client.md, section 6). */
export interface VmGeneration extends VmRules {
  readonly start: readonly Step[];
  /** Steps when the last descriptor is closed. */
  readonly teardown: readonly Step[];
}

const laxRegions: RegionRules = {
  featureCheck: 'never',
  sizeZeroRemoves: false,
  wrap: 'accepted',
  label: 'unique',
  ownProcessOnly: true,
  afterStart: 'accepted',
  lentFlag: false,
  guestAligned: true,
  interruptible: false,
};

const eager: Omit<VmGeneration, 'name' | 'evidence'> = {
  memory: 'regions',
  regions: laxRegions,
  rangesFit: 'partly',
  keepsRefusedPages: false,
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
  rangesFit: 'partly',
  keepsRefusedPages: true,
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
      wrap: 'EOVERFLOW',
      ownProcessOnly: false,
      // As reviewed. A later revision reserves the flag, ignores an unknown label and checks the address (client.md).
      lentFlag: true,
      guestAligned: false,
      interruptible: true,
    },
    rangesFit: 'wholly',
  },
  v11: { ...eager, name: 'v11', evidence: 'read' },
  a14: { ...eager, name: 'a14', evidence: 'measured' },
  v17: {
    ...paged,
    name: 'v17',
    evidence: 'read',
    memory: 'guest_memory',
    rangesFit: 'wholly',
    keepsRefusedPages: false,
    checksRegisterBits: false,
  },
  a15: { ...paged, name: 'a15', evidence: 'measured' },
};
