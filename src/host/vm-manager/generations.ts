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
  unknownLabel: 'ENODEV',
  wrap: 'accepted',
  label: 'unique',
  ownProcessOnly: true,
  afterStart: 'accepted',
  lentFlag: false,
  guestAligned: true,
  interruptible: false,
};

const eager: Omit<VmGeneration, 'name' | 'client' | 'evidence'> = {
  memory: 'regions',
  regions: laxRegions,
  rangesFit: 'partly',
  keepsRefusedPages: false,
  noVirq: [0, 0xffffffff],
  checksVirqs: false,
  checksRegisterBits: true,
  bootValues: 'copies',
  resumeActions: 'none',
  runsForCreatorOnly: false,
  knowsResetFailed: false,
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

const paged: Omit<VmGeneration, 'name' | 'client' | 'evidence'> = {
  memory: 'user_pages',
  regions: { ...laxRegions, wrap: 'EINVAL', label: 'ignored' },
  rangesFit: 'partly',
  keepsRefusedPages: true,
  noVirq: [0],
  checksVirqs: true,
  checksRegisterBits: true,
  bootValues: 'entries',
  resumeActions: 'without_retry',
  runsForCreatorOnly: true,
  knowsResetFailed: false,
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

const v9: VmGeneration = {
  ...eager,
  name: 'v9',
  client: 'v9',
  evidence: 'read',
  regions: {
    ...laxRegions,
    featureCheck: 'after_alignment',
    sizeZeroRemoves: true,
    wrap: 'EOVERFLOW',
    ownProcessOnly: false,
    // As reviewed. The column v9 of client.md is a later revision, see v10.
    lentFlag: true,
    guestAligned: false,
    interruptible: true,
  },
  rangesFit: 'wholly',
};

/** The VM managers, by label of client.md and vcpu-and-paging.md. */
export const vmGenerations: Readonly<Record<VmGenerationName, VmGeneration>> = {
  v9,
  // Version 10 of the series checks the guest's address and takes an unknown label for removed, as client.md says of v9.
  // It still has the flag that lends memory, which client.md reserves: that is a tree between v10 and android14-6.1.
  v10: {
    ...v9,
    name: 'v10',
    regions: { ...v9.regions, featureCheck: 'never', guestAligned: true, unknownLabel: 'ignored' },
  },
  v11: { ...eager, name: 'v11', client: 'v11', evidence: 'read' },
  a14: { ...eager, name: 'a14', client: 'a14', evidence: 'measured' },
  v17: {
    ...paged,
    name: 'v17',
    client: 'v17',
    evidence: 'read',
    memory: 'guest_memory',
    rangesFit: 'wholly',
    keepsRefusedPages: false,
    checksRegisterBits: false,
    resumeActions: 'all',
    runsForCreatorOnly: false,
  },
  a15: { ...paged, name: 'a15', client: 'a15', evidence: 'measured' },
  // android16-6.12 (vcpu-and-paging.md): read, nothing of it was recorded. Its transport is taken to be that of a15.
  a16: {
    ...paged,
    name: 'a16',
    client: 'a15',
    evidence: 'read',
    bootValues: 'copies',
    knowsResetFailed: true,
    start: [
      start.allocateVmid,
      start.giveFirmware,
      start.giveDevicetree,
      start.configureFromParcel,
      start.setFirmwareFromParcel,
      start.setDemandPaging,
      start.setAddressLayout,
      start.initialise,
      start.takeResources,
      start.setBootContext,
      start.run,
    ],
  },
};
