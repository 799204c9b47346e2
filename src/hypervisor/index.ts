/**
 * The hypervisor under the manager: who owns each page of memory, at which address each VM sees it (stage 2), what it
 * contains, and which interrupts are bound. {@link PhysicalMemory} can be used without a manager, to check what
 * sharing, lending and donating do to pages. The manager uses the interface {@link Hypervisor}, which {@link HypervisorModel}
 * implements.
 */
export { Access, type Fault, type Translation } from './access.js';
export { AddressRanges, type Allocation, alignUp, NO_TAG } from './address-ranges.js';
export { type AddressRange, AddressSpace, BLOCK_SIZE, type Blocks, type Run } from './address-space.js';
export type { PhysicalMemoryOptions } from './address-spaces.js';
export type { Hypervisor } from './hypervisor.js';
export {
  InternalVm,
  type InternalVmEvent,
  type MemorySlot,
  memorySlotFlags,
  PRIVATE_MEM_SLOTS,
  USER_MEM_SLOTS,
} from './internal-vm.js';
export { InterruptNumbers, VIRQ_MAX } from './interrupts.js';
export { type Interval, IntervalMap } from './interval-map.js';
export {
  DonateType,
  HypError,
  type HypercallResult,
  MapFlag,
  type MemoryExtents,
  type MemoryHypercall,
  type PagingCapabilities,
} from './memory-extents.js';
export { HypervisorModel, type ModelOptions, type PhysicalRange } from './model.js';
export {
  type ExtentKind,
  extentKinds,
  extentOwner,
  HYPERVISOR,
  isComponent,
  NOBODY,
  type Owner,
  ownerName,
  parcelOwner,
  vmOfExtent,
} from './owner.js';
export { PAGE_SIZE } from './page-contents.js';
export { type Borrower, type MemoryKind, type PageRecord, type PageState, stateOf } from './page-record.js';
export { PhysicalMemory, type UserMemoryRegion } from './physical-memory.js';
export { formatRefusal, type Refusal, type RefusalCode } from './refusal.js';
export { INTERNAL_LIMIT, type Party, type Transition, type TransitionStep } from './transition.js';
