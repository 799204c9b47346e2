import {
  cell,
  cellCount,
  type DtNode,
  findProperty,
  hasProperty,
  numberAt,
  property,
  string,
} from '../../devicetree/index.js';
import {
  deviceCommon,
  deviceLabel,
  devicePeer,
  fixedInterrupts,
  inheritedCells,
  pageAligned,
  queueSizes,
  refuse,
  requireDefaultPeer,
  sizedNumber,
  twoCells,
} from './reader.js';
import type {
  DoorbellConfig,
  IomemConfig,
  MessageQueueConfig,
  QueuePairConfig,
  RmRpcConfig,
  SharedMemoryConfig,
  VirtioConfig,
} from './types.js';

// Fields are named one by one below, because spreading an object costs several times as much as reading the node.

/** Devices found so far, each kind in tree order. */
export interface DeviceLists {
  readonly rpcs: RmRpcConfig[];
  readonly doorbells: DoorbellConfig[];
  readonly queues: MessageQueueConfig[];
  readonly pairs: QueuePairConfig[];
  readonly shms: SharedMemoryConfig[];
  readonly virtios: VirtioConfig[];
  readonly iomems: IomemConfig[];
  rtcs: number;
}

/** Texts that RM adds to an rm-rpc's `push-compatible` itself. */
const RPC_OWN_COMPATIBLES = 3;
const CONTEXT_BANKS_MAX = 255;

/**
 * Kinds of devices in the order in which RM asks whether `vdevice-type` contains them: the first counts
 * (rm-internals.md, section 1).
 */
const KINDS: readonly (readonly [type: string, parse: (node: DtNode, found: DeviceLists) => void])[] = [
  ['rm-rpc', parseRmRpc],
  ['shm-doorbell', parseSharedMemory],
  ['shm', parseSharedMemory],
  ['doorbell-source', (node, found) => parseDoorbell(node, found, true)],
  ['doorbell', (node, found) => parseDoorbell(node, found, false)],
  ['message-queue', parseMessageQueue],
  ['message-queue-pair', parseQueuePair],
  ['virtio-mmio', parseVirtio],
  ['iomem', parseIomem],
  ['vsmmu-v2', parseSmmu],
  ['vrtc-pl031', parseRtc],
];

/**
 * Adds the device that a node describes, if it is one.
 *
 * @returns whether the node was claimed as a device.
 * @throws ConfigRefused when a mandatory property is missing or contradicts itself.
 */
export function parseDevice(node: DtNode, found: DeviceLists): boolean {
  const types = findProperty(node, 'vdevice-type');
  if (types === undefined) return false;
  const kind = KINDS.find(([type]) => types.contains(type, false));
  kind?.[1](node, found);
  return kind !== undefined;
}

function parseRmRpc(node: DtNode, found: DeviceLists): void {
  const interrupts = fixedInterrupts(node, 2);
  const { label, generate, pushCompatible } = deviceCommon(node, 0, RPC_OWN_COMPATIBLES);
  const { messageSize, queueDepth } = queueSizes(node);
  const console = hasProperty(node, 'console-dev');
  found.rpcs.push({ label, generate, pushCompatible, console, interrupts, messageSize, queueDepth });
}

function parseDoorbell(node: DtNode, found: DeviceLists, source: boolean): void {
  const peer = devicePeer(node);
  const interrupts = source ? undefined : fixedInterrupts(node, 1);
  const { label, generate, pushCompatible } = deviceCommon(node);
  found.doorbells.push({ label, generate, pushCompatible, source, peer, interrupts });
}

function parseMessageQueue(node: DtNode, found: DeviceLists): void {
  const sender = hasProperty(node, 'is-sender');
  if (sender === hasProperty(node, 'is-receiver')) refuse(node, 'neither or both of is-sender, is-receiver');
  requireDefaultPeer(node);
  const interrupts = fixedInterrupts(node, 1);
  const { label, generate, pushCompatible } = deviceCommon(node);
  const { messageSize, queueDepth } = queueSizes(node);
  found.queues.push({ label, generate, pushCompatible, sender, interrupts, messageSize, queueDepth });
}

