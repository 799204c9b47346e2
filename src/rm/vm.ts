import { AddressRanges, type InterruptNumbers, type PagingCapabilities } from '../hypervisor/index.js';
import { VMID_RM, VmState } from './codes.js';
import type { VmConfiguration } from './config/index.js';
import { GUID_SIZE } from './config/index.js';
import type { Device } from './devices/device.js';
import type { LoopEvent } from './event-loop.js';
import { mayChange } from './life-cycle.js';
import type { Parcel } from './parcels/parcel.js';
import type { PlatformProfile } from './platform.js';

/** One vCPU as VM_GET_HYP_RESOURCES lists it. */
export interface Vcpu {
  readonly label: number;
  /** Wake-up interrupt in the owner. {@link NO_VIRQ}: the owner does not schedule the VM. */
  readonly virq: number;
  readonly capability: bigint;
}

export const NO_VIRQ = 0xffffffff;
const ADDRESS_SPACE_SIZE = 2 ** 36;

/** The guest addresses of a secondary VM, the device range taken. */
export function newAllocator({ deviceRange }: PlatformProfile): AddressRanges {
  const allocator = new AddressRanges(0, ADDRESS_SPACE_SIZE);
  allocator.allocateAt(deviceRange.start, deviceRange.size);
  return allocator;
}

/** Stages of a reset. Each takes at least one turn of the event loop (rm-internals.md, section 9). */
export type ResetStage = 'begin' | 'devices' | 'parcels' | 'interrupts' | 'destroy' | 'clean' | 'done';

/** Which ends of a VM's console are open. */
export interface Console {
  ownerOpen: boolean;
  selfOpen: boolean;
}

/** A range of guest addresses, in bytes. */
export interface GuestRange {
  readonly start: number;
  readonly size: number;
}

/** How a VM gets its memory page by page (VM_SET_DEMAND_PAGING, VM_SET_ADDRESS_LAYOUT). */
export interface Paging {
  /** Addresses whose memory the host gives on demand. */
  ranges: readonly GuestRange[];
  /** Where the image is. */
  image: GuestRange | undefined;
  /** Made by VM_INIT. */
  capabilities: PagingCapabilities | undefined;
}

/** A range of a VM's memory that is saved when the system crashes. */
export interface DumpRange {
  /** One character per byte. */
  readonly name: string;
  readonly start: bigint;
  readonly size: bigint;
}

/**
 * The state of a VM that VM_CONFIG_IMAGE creates and VM_RESET removes. A VM whose reset was skipped is configured again
 * while the old state is there. RM forgets that then, and frees nothing of it (rm-lives.md, section 1).
 */
export class VmConfig {
  /** Devices in the order of VM_GET_HYP_RESOURCES and of a reset. */
  readonly devices: Device[] = [];
  vcpus: Vcpu[] = [];
  console: Console | undefined;
  /** Parcels that the VM has accepted. Removing one moves the last into its place. */
  readonly accepted: Parcel[] = [];
  /** What VM_INIT read from the devicetree. */
  parsed: VmConfiguration | undefined;
  memoryBase = 0n;
  memorySizeMax = 0n;
  firmwareBase: bigint | undefined;
  firmwareSizeMax = 0n;
  /** Identity of the address space: what is mapped where. VM_INIT makes it, once the devicetree has been read. */
  addressSpace: object | undefined;
  /** An interrupt number was taken for a device that does not exist. */
  leakedInterrupt = false;
  /** VM_INIT failed at a bad iomem device and freed the good one before it, which VM_RESET then frees again. */
  iomemFreedTwice = false;
  /** What the host has told about paging, before VM_INIT. The public manager has no such messages. */
  paging: Paging | undefined;
  /** Registers with which the boot vCPU starts, by register file << 8 | index. */
  readonly bootContext = new Map<number, bigint>();
  /** The owner may debug the VM. */
  debug = false;
  /** VM_CONFIG_IMAGE created this, then refused the authentication mechanism. */
  halfMade = false;
}

/** The parcel that holds image and devicetree, as VM_CONFIG_IMAGE gave it. */
export interface ImageRange {
  readonly handle: number;
  readonly dtOffset: bigint;
  readonly dtSize: bigint;
}

/** A parcel of firmware memory, as VM_SET_FIRMWARE_MEM gave it. */
export interface FirmwareRange {
  readonly handle: number;
  readonly offset: bigint;
  readonly size: bigint;
}

/** One VM as RM knows it, the manager itself (255) and the primary VM (3) included. */
export class Vm {
  /** One of {@link VmState}. */
  state: number = VmState.LOAD;
  osStatus = 0;
  appStatus = 0;
  name = '';
  uri = '';
  guid: Uint8Array = new Uint8Array(GUID_SIZE);
  hasGuid = false;
  /** In the order of registration. Removing one moves the last into its place. */
  readonly peers: Vm[] = [];
  crashMessage: Uint8Array | undefined;
  sensitive = false;
  crashFatal = false;
  noShutdown = false;
  noReset = false;
  /**
   * Identity of the VM's current life. VM_CONFIG_IMAGE and a reset that cleans up replace it: memory that the VM owned
   * before is not visible to it any more.
   */
  life: object = {};
  /** Parcels it owns. */
  parcelCount = 0;
  authentication = 0;
  image: ImageRange | undefined;
  firmware: FirmwareRange | undefined;
  /** Bytes: the size of the image parcel. VM_START adds the private parcels behind it. */
  memorySize = 0;
  /** The image parcel was found, so its memory's constraints are known. */
  memoryKnown = false;
  config: VmConfig | undefined;
  /** Which guest addresses are free. Each VM_INIT that has read the devicetree makes it anew. */
  allocator: AddressRanges | undefined;
  interrupts: InterruptNumbers | undefined;
  /** By slot. */
  readonly dumpRanges = new Map<number, DumpRange>();
  resetStage: ResetStage = 'begin';
  resetEvent: LoopEvent | undefined;

  constructor(
    readonly vmid: number,
    readonly owner: number,
  ) {}

  /** Whether the VM may change to a state now. */
  mayEnter(state: keyof typeof VmState): boolean {
    if (state === 'PAUSED' && this.noShutdown) return false;
    if (state === 'EXITED' && (this.noShutdown || this.crashFatal)) return false;
    if (state === 'RESETTING' && this.noReset) return false;
    return mayChange(this.state, state);
  }

  /** Whether another VM may ask about this one: it is the VM itself, its owner or a peer. */
  mayBeQueriedBy(vm: Vm): boolean {
    return vm === this || vm.vmid === this.owner || this.peers.includes(vm);
  }

  get ownedByManager(): boolean {
    return this.owner === VMID_RM;
  }
}

/** Removes an element and moves the last one into its place, as RM's vectors do. */
export function removeUnordered<T>(list: T[], element: T): void {
  const index = list.indexOf(element);
  if (index < 0) return;
  const last = list.pop() as T;
  if (index < list.length) list[index] = last;
}

/** Makes two VMs peers of each other, once. */
export function registerPeers(one: Vm, other: Vm): void {
  if (one.peers.includes(other)) return;
  one.peers.push(other);
  other.peers.push(one);
}

/** Drops all peers of a VM, on both sides. */
export function dropPeers(vm: Vm): void {
  for (let peer = vm.peers.pop(); peer !== undefined; peer = vm.peers.pop()) removeUnordered(peer.peers, vm);
}
