import {
  applyOverlay,
  type Cells,
  cell,
  cellsValue,
  childOf,
  type DtNode,
  declaredCells,
  emptyValue,
  type Fragment,
  fragmentName,
  type MutableTree,
  newNode,
  nodeAt,
  nodeByPhandle,
  overlaySize,
  textValue,
  walk,
} from '../../devicetree/index.js';
import { TransType, VMID_HLOS } from '../codes.js';
import type { MemoryContext } from '../context.js';
import type { IomemDevice } from '../devices/device.js';
import type { Parcel, Participant } from '../parcels/parcel.js';
import type { Vm, VmConfig } from '../vm.js';
import { describeDevice, describeIomem, type NodeDevice, pathOf, put, zeros } from './guest-devices.js';
import { type MappedTree, writeParcel } from './image.js';

/** Buffer in which RM builds the guest's tree, in bytes. It never gets too small. */
const BUFFER_SIZE = 16384;
/** A larger tree is built in the devicetree's region, where libfdt wants it aligned. */
const TREE_ALIGNMENT = 8;
/** RM's buffer for a path in the overlay, its NUL included. */
const OVERLAY_PATH_SIZE = 512;
const PHANDLE_MAX = 0xfffffffe;
const PHANDLE_NONE = 0xffffffff;
const HYPERVISOR_COMPATIBLE = [
  'qcom,gunyah-hypervisor-1.0',
  'qcom,gunyah-hypervisor',
  'gunyah-hypervisor',
  'simple-bus',
] as const;
const GUID_TEXT_SIZE = 37;
const FIRMWARE_COMPATIBLE_SIZE = 17;

/** Where a part of a parcel is in the guest; bytes. */
interface Mapping {
  readonly start: number;
  readonly size: number;
}

/**
 * The guest's devicetree: the blob in memory and an overlay, which VM_START makes step by step (rm-lives.md, section 7).
 * Sizes are exact. Values that no later request reads are zeros.
 */
export class GuestTree {
  readonly #rm: MemoryContext;
  readonly #vm: Vm;
  readonly #config: VmConfig;
  readonly #mapped: MappedTree;
  readonly #root: DtNode;
  readonly #reserved: DtNode | undefined;
  readonly #fragments: Fragment[] = [];
  readonly #localFixups = newNode();
  /** The nodes of parcels: in the blob's `/reserved-memory`, or in one that is to be made. */
  readonly #buffers = newNode();
  readonly #bufferCells: Cells;
  /** That RM adds to the blob's. */
  #phandles = 0;

  constructor(rm: MemoryContext, vm: Vm, config: VmConfig, mapped: MappedTree, root: DtNode) {
    this.#rm = rm;
    this.#vm = vm;
    this.#config = config;
    this.#mapped = mapped;
    this.#root = root;
    this.#reserved = nodeAt(root, '/reserved-memory');
    this.#bufferCells = declaredCells(this.#reserved ?? root);
  }

  /** A node of reserved memory in the blob stands for a parcel. @param path of that node. */
  markReserved(path: string, node: DtNode, participant: Participant): void {
    const content = this.#fragment(path);
    put(content, 'qcom,rm-mem-handle', zeros(4));
    participant.hasNode = true;
    participant.ownPhandle = phandleOf(node) === 0;
    if (!participant.ownPhandle) return;
    put(content, 'phandle', zeros(4));
    this.#phandles++;
  }

