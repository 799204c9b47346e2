/** Fixed interrupt numbers of a device, as virq numbers; absent means that RM chooses. */
export type FixedInterrupts = readonly number[] | undefined;

/** A device's other end: the owner, or a text like `vm-name:X` that is looked up at VM_INIT. */
export type PeerReference = { readonly kind: 'default' } | { readonly kind: 'named'; readonly text: string };

/** What every virtual device node may have. */
export interface DeviceCommon {
  readonly label: number;
  readonly generate: string | undefined;
  /** Texts that RM adds to the guest's tree. Only their sizes and their number matter here. */
  readonly pushCompatible: readonly string[];
}

export interface RmRpcConfig extends DeviceCommon {
  readonly console: boolean;
  readonly messageSize: number;
  readonly queueDepth: number;
  readonly interrupts: FixedInterrupts;
}

export interface DoorbellConfig extends DeviceCommon {
  readonly source: boolean;
  readonly peer: PeerReference;
  readonly interrupts: FixedInterrupts;
}

export interface MessageQueueConfig extends DeviceCommon {
  readonly sender: boolean;
  readonly messageSize: number;
  readonly queueDepth: number;
  readonly interrupts: FixedInterrupts;
}

export interface QueuePairConfig extends DeviceCommon {
  readonly peer: PeerReference;
  readonly messageSize: number;
  readonly queueDepth: number;
  readonly interrupts: FixedInterrupts;
}

/** Where shared memory goes: a fixed address, or RM's choice. */
export interface SharedMemoryConfig extends DeviceCommon {
  /** Undefined: `allocate-base`. */
  readonly base: bigint | undefined;
  readonly optional: boolean;
  /** Without the two doorbells of a shm-doorbell. */
  readonly plain: boolean;
  readonly hasDmaBase: boolean;
}

export interface VirtioConfig extends DeviceCommon {
  readonly deviceType: number | undefined;
  readonly dmaCoherent: boolean;
}

export interface IomemConfig extends DeviceCommon {
  readonly patch: string | undefined;
  /** Rights wanted for [the VM, HLOS]; absent: the ACL is checked to be empty or not at all. */
  readonly rights: readonly [number, number] | undefined;
  /** Attributes wanted for [the VM, HLOS]. */
  readonly attributes: readonly [number, number] | undefined;
  readonly regions: readonly { readonly address: bigint; readonly size: bigint }[];
  readonly infoTag: number | undefined;
}

export interface InterruptController {
  readonly phandle: number;
  /** Without `reg`, RM tells the guest the addresses. */
  readonly hasReg: boolean;
  /** Undefined: RM chooses the address. */
  readonly bases: readonly [distributor: bigint | undefined, redistributors: bigint | undefined];
  readonly stride: bigint;
}

export interface VcpusConfig {
  readonly proxy: boolean;
  readonly affinityMap: readonly number[];
  readonly priority: number;
  readonly timesliceUs: number;
  /** Number of vCPUs. */
  readonly count: number;
  /** Of them, those that run from the start. */
  readonly booting: number;
  /** Without it, RM tells the guest how to start each of its cpus. */
  readonly psci: boolean;
  /** Of the cpus' nodes. */
  readonly paths: readonly string[];
}

/** Configuration of a VM as its devicetree states it (rm-internals.md, section 1), not checked against RM's state. */
export interface VmConfiguration {
  readonly name: string | undefined;
  readonly uri: string;
  readonly guid: Uint8Array;
  readonly hasGuid: boolean;
  readonly crashFatal: boolean;
  readonly noShutdown: boolean;
  readonly noReset: boolean;
  readonly rasErrorHandler: boolean;
  readonly sensitive: boolean;
  readonly interruptRanges: boolean;
  readonly iomemRanges: boolean;
  readonly memoryBase: bigint;
  readonly memorySizeMin: bigint;
  readonly memorySizeMax: bigint;
  readonly memoryDirect: boolean;
  readonly memoryConstraints: readonly [generic: number, platform: number] | undefined;
  readonly firmwareBase: bigint | undefined;
  readonly firmwareSizeMax: bigint;
  readonly controller: InterruptController | undefined;
  readonly vcpus: VcpusConfig | undefined;
  readonly rpcs: readonly RmRpcConfig[];
  readonly doorbells: readonly DoorbellConfig[];
  readonly queues: readonly MessageQueueConfig[];
  readonly pairs: readonly QueuePairConfig[];
  readonly shms: readonly SharedMemoryConfig[];
  readonly virtios: readonly VirtioConfig[];
  readonly iomems: readonly IomemConfig[];
  readonly rtcs: number;
}
