import type { MemoryContext } from '../context.js';
import type { Vm, VmConfig } from '../vm.js';

/** Buffer in which RM builds the guest's tree. */
const BUFFER_SIZE = 16384;
/** Bytes of the header, the names of properties, and the nodes that every VM gets. */
const BASE_SIZE = 2560;
/** Node of reserved memory with one range. */
const PARCEL_NODE_SIZE = 200;
const RANGE_SIZE = 16;

const PROPERTY_HEADER = 12;
const CELL_PROPERTY = PROPERTY_HEADER + 4;
/** A fragment that targets the root, without the nodes in it. */
const FRAGMENT_SIZE = 16 + CELL_PROPERTY + 16 + 8;
const NODE_SIZE = 8;
/** The `@` and a capability id behind a node's name. */
const UNIT_ADDRESS_SIZE = 9;

/** Bytes of the properties of each kind of device, without what its texts add. */
const propertySizes: Readonly<Record<VmConfig['devices'][number]['kind'], number>> = {
  'rm-rpc': 300,
  doorbell: 140,
  queue: 168,
  pair: 304,
  shm: 150,
  virtio: 150,
  iomem: 150,
};

/**
 * Whether the guest's tree can be made (rm-internals.md, section 4, step 8): RM chooses the size of the buffer before
 * it
 * knows the devices' nodes, and the whole tree must then fit. The sizes here are right to some bytes. Recorded: 20
 * message queues fit, 35 do not.
 */
export function guestTreeFits(rm: MemoryContext, vm: Vm, config: VmConfig, blobSize: number): boolean {
  const space = Number(vm.image?.dtSize ?? 0n);
  let expected = blobSize + BASE_SIZE;
  for (const parcel of rm.parcels.namedFor(vm.vmid)) {
    const ranges = parcel.participant(vm.vmid)?.contiguous === true ? 1 : parcel.regions.length;
    expected += PARCEL_NODE_SIZE + ranges * RANGE_SIZE;
  }
  const buffer = expected <= BUFFER_SIZE ? BUFFER_SIZE : 2 * expected;
  if (expected > BUFFER_SIZE && buffer > space) return false;
  const whole = config.devices.reduce((sum, device) => sum + deviceSize(device), expected);
  return whole <= buffer && whole <= space;
}

function deviceSize({ kind, common }: VmConfig['devices'][number]): number {
  const path = common?.generate;
  if (common === undefined || path === undefined) return 0;
  const nodes = path.split('/').slice(1);
  const names = nodes.reduce((sum, name) => sum + NODE_SIZE + padded(name.length + 1), 0);
  const pushed = common.pushCompatible.reduce((sum, text) => sum + text.length + 1, 0);
  return FRAGMENT_SIZE + names + UNIT_ADDRESS_SIZE + propertySizes[kind] + pushed;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}
