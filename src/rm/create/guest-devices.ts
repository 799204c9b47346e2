import { emptyValue, type MutableTree, textValue } from '../../devicetree/index.js';
import type { Device, IomemDevice } from '../devices/device.js';
import type { Parcel } from '../parcels/parcel.js';

/** Properties of the guest's nodes for virtual devices, in RM's order (rm-lives.md, section 7). */

/** Sets a property of a node that has none of that name. */
export function put(node: MutableTree, name: string, value: Uint8Array): void {
  node.properties.push([name, value]);
}

/** A value that no later request reads: zeros. */
export function zeros(size: number): Uint8Array {
  return new Uint8Array(size);
}

/** Properties of one cell each. */
function putCells(node: MutableTree, names: readonly string[]): void {
  for (const name of names) put(node, name, zeros(4));
}

const QUEUE = ['qcom,gunyah-message-queue', 'qcom,gunyah-capability'] as const;
const RESOURCE_MANAGER = [
  'gunyah-resource-manager',
  'qcom,resource-manager',
  'qcom,resource-manager-1-0',
] as const;
const LABELS = ['qcom,label', 'label'] as const;
const QUEUE_SIZES = [
  'qcom,tx-message-size',
  'qcom,rx-message-size',
  'qcom,tx-queue-depth',
  'qcom,rx-queue-depth',
  'qcom,vdevice-handle',
] as const;

/** A device that has a node, without the iomem devices, whose nodes are made from their parcel. */
export type NodeDevice = Exclude<Device, IomemDevice>;

/**
 * Where the node of a device is. `@` and a capability id follow, or the address of a virtio device; shared memory has
 * neither.
 */
export function pathOf(device: Device): string {
  const { generate } = device.common ?? {};
  if (generate !== undefined) return generate;
  switch (device.kind) {
    case 'pair':
      return '/hypervisor/qcom,message-queue-pair';
    case 'queue':
      return '/hypervisor/qcom,message-queue';
    case 'doorbell':
      return device.source && device.common !== undefined
        ? '/hypervisor/qcom,doorbell-source'
        : '/hypervisor/qcom,doorbell';
    case 'virtio':
      return '/hypervisor/qcom,virtio_mmio';
    case 'iomem':
      return device.config.patch ?? '';
    default:
      return '/hypervisor/qcom,shm';
  }
}

/** @param memory the parcel of a shm or virtio device has a node of reserved memory. */
export function describeDevice(node: MutableTree, device: NodeDevice, memory: boolean): void {
  const pushed = device.common?.pushCompatible ?? [];
  const compatible = (...texts: readonly string[]) => put(node, 'compatible', textValue(...pushed, ...texts));
  switch (device.kind) {
    case 'rm-rpc':
      compatible(...RESOURCE_MANAGER, ...QUEUE);
      putQueues(node, false);
      return;
    case 'pair':
      compatible(...QUEUE);
      putQueues(node, device.peerText !== undefined && device.peer !== undefined);
      if (device.peerText !== undefined) put(node, 'peer', textValue(device.peerText));
      break;
    case 'queue':
      compatible(...QUEUE);
      put(node, 'reg', zeros(8));
      put(node, device.sender ? 'is-sender' : 'is-receiver', emptyValue);
      putCells(node, ['tx_message_size', 'tx_queue_depth']);
      put(node, 'interrupts', zeros(12));
      break;
    case 'doorbell':
      compatible(
        device.source ? 'qcom,gunyah-doorbell-source' : 'qcom,gunyah-doorbell',
        'qcom,gunyah-capability',
      );
      put(node, 'reg', zeros(8));
      if (!device.source) put(node, 'interrupts', zeros(12));
      if (device.common === undefined) put(node, 'phandle', zeros(4));
      break;
    case 'shm': {
      const { plain, hasDmaBase } = device.config;
      compatible(plain ? 'qcom,shared-memory' : 'qcom,gunyah-shm-doorbell');
      if (memory) putCells(node, ['buffer', 'memory-region']);
      putCells(node, ['peer', ...LABELS]);
      if (!plain) putCells(node, ['tx-doorbell', 'rx-doorbell']);
      if (hasDmaBase) put(node, 'dma_base', zeros(8));
      return;
    }
    case 'virtio':
      compatible('virtio,mmio');
      put(node, 'reg', zeros(16));
      putCells(node, ['buffer', 'memory-region']);
      put(node, 'interrupts', zeros(12));
      putCells(node, LABELS);
      put(node, 'dma_base', zeros(8));
      put(node, 'peer', zeros(4));
      if (device.config.dmaCoherent) put(node, 'dma-coherent', emptyValue);
      return;
  }
  putCells(node, LABELS);
}

function putQueues(node: MutableTree, joined: boolean): void {
  put(node, 'reg', zeros(16));
  put(node, 'interrupts', zeros(24));
  if (joined) put(node, 'qcom,peer-vmid', zeros(4));
  put(node, 'qcom,free-irq-start', zeros(4));
  put(node, 'qcom,is-full-duplex', emptyValue);
  putCells(node, QUEUE_SIZES);
}

/** Properties of an iomem device's node. @param both VMIDs of the VM and of HLOS. */
export function describeIomem(
  node: MutableTree,
  { common }: IomemDevice,
  parcel: Parcel,
  both: readonly number[],
): void {
  const names = (list: readonly { readonly vmid: number }[]) =>
    both.every((vmid) => list.some((entry) => entry.vmid === vmid));
  putCells(node, ['#address-cells', '#size-cells']);
  put(node, 'compatible', textValue(...(common?.pushCompatible ?? [])));
  put(node, 'reg', zeros(parcel.regions.length * 16));
  put(node, 'peer', zeros(4));
  put(node, 'qcom,rm-mem-handle', zeros(8));
  if (names(parcel.participants)) put(node, 'qcom,rm-acl', zeros(8));
  if (names(parcel.attrs)) put(node, 'qcom,rm-attributes', zeros(8));
  put(node, 'qcom,label', zeros(4));
}
