/**
 * The VM manager: what /dev/gunyah does when a process makes virtual machines, as operations that somebody runs. It owns
 * no clock, no promise and no queue; calls to RM, waits and hypercalls are effects ({@link VmEffect}), answered by
 * {@link runOperationNow}, {@link runOperation} or an event loop. Running vCPUs is left to others.
 */

export { type MapMemRequest, mapMemFlags } from './bindings.js';
export { ClientWorld, type ClientWorldOptions } from './client-world.js';
export {
  failWith,
  runOperation,
  runOperationNow,
  type VmWorld,
  type VmWorldAsync,
  waitEnded,
} from './drive.js';
export type { Hypercall, HypercallEffect, Running, VmEffect, WaitEffect } from './effects.js';
export { type FunctionRequest, functionArguments, functionTypes } from './functions.js';
export { type RegionRules, type VmGeneration, vmGenerations } from './generations.js';
export { type Finding, vmHazards } from './hazards.js';
export { findIoctl, type IoctlName, ioctls, type VmGenerationName } from './ioctls.js';
export { type CreatedVm, VmManager, type VmManagerOptions } from './manager.js';
export { regionFlags, type UserMemRegion } from './region.js';
export type { Area } from './user-memory.js';
export { UserProcess } from './user-memory.js';
export type { GunyahVm, VmEvent } from './vm.js';
