import type { InternalVm } from './internal-vm.js';
import type { MemoryExtents } from './memory-extents.js';
import type { PhysicalMemory } from './physical-memory.js';

/** What the manager asks of the hypervisor about memory, interrupts and capabilities. */
export interface Hypervisor {
  /** Owners of memory, and its address in each VM. */
  readonly memory: PhysicalMemory;
  /** Memory that the host gives to VMs page by page. */
  readonly extents: MemoryExtents;

  /** A VM that a kernel makes without a process. */
  internalVm(vmid: number): InternalVm;
  /** An internal VM ends. Nobody owns its memory now. */
  endInternalVm(vmid: number): void;

  /** Copies physical memory into `target`; memory that was never written reads as zeros. */
  readMemory(address: number, target: Uint8Array): void;
  writeMemory(address: number, bytes: Uint8Array): void;
  zeroMemory(address: number, size: number): void;

  /** Whether a hardware interrupt exists. */
  hasInterrupt(number: number): boolean;
  /** Binds a hardware interrupt to a VM; false when it does not exist or is bound. */
  bindInterrupt(number: number): boolean;
  unbindInterrupt(number: number): void;

  /** A capability id for a new object; ids are never reused within a boot. */
  newCapability(): bigint;
}
