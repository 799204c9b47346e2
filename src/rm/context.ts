import type { Hypervisor } from '../hypervisor/index.js';
import type { EventLoop } from './event-loop.js';
import type { InterruptTable } from './interrupt-table.js';
import type { LinkTable } from './link-table.js';
import type { PanicReason } from './panics.js';
import type { Parcel } from './parcels/parcel.js';
import type { ParcelTable } from './parcels/table.js';
import type { PlatformProfile } from './platform.js';
import type { Vm } from './vm.js';
import type { VmTable } from './vm-table.js';

/** How the manager was built. */
export interface Build {
  readonly platform: PlatformProfile;
  /** Answers with an error where the public manager dies, and has none of its leaks. */
  readonly careful: boolean;
  /** A debug build checks less of the image at VM_START. */
  readonly debugBuild: boolean;
  /**
   * A place where the public manager dies. Unwinds to the event loop, which stops for good; a careful manager goes on
   * instead.
   *
   * @returns the error that a careful manager answers there.
   */
  panicOrError(reason: PanicReason): number;
}

/** What is needed to hand memory around. */
export interface MemoryContext extends Build {
  readonly hypervisor: Hypervisor;
  readonly vms: VmTable;
  readonly parcels: ParcelTable;
}

/** What is needed to tell VMs something. */
export interface NotifyContext {
  readonly vms: VmTable;
  readonly links: LinkTable;
}

/** Everything that a handler may need: the state of one boot. */
export interface Context extends MemoryContext, NotifyContext {
  readonly interrupts: InterruptTable;
  readonly loop: EventLoop;
  readonly firmware: FirmwareState;
  /** Parcels that were added to the hypervisor's heaps, by handle of the heap. */
  readonly heaps: ReadonlyMap<number, Set<Parcel>>;
  /** The VM that handles RAS errors; the public manager never forgets the first one. */
  rasHandler: Vm | undefined;
}

/** What the firmware messages have set; only a reboot undoes it. */
export interface FirmwareState {
  milestoneReached: boolean;
  /** Bytes of firmware that RM holds. */
  size: number | undefined;
}
