/**
 * The VM manager: what /dev/gunyah does when a process creates virtual machines. Its operations are generators: they
 * yield calls to RM, waits and hypercalls ({@link VmEffect}), which {@link runOperationNow}, {@link runOperation} or an
 * event loop answers. It has no clock and no queue.
 */

export { mapMemFlags } from './bindings.js';
export { ClientWorld, type ClientWorldOptions } from './client-world.js';
export type { VmEvent } from './context.js';
export {
  failWith,
  runOperation,
  runOperationNow,
  type VmWorld,
  type VmWorldAsync,
  waitEnded,
} from './drive.js';
export type { Hypercall, HypercallEffect, Running, VcpuRunCall, VmEffect, WaitEffect } from './effects.js';
export { type FunctionRequest, functionArguments, functionTypes } from './functions.js';
export { type VmGeneration, vmGenerations } from './generations.js';
export type { HazardReport } from './hazard-log.js';
export { vmHazards } from './hazards.js';
export { findIoctl, type IoctlName, ioctls, type VmGenerationName } from './ioctls.js';
export { type CreatedVm, VmManager, type VmManagerOptions } from './manager.js';
export type { MapMemRequest } from './map-mem.js';
export { regionFlags, type UserMemRegion } from './region.js';
export { readUserMemRegion, regionCommand } from './region-argument.js';
export type { RegionRules, VmRules } from './rules.js';
export { type Area, UserProcess } from './user-memory.js';
export { ResumeAction, type RunPage, type Vcpu, type VcpuExit, VcpuState } from './vcpu.js';
export type { GunyahVm } from './vm.js';