  /** All children of the blob's `/reserved-memory` have their parcels: RM's nodes follow. */
  openReserved(): void {
    if (this.#reserved !== undefined)
      this.#fragments.push({ target: '/reserved-memory', content: this.#buffers });
  }

  /** A new node of reserved memory stands for a parcel. @returns false if its numbers cannot be written. */
  addBuffer(parcel: Parcel, participant: Participant): boolean {
    if (!isWritable(this.#bufferCells)) return false;
    const mappings = mappingsOf(parcel, participant);
    const node = childOf(this.#buffers, `buffer@${(mappings[0]?.start ?? 0).toString(16)}`);
    const peers = parcel.participants.length + (parcel.transType === TransType.SHARE ? 1 : 0);
    put(node, 'reg', zeros(mappings.length * entrySize(this.#bufferCells)));
    for (const name of ['qcom,shared-memory', 'no-map']) put(node, name, emptyValue);
    put(node, 'peers', zeros(peers * 4));
    for (const name of ['qcom,rm-mem-handle', 'phandle', 'qcom,label']) put(node, name, zeros(4));
    const device = this.#config.devices.find(
      ({ kind, label }) => (kind === 'shm' || kind === 'virtio') && label === parcel.label,
    );
    const pushed = device?.common?.pushCompatible ?? [];
    if (pushed.length > 0) put(node, 'compatible', textValue(...pushed));
    participant.hasNode = true;
    participant.ownPhandle = true;
    this.#phandles++;
    return true;
  }

  /** @returns false if the numbers of the node cannot be written. */
  addFirmware(base: bigint): boolean {
    if (!isWritable(this.#bufferCells)) return false;
    const node = childOf(this.#buffers, `firmware@${base.toString(16)}`);
    put(node, 'reg', zeros(entrySize(this.#bufferCells)));
    put(node, 'no-map', emptyValue);
    put(node, 'compatible', zeros(FIRMWARE_COMPATIBLE_SIZE));
    return true;
  }

  /** @returns false if a careful manager refuses the path. */
  addIomem(device: IomemDevice, parcel: Parcel): boolean {
    const node = this.#path(pathOf(device), '');
    if (node === undefined) return false;
    describeIomem(node, device, parcel, [this.#vm.vmid, VMID_HLOS]);
    return true;
  }

  /** The nodes that every guest gets. @param accepted its memory. @returns false if an address cannot be written. */
  addCommon(accepted: readonly (readonly [Parcel, Participant])[]): boolean {
    const cells = declaredCells(this.#root);
    if (!isWritable(cells)) return false;
    put(this.#fragment('/chosen'), 'kaslr-seed', zeros(8));
    const memory = this.#fragment('/');
    const cellValues = [
      ['#address-cells', cellsValue(cells.address)],
      ['#size-cells', cellsValue(cells.size)],
    ] as const;
    if (this.#reserved === undefined) {
      for (const [name, value] of cellValues) put(this.#buffers, name, value);
      put(this.#buffers, 'ranges', emptyValue);
      memory.children.push(['reserved-memory', this.#buffers]);
    }
    const node = childOf(memory, 'memory');
    put(node, 'device_type', textValue('memory'));
    const stretches = stretchesOf(accepted.flatMap(([parcel, entry]) => mappingsOf(parcel, entry)));
    put(node, 'reg', zeros(stretches * entrySize(cells)));
    if (nodeAt(this.#root, '/vsoc') === undefined) {
      const vsoc = childOf(this.#fragment('/'), 'vsoc');
      for (const [name, value] of cellValues) put(vsoc, name, value);
      put(vsoc, 'ranges', emptyValue);
      put(vsoc, 'compatible', textValue('simple-bus'));
    }
    const { vcpus } = this.#config.parsed ?? {};
    for (const path of vcpus?.psci === false ? vcpus.paths : [])
      put(this.#fragment(path), 'qcom,gunyah-capability', zeros(8));
    this.#addHypervisor();
    return true;
  }

  #addHypervisor(): void {
    const { name, uri, hasGuid } = this.#vm;
    const hypervisor = childOf(this.#fragment('/'), 'hypervisor');
    put(hypervisor, '#address-cells', cellsValue(2));
    put(hypervisor, '#size-cells', cellsValue(0));
    put(hypervisor, 'compatible', textValue(...HYPERVISOR_COMPATIBLE));
    const vm = childOf(hypervisor, 'qcom,gunyah-vm');
    put(vm, 'compatible', textValue('qcom,gunyah-vm-id-1.0', 'qcom,gunyah-vm-id'));
    put(vm, 'qcom,vmid', cellsValue(this.#vm.vmid));
    put(vm, 'qcom,owner-vmid', cellsValue(this.#vm.owner));
    put(vm, 'qcom,vendor', textValue('Qualcomm'));
    put(vm, 'qcom,image-name', textValue(name));
    if (uri !== '') put(vm, 'qcom,vm-uri', textValue(uri));
    if (hasGuid) put(vm, 'qcom,vm-guid', zeros(GUID_TEXT_SIZE));
    const peers = new Set<string>();
    for (const device of this.#config.devices)
      if (device.kind === 'pair' && device.peerText !== undefined) peers.add(device.peerText);
    if (peers.size > 0) put(vm, 'qcom,peers', textValue(...peers));
  }

  /**
   * The node of a virtual device.
   *
   * @param memory the VM in the device's parcel, if that has a node.
   * @returns false if a careful manager refuses the path.
   */
  addDevice(device: NodeDevice, memory: Participant | undefined): boolean {
    const unit =
      device.kind === 'shm'
        ? ''
        : device.kind === 'virtio'
          ? `@${device.base.toString(16)}`
          : `@${'0'.repeat(this.#rm.platform.capabilityDigits)}`;
    const path = pathOf(device);
    const node = this.#path(path, unit);
    if (node === undefined) return false;
    describeDevice(node, device, memory !== undefined);
    if (device.kind === 'doorbell' && device.common === undefined) this.#phandles++;
    if ((device.kind !== 'shm' && device.kind !== 'virtio') || memory?.ownPhandle !== true) return true;
    const overlay = childOf(
      childOf(this.#localFixups, fragmentName(this.#fragments.length - 1)),
      '__overlay__',
    );
    const fixups = nodesOf(overlay, `${path}${unit}`);
    for (const name of ['buffer', 'memory-region']) put(fixups, name, zeros(4));
    return true;
  }

  /** The addresses that RM chose for the interrupt controller. @returns false if it is gone or cannot be written. */
  addController(): boolean {
    const { controller } = this.#config.parsed ?? {};
    if (controller === undefined) return false;
    if (controller.hasReg) return true;
    const parent = nodeByPhandle(this.#root, controller.phandle)?.parent;
    const cells = parent === undefined ? undefined : declaredCells(parent);
    if (cells === undefined || !isWritable(cells)) return false;
    const content = newNode();
    this.#fragments.push({ target: controller.phandle, content });
    put(content, 'compatible', textValue('arm,gic-v3'));
    put(content, '#redistributor-regions', cellsValue(1));
    put(content, 'redistributor-stride', zeros(8));
    put(content, 'reg', zeros(2 * entrySize(cells)));
    return true;
  }

  /** Applies the overlay and overwrites the blob. @returns false if that does not work. */
  finish(): boolean {
    const { blob, parcel } = this.#mapped;
    const region = Number(this.#vm.image?.dtSize ?? 0n);
    const expected = ((blob.byteLength + 3) & ~3) + overlaySize(this.#fragments, this.#localFixups);
    if (expected > BUFFER_SIZE && (2 * expected > region || expected % TREE_ALIGNMENT !== 0)) return false;
    if (largestPhandle(this.#root) + this.#phandles > PHANDLE_MAX) return false;
    const tree = applyOverlay(blob, this.#root, this.#fragments);
    if (tree === undefined) return false;
    if (tree.size > region) {
      this.#rm.panicOrError('vm_start_tree_too_big');
      return false;
    }
    writeParcel(this.#rm, parcel, Number(this.#vm.image?.dtOffset ?? 0n), tree.blob);
    return true;
  }

  #fragment(target: string): MutableTree {
    const content = newNode();
    this.#fragments.push({ target, content });
    return content;
  }

  /**
   * A fragment with the nodes of a path. RM dies of one that it cannot split or hold.
   *
   * @param unit what follows its last name. Without it, the path must end in a name.
   * @returns the last node, undefined if a careful manager refuses.
   */
  #path(path: string, unit: string): MutableTree | undefined {
    if (!path.startsWith('/') || (unit === '' && path.endsWith('/'))) {
      this.#rm.panicOrError('vm_start_generate_path');
      return undefined;
    }
    const overlay = `/${fragmentName(this.#fragments.length)}/__overlay__`;
    if (overlay.length + path.length + unit.length + 1 >= OVERLAY_PATH_SIZE) {
      this.#rm.panicOrError('vm_start_generate_too_long');
      return undefined;
    }
    return nodesOf(this.#fragment('/'), `${path}${unit}`);
  }
}

/** The last node of a path below a node; nodes that are missing are made. */
function nodesOf(node: MutableTree, path: string): MutableTree {
  return path
    .split('/')
    .filter((name) => name !== '')
    .reduce((parent, name) => childOf(parent, name), node);
}

/** Whether RM can write numbers of these sizes. */
function isWritable({ address, size }: Cells): boolean {
  return address <= 2 && size <= 2;
}

/** Bytes of one address and size. */
function entrySize({ address, size }: Cells): number {
  return (address + size) * 4;
}

/** Number of a node as libfdt reads it; 0: none. */
function phandleOf(node: DtNode): number {
  return cell(node, 'phandle') ?? cell(node, 'linux,phandle') ?? 0;
}

function largestPhandle(root: DtNode): number {
  let largest = 0;
  for (const node of walk(root)) {
    const phandle = phandleOf(node);
    if (phandle !== PHANDLE_NONE && phandle > largest) largest = phandle;
  }
  return largest;
}

function mappingsOf(parcel: Parcel, { contiguous, addresses = [] }: Participant): Mapping[] {
  if (contiguous) return [{ start: addresses[0] ?? 0, size: parcel.totalSize }];
  return addresses.map((start, index) => ({ start, size: parcel.regions[index]?.size ?? 0 }));
}

/** Number of stretches that mappings make when neighbours are one. */
function stretchesOf(mappings: Mapping[]): number {
  let count = 0;
  let end = -1;
  for (const { start, size } of mappings.sort((a, b) => a.start - b.start)) {
    if (start !== end) count++;
    end = start + size;
  }
  return count;
}