function parseQueuePair(node: DtNode, found: DeviceLists): void {
  const peer = devicePeer(node);
  const interrupts = fixedInterrupts(node, 2);
  const { label, generate, pushCompatible } = deviceCommon(node);
  const { messageSize, queueDepth } = queueSizes(node);
  found.pairs.push({ label, generate, pushCompatible, peer, interrupts, messageSize, queueDepth });
}

/** The `memory` child of shared memory and virtio devices: their only child. */
function memoryChild(node: DtNode): { label: number; base: bigint | undefined; optional: boolean } {
  const memory = node.children[0];
  if (memory === undefined || node.children.length > 1 || memory.name !== 'memory')
    refuse(node, 'memory is not the only child');
  const label = deviceLabel(memory) ?? refuse(memory, 'no label');
  const base = sizedNumber(memory, 'base', inheritedCells(memory).address);
  if (base !== undefined && !pageAligned(base)) refuse(memory, 'base is not page aligned');
  if ((base === undefined) !== hasProperty(memory, 'allocate-base'))
    refuse(memory, 'neither or both of base, allocate-base');
  return { label, base, optional: hasProperty(memory, 'optional') };
}

function parseSharedMemory(node: DtNode, found: DeviceLists): void {
  const plain = string(node, 'vdevice-type') === 'shm';
  const { label, base, optional } = memoryChild(node);
  requireDefaultPeer(node);
  const hasDmaBase = property(node, 'dma_base')?.byteLength === 8;
  found.shms.push({ ...deviceCommon(node, label), base, optional, plain, hasDmaBase });
}

function parseVirtio(node: DtNode, found: DeviceLists): void {
  requireDefaultPeer(node);
  const { label } = memoryChild(node);
  const dmaCoherent = hasProperty(node, 'dma-coherent');
  const deviceType = cell(node, 'virtio,device-type');
  found.virtios.push({ ...deviceCommon(node, label), deviceType, dmaCoherent });
}

function parseIomem(node: DtNode, found: DeviceLists): void {
  const common = deviceCommon(node);
  const patch = string(node, 'patch');
  requireDefaultPeer(node);
  // Names are compared over their own length only, so any beginning of "memory" will do.
  const candidates = node.children.filter((entry) => 'memory'.startsWith(entry.name));
  const memory = candidates[0];
  if (memory === undefined || candidates.length > 1) refuse(node, 'not exactly one memory child');
  const label = deviceLabel(memory) ?? refuse(memory, 'no label');
  const infoTag = cell(memory, 'qcom,mem-info-tag');
  const rights = twoCells(node, 'qcom,rm_acl');
  const attributes = twoCells(node, 'qcom,rm_attributes');
  const list = property(node, 'qcom,rm_sglist');
  if (list !== undefined && list.byteLength % 16 !== 0) refuse(node, 'length of qcom,rm_sglist');
  const regions = Array.from({ length: list === undefined ? 0 : cellCount(list) / 4 }, (_, index) => ({
    address: numberAt(list as Uint8Array, index * 4, 2),
    size: numberAt(list as Uint8Array, index * 4 + 2, 2),
  }));
  found.iomems.push({ ...common, label, patch, rights, attributes, regions, infoTag });
}

function parseSmmu(node: DtNode): void {
  if (cell(node, 'smmu-handle') === undefined) refuse(node, 'no smmu-handle');
  if (string(node, 'patch') === undefined) refuse(node, 'no patch');
  for (const name of ['num-cbs', 'num-smrs'])
    if ((cell(node, name) ?? Number.POSITIVE_INFINITY) > CONTEXT_BANKS_MAX) refuse(node, name);
}

function parseRtc(node: DtNode, found: DeviceLists): void {
  if (found.rtcs > 0) refuse(node, 'a second clock');
  const base = sizedNumber(node, 'base', 2);
  if (base !== undefined && !pageAligned(base)) refuse(node, 'base is not page aligned');
  if ((base === undefined) !== hasProperty(node, 'allocate-base'))
    refuse(node, 'neither or both of base, allocate-base');
  found.rtcs++;
}
