import { AddressRanges, type InterruptNumbers } from '../hypervisor/index.js';
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
  /** Wake-up interrupt in the owner, {@link NO_VIRQ} when the VM is not scheduled by its owner. */
  readonly virq: number;
  readonly capability: bigint;
}

export const NO_VIRQ = 0xffffffff;
const ADDRESS_SPACE_SIZE = 2 ** 36;

/** A secondary VM's address space, the device range taken. */
export function newSpace({ deviceRange }: PlatformProfile): AddressRanges {
  const space = new AddressRanges(0, ADDRESS_SPACE_SIZE);
  space.allocateAt(deviceRange.start, deviceRange.size);
  return space;
}

/** Stages of a reset, each at least one turn of the event loop (rm-internals.md, section 9). */
export type ResetStage = 'begin' | 'devices' | 'parcels' | 'interrupts' | 'destroy' | 'clean' | 'done';

/** The two ends of a VM's console, open or not. */
export interface Console {
  ownerOpen: boolean;
  selfOpen: boolean;
}

/** What exists from VM_CONFIG_IMAGE to VM_RESET. */
export class VmConfig {
  /** Devices in the order of VM_GET_HYP_RESOURCES and of a reset. */
  readonly devices: Device[] = [];
  vcpus: Vcpu[] = [];
  console: Console | undefined;
  /** Parcels the VM has accepted; deleting moves the last one into the gap. */
  readonly accepted: Parcel[] = [];
  /** As read at VM_INIT. */
  parsed: VmConfiguration | undefined;
  memoryBase = 0n;
  memorySizeMax = 0n;
  firmwareBase: bigint | undefined;
  firmwareSizeMax = 0n;
  /** An interrupt number was taken for a device that does not exist. */
  leakedInterrupt = false;
  /** A good iomem device was freed with a bad one behind it. */
  iomemFreedTwice = false;
  /** VM_CONFIG_IMAGE refused the authentication type after making this. */
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
  /** In the order of registration; deleting moves the last one into the gap. */
  readonly peers: Vm[] = [];
  crashMessage: Uint8Array | undefined;
  sensitive = false;
  crashFatal = false;
  noShutdown = false;
  noReset = false;
  /** Replaced by every reset: what was mapped before is mapped no more. */
  life: object = {};
  /** Parcels it owns. */
  parcelCount = 0;
  authentication = 0;
  image: ImageRange | undefined;
  firmware: FirmwareRange | undefined;
  /** Size of the image parcel, and from VM_START on of the private parcels behind it; bytes. */
  memorySize = 0;
  /** The image parcel was found, so its memory's constraints are known. */
  memoryKnown = false;
  config: VmConfig | undefined;
  space: AddressRanges | undefined;
  interrupts: InterruptNumbers | undefined;
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

/** Removes an element by moving the last one into its place, as RM's vectors do. */
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
