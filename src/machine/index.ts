/**
 * A simulated manager with the VMs that send to it and take from it, and the operations that can be done to both. Who
 * holds a machine decides when things happen: in virtual time (src/sim/world.ts), as recordings were taken
 * ({@link Machine.settle}), or when a peer takes (src/serve).
 */
export { frameId, frameSeq, frameType, headerOf, longAt, REPLY_FIELDS, wordAt } from './frames.js';
export { Machine, type MachineOptions, type Taken, type VcpuHalt, VcpuState } from './machine.js';
export {
  isMemoryOperation,
  type MemoryOperation,
  type MemoryOperationName,
  performOnMemory,
} from './memory-operations.js';
export {
  type FileContents,
  type Operation,
  type OperationName,
  operations,
  perform,
  readOperation,
  readVcpu,
  writeOperation,
} from './operations.js';
export { UNLIMITED } from './receiving-vms.js';
export { VmPort } from './vm-port.js';
