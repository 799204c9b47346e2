import type { InterruptNumbers } from '../../hypervisor/index.js';
import type { DeviceCommon, IomemConfig, SharedMemoryConfig, VirtioConfig } from '../config/index.js';

/** What every virtual device of a VM has. */
interface DeviceBase {
  readonly label: number;
  /** For the guest's tree; absent for the doorbells of shared memory, which have no node. */
  readonly common: DeviceCommon | undefined;
}

/** The link to the manager: two interrupts, never listed as a resource. */
export interface RmRpcDevice extends DeviceBase {
  readonly kind: 'rm-rpc';
  readonly virqs: readonly number[];
}

/** A device that another VM may share. */
export interface Joinable extends DeviceBase {
  /** VM at the other end. Undefined until a named peer has its own device. */
  peer: number | undefined;
  /** Text of `peer`, undefined for peer-default. */
  readonly peerText: string | undefined;
  /** The other end has a device of its own, so this one is shown to its own VM only. */
  readonly peerHasDevice: boolean;
  /** Interrupt numbers of the VM at the other end that joined the device last, with a device that receives. */
  joinedIn: InterruptNumbers | undefined;
  readonly capability: bigint;
  readonly peerCapability: bigint;
}

export interface DoorbellDevice extends Joinable {
  readonly kind: 'doorbell';
  /** Whether the VM rings it. */
  readonly source: boolean;
  /** The VM's interrupt; undefined for a source. */
  readonly virq: number | undefined;
  /** The peer's interrupt, where RM took one for it. */
  readonly peerVirq: number | undefined;
}

export interface QueueDevice extends DeviceBase {
  readonly kind: 'queue';
  readonly peer: number;
  readonly sender: boolean;
  readonly virq: number;
  readonly peerVirq: number;
  readonly capability: bigint;
  readonly peerCapability: bigint;
}

export interface PairDevice extends Joinable {
  readonly kind: 'pair';
  readonly messageSize: number;
  readonly queueDepth: number;
  /** Send, receive. */
  readonly virqs: readonly [number, number];
  readonly peerVirqs: readonly [number, number] | undefined;
  readonly receiveCapability: bigint;
  readonly peerReceiveCapability: bigint;
}

export interface SharedMemoryDevice extends DeviceBase {
  readonly kind: 'shm';
  readonly config: SharedMemoryConfig;
}

export interface VirtioDevice extends DeviceBase {
  readonly kind: 'virtio';
  readonly config: VirtioConfig;
  readonly peer: number;
  readonly virq: number;
  readonly peerVirq: number;
  readonly base: number;
  readonly peerBase: number;
  readonly peerCapability: bigint;
}

export interface IomemDevice extends DeviceBase {
  readonly kind: 'iomem';
  readonly config: IomemConfig;
}

export type Device =
  | RmRpcDevice
  | DoorbellDevice
  | QueueDevice
  | PairDevice
  | SharedMemoryDevice
  | VirtioDevice
  | IomemDevice;
