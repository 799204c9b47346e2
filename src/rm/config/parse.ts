import {
  cellAt,
  cellCount,
  contains,
  type DtNode,
  hasProperty,
  isCompatible,
  numberAt,
  pathOf,
  property,
  string,
  strings,
  walk,
} from '../../devicetree/index.js';
import { configuredController, rootController } from './controller.js';
import { type DeviceLists, parseDevice } from './devices.js';
import { GUID_SIZE, parseGuid } from './guid.js';
import { FatalTree, inheritedCells, pageAligned, refuse, sizedNumber, twoCells, wraps } from './reader.js';
import type { VmConfiguration } from './types.js';
import { parseVcpus } from './vcpus.js';

/** Texts of a name or URI, in bytes. */
export const IDENTITY_SIZE_MAX = 79;

/** Levels below the root that RM can hold. It dies of a node below them. */
const LEVEL_MAX = 15;
const PATH_SIZE_MAX = 255;
const IOMEM_ACCESS_MAX = 6;
/**
 * Memory of a VM whose devicetree names none. It is in the device range, so the VM cannot start (rm-internals.md,
 * section 0).
 */
const MEMORY_BASE_DEFAULT = 0x28800000n;
const MEMORY_SIZE_DEFAULT = 0x07ffffffn;
const FIRMWARE_SIZE_DEFAULT = 0x400000n;
const MEMORY_BASE_ALIGNMENT = 0x200000n;
const ALL_ONES = 0xffffffffffffffffn;
/** Children of the root: what the name of one begins with. */
const CONFIG_NAMES: readonly string[] = ['gunyah-vm-config', 'qcom,vm-config'];

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<Omit<VmConfiguration, keyof DeviceLists>> & DeviceLists;

/**
 * Reads a VM's configuration as RM does: node by node in tree order. The first rule that matches a node decides what it
 * is (rm-internals.md, section 1).
 *
 * @throws ConfigRefused when a node is unusable, FatalTree when RM dies before that.
 */
export function parseConfiguration(root: DtNode): VmConfiguration {
  const draft = emptyDraft();
  let psciSeen = false;
  /** Sizes of the paths to the node and to those above it, by level. A path is made only where its text counts. */
  const pathSizes = [0];
  for (const node of walk(root)) {
    if (node.level > LEVEL_MAX) throw new FatalTree(node, 'vm_init_tree_too_deep');
    if (node.level > 0) pathSizes[node.level] = (pathSizes[node.level - 1] as number) + 1 + node.name.length;
    if (contains(node, 'device_type', 'memory')) {
      if (node.level !== 1 || node.name !== 'memory') refuse(node, 'a memory node that is not /memory');
      continue;
    }
    if ((pathSizes[node.level] as number) > PATH_SIZE_MAX) refuse(node, 'path too long');
    const part = configPart(node);
    if (part === '') parseConfigNode(node, draft);
    else if (part === '/memory') parseMemoryNode(node, draft);
    else if (part === '/vcpus') draft.vcpus = parseVcpus(root, node, psciSeen);
    else if (parseDevice(node, draft)) continue;
    else if (isCompatible(node, 'arm,psci-0.2') || isCompatible(node, 'arm,psci-1.0')) psciSeen = true;
    else if (part === '/interrupts') draft.controller = configuredController(root, node, draft.controller);
    else if (node === root) draft.controller = rootController(root);
  }
  return draft;
}

/** Path below the configuration node. Empty: that node itself. Undefined: the node is elsewhere. */
function configPart(node: DtNode): string | undefined {
  let top = node;
  while (top.level > 1) top = top.parent as DtNode;
  for (const name of CONFIG_NAMES) if (top.name.startsWith(name)) return pathOf(node).slice(1 + name.length);
  return undefined;
}

function emptyDraft(): Draft {
  return {
    name: undefined,
    uri: '',
    guid: new Uint8Array(GUID_SIZE),
    hasGuid: false,
    crashFatal: false,
    noShutdown: false,
    noReset: false,
    rasErrorHandler: false,
    sensitive: false,
    interruptRanges: false,
    iomemRanges: false,
    memoryBase: MEMORY_BASE_DEFAULT,
    memorySizeMin: 0n,
    memorySizeMax: MEMORY_SIZE_DEFAULT,
    memoryDirect: false,
    memoryConstraints: undefined,
    firmwareBase: undefined,
    firmwareSizeMax: FIRMWARE_SIZE_DEFAULT,
    controller: undefined,
    vcpus: undefined,
    rpcs: [],
    doorbells: [],
    queues: [],
    pairs: [],
    shms: [],
    virtios: [],
    iomems: [],
    rtcs: 0,
  };
}

