import type { Random } from '../../base/random.js';
import { writeFdt } from '../../devicetree/index.js';
import { type DeviceKind, type NodeKind, nodeProperties, type TreeContext } from './node-properties.js';
import { mutateBlob, mutateTree, type TreeMutation } from './tree-mutations.js';
import { nodesOf, type TreeNode } from './tree-node.js';

/** The VM that the tree is for. */
export interface TreeOptions {
  readonly random: Random;
  readonly names: readonly string[];
  /** Cores of the machine. */
  readonly cores: number;
  /** Probability that its devices name another VM as their peer, 0..1. */
  readonly peerProbability: number;
  /** Devices and their memory get labels from 1 to this number. */
  readonly labelMax: number;
  /** Its values may be such that RM refuses the tree, or dies. */
  readonly isOdd: boolean;
  /** The mutation of the tree; undefined for a valid one. */
  readonly mutation: TreeMutation | undefined;
}

/** A devicetree for a VM, and what sessions need to know of it. */
export interface GeneratedTree {
  readonly blob: Uint8Array;
  readonly name: string;
  /** RM makes message queues to this VM (`rm-rpc`). */
  readonly hasLink: boolean;
  readonly hasConsole: boolean;
  /** Labels of the memory that its devices ask for. */
  readonly labels: readonly number[];
}

/** Cells of /reserved-memory that RM reads in another way, or not at all. */
const RESERVED_CELLS: readonly (readonly [address: number, size: number] | undefined)[] = [
  ...([undefined, [1, 1], [2, 0]] as const),
  ...([
    [3, 2],
    [2, 3],
    [4, 1],
  ] as const),
];

/** Probability of each kind of device, 0..1. */
const deviceProbabilities: readonly (readonly [DeviceKind, number])[] = [
  ['rm-rpc', 0.97],
  ['doorbell', 0.35],
  ['doorbell-source', 0.35],
  ['message-queue', 0.15],
  ['message-queue-pair', 0.2],
  ['shm', 0.2],
  ['shm-doorbell', 0.1],
  ['virtio-mmio', 0.03],
  ['iomem', 0.15],
  ['vsmmu-v2', 0.03],
  ['vrtc-pl031', 0.005],
];
/** Devices with a counterpart in another VM. */
const withPeer: ReadonlySet<NodeKind> = new Set(['doorbell', 'doorbell-source', 'message-queue-pair']);
/** Their probability in a tree that names another VM. */
const PEER_DEVICE_PROBABILITY = 0.5;
const withMemory: ReadonlySet<NodeKind> = new Set(['shm', 'shm-doorbell', 'virtio-mmio', 'iomem']);

/** Makes a tree with which a VM can start, or mutates one. */
export function generateTree(options: TreeOptions): GeneratedTree {
  const { random, names, cores, mutation } = options;
  const count = 1 + random.below(Math.min(cores, 2));
  const bound =
    random.chance(0.2) || mutation?.kind === 'vcpus'
      ? Array.from({ length: count }, () => random.below(cores))
      : undefined;
  const context: TreeContext = {
    random,
    names,
    cores,
    bound,
    name: names[random.below(names.length)] as string,
    joins: random.chance(options.peerProbability),
    isOdd: options.isOdd,
    reservedCells: options.isOdd ? RESERVED_CELLS[random.below(RESERVED_CELLS.length)] : [2, 2],
    label: 1,
  };
  const node = (kind: NodeKind, children: TreeNode['children'] = []) =>
    makeNode(kind, context, mutation, children);
  const devices = makeDevices(options, context, node);
  const root = node('root', [
    // RM reads the memory node with the cell sizes of the first child, so that child has none.
    ['chosen', plain([])],
    ...(random.chance(0.5) || mutation?.kind === 'psci' ? [['psci', node('psci')] as const] : []),
    [
      'cpus',
      node(
        'cpus',
        Array.from({ length: count }, (_, index) => [`cpu@${index}`, node('cpu')] as const),
      ),
    ],
    ['gic', node('controller')],
    [
      'gunyah-vm-config',
      node('config', [
        ['memory', node('memory')],
        ...(random.chance(0.9) ? [['interrupts', node('interrupts')] as const] : []),
        ['vcpus', node('vcpus')],
        ['vdevices', plain(devices)],
      ]),
    ],
    ...(random.chance(options.isOdd ? 0.3 : 0.02) ||
    mutation?.kind === 'reserved' ||
    mutation?.kind === 'reserved-memory'
      ? [['reserved-memory', node('reserved-memory', [['region', node('reserved')]])] as const]
      : []),
  ]);
  if (mutation !== undefined) mutateTree(root, mutation, random);
  const blob = writeFdt(root);
  if (mutation !== undefined) mutateBlob(blob, mutation, random);
  return { blob, ...summary(root, context) };
}

/** A node that RM does not read. */
function plain(children: TreeNode['children']): TreeNode {
  return { kind: undefined, properties: [], children };
}

function makeDevices(
  { random, labelMax, mutation, isOdd }: TreeOptions,
  context: TreeContext,
  node: (kind: NodeKind, children?: TreeNode['children']) => TreeNode,
): TreeNode['children'] {
  const devices: TreeNode['children'] = [];
  for (const [kind, probability] of deviceProbabilities) {
    const isMutated = mutation?.kind === kind || (mutation?.kind === 'device-memory' && kind === 'shm');
    // Half of the trees with a mutated device have a second, valid device of that kind.
    const count =
      (random.chance(context.joins && withPeer.has(kind) ? PEER_DEVICE_PROBABILITY : probability) ? 1 : 0) +
      (isMutated ? random.below(2) : 0) +
      (isOdd && kind === 'iomem' && random.chance(0.5) ? 1 : 0);
    for (let index = 0; index < Math.max(count, isMutated ? 1 : 0); index++) {
      context.label = 1 + random.below(labelMax);
      const children: TreeNode['children'] = withMemory.has(kind) ? [['memory', node('device-memory')]] : [];
      devices.push([`${kind}-${devices.length}`, node(kind, children)]);
    }
  }
  return devices;
}

function makeNode(
  kind: NodeKind,
  context: TreeContext,
  mutation: TreeMutation | undefined,
  children: TreeNode['children'],
): TreeNode {
  const properties: TreeNode['properties'] = [];
  for (const { name, chance, when, value } of nodeProperties[kind]) {
    const there = when?.(context) === true || (chance > 0 && context.random.chance(chance));
    const isMutated = mutation?.kind === kind && mutation.property === name;
    if (there || isMutated) properties.push([name, value(context)]);
  }
  return { kind, properties, children };
}

function summary(root: TreeNode, { name }: TreeContext) {
  const rpcs = nodesOf(root, 'rm-rpc');
  const labels = nodesOf(root, 'device-memory').flatMap(({ properties }) =>
    properties
      .filter(([key, value]) => key === 'qcom,label' && value.length === 4)
      .map(([, value]) => value[3] as number),
  );
  const hasConsole = rpcs.some(({ properties }) => properties.some(([key]) => key === 'console-dev'));
  return { name, hasLink: rpcs.length > 0, hasConsole, labels };
}