function parseConfigNode(node: DtNode, draft: Draft): void {
  const attributes = property(node, 'vm-attrs');
  if (attributes !== undefined) {
    const { list, terminated } = strings(attributes);
    if (!terminated) refuse(node, 'vm-attrs not terminated');
    for (const attribute of list) applyAttribute(attribute, draft);
  }
  const name = string(node, 'image-name');
  if (name === undefined || name.length > IDENTITY_SIZE_MAX) refuse(node, 'image-name');
  draft.name = name;
  const uri = string(node, 'vm-uri');
  if (uri !== undefined && uri.length <= IDENTITY_SIZE_MAX) draft.uri = uri;
  const guid = string(node, 'vm-guid');
  draft.hasGuid = guid !== undefined;
  draft.guid = guid === undefined ? new Uint8Array(GUID_SIZE) : (parseGuid(guid) ?? refuse(node, 'vm-guid'));
  if (hasIomemRanges(node)) draft.iomemRanges = true;
  const interrupts = property(node, 'gic-irq-ranges');
  if (interrupts !== undefined && cellCount(interrupts) >= 2) draft.interruptRanges = true;
  if (hasProperty(node, 'qcom,sensitive')) draft.sensitive = true;
}

function applyAttribute(attribute: string, draft: Draft): void {
  if (attribute === 'ras-error-handler') draft.rasErrorHandler = true;
  if (attribute === 'crash-fatal') draft.crashFatal = true;
  if (attribute === 'no-shutdown' || attribute === 'crash-fatal') draft.noShutdown = true;
  if (attribute === 'no-reset' || attribute === 'crash-fatal') draft.noReset = true;
}

/**
 * Whether the property is there. Its entries are (physical, guest, size, access). @throws ConfigRefused if one is bad.
 */
function hasIomemRanges(node: DtNode): boolean {
  const value = property(node, 'iomemory-ranges');
  if (value === undefined) return false;
  const { address, size } = inheritedCells(node);
  const words = cellCount(value);
  const entry = address * 2 + size + 1;
  if (address > 2 || size > 2 || words === 0 || words % entry !== 0)
    refuse(node, 'length of iomemory-ranges');
  for (let at = 0; at < words; at += entry) {
    for (const [offset, cells] of [
      [0, address],
      [address, address],
      [address * 2, size],
    ] as const)
      if (cells > 0 && !pageAligned(numberAt(value, at + offset, cells)))
        refuse(node, 'iomemory-ranges not aligned');
    if ((cellAt(value, at + entry - 1) & 0xffff) > IOMEM_ACCESS_MAX)
      refuse(node, 'access of iomemory-ranges');
  }
  return true;
}

function parseMemoryNode(node: DtNode, draft: Draft): void {
  const cells = inheritedCells(node);
  if (hasProperty(node, 'is-direct')) {
    draft.memoryDirect = true;
    draft.memorySizeMax = ALL_ONES;
  }
  const base = sizedNumber(node, 'base-address', cells.address);
  if (base !== undefined) {
    if (!pageAligned(base)) refuse(node, 'base-address not page aligned');
    const aligned = ((base + MEMORY_BASE_ALIGNMENT - 1n) / MEMORY_BASE_ALIGNMENT) * MEMORY_BASE_ALIGNMENT;
    draft.memoryBase = aligned & ALL_ONES;
    draft.memorySizeMax = -draft.memoryBase & ALL_ONES;
  }
  const sizeMin = alignedSize(node, 'size-min', cells.size);
  if (sizeMin !== undefined) draft.memorySizeMin = sizeMin;
  const sizeMax = alignedSize(node, 'size-max', cells.size);
  if (sizeMax !== undefined) {
    if (wraps(draft.memoryBase, sizeMax)) refuse(node, 'size-max too large');
    draft.memorySizeMax = sizeMax;
  }
  const firmware = sizedNumber(node, 'firmware-address', cells.address);
  if (firmware !== undefined) {
    if (!pageAligned(firmware)) refuse(node, 'firmware-address not page aligned');
    draft.firmwareBase = firmware;
  }
  const firmwareSize = alignedSize(node, 'firmware-size-max', cells.size);
  if (firmwareSize !== undefined) {
    if (wraps(draft.firmwareBase ?? ALL_ONES, firmwareSize)) refuse(node, 'firmware-size-max too large');
    draft.firmwareSizeMax = firmwareSize;
  }
  draft.memoryConstraints = twoCells(node, 'base-mem-constraints') ?? draft.memoryConstraints;
}

function alignedSize(node: DtNode, name: string, cells: number): bigint | undefined {
  const size = sizedNumber(node, name, cells);
  if (size !== undefined && !pageAligned(size)) refuse(node, `${name} not page aligned`);
  return size;
}
