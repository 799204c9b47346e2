import type { Random } from '../../base/random.js';
import { writeFdt } from '../../devicetree/index.js';
import { type DeviceKind, type NodeKind, nodeProperties, type TreeContext } from './node-properties.js';
import { mutateBlob, mutateTree, type TreeMutation } from './tree-mutations.js';
import { nodesOf, type TreeNode } from './tree-node.js';

/** What a generator is told about the VM that the tree is for. */
export interface TreeWish {
  readonly random: Random;
  readonly names: readonly string[];
  /** Cores of the machine. */
  readonly cores: number;
  /** 0..1: how likely devices name other VMs. */
  readonly joining: number;
  /** Labels of shared memory and of devices that VMs may share. */
  readonly labels: number;
  /** The one thing that is to be wrong with it. */
  readonly flaw: TreeMutation | undefined;
}

/** A devicetree for a VM, and what it says that sessions go by. */
export interface GeneratedTree {
  readonly blob: Uint8Array;
  readonly name: string;
  readonly hasLink: boolean;
  readonly hasConsole: boolean;
  /** Labels of memory that its devices want. */
  readonly labels: readonly number[];
  readonly flawed: boolean;
}

/** How often each kind of device is in a tree. */
const deviceChances: readonly (readonly [DeviceKind, number])[] = [
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
/** Devices that have a counterpart in another VM, and how often they are there where VMs are joined. */
const joinable: ReadonlySet<NodeKind> = new Set(['doorbell', 'doorbell-source', 'message-queue-pair']);
const JOINED = 0.5;
const withMemory: ReadonlySet<NodeKind> = new Set(['shm', 'shm-doorbell', 'virtio-mmio', 'iomem']);

/** Makes a tree with which a VM can start, unless it is told what is to be wrong. */
export function generateTree(wish: TreeWish): GeneratedTree {
  const { random, names, cores, flaw } = wish;
  const count = 1 + random.below(Math.min(cores, 2));
  const bound =
    random.chance(0.2) || flaw?.kind === 'vcpus'
      ? Array.from({ length: count }, () => random.below(cores))
      : undefined;
  const context: TreeContext = {
    random,
    names,
    cores,
    bound,
    name: names[random.below(names.length)] as string,
    joins: random.chance(wish.joining),
    label: 1,
  };
  const node = (kind: NodeKind, children: TreeNode['children'] = []) =>
    makeNode(kind, context, flaw, children);
  const devices = makeDevices(wish, context, node);
  const root = node('root', [
    // The first child decides with which cells RM reads the memory node: it declares none.
    ['chosen', plain([])],
    ...(random.chance(0.5) || flaw?.kind === 'psci' ? [['psci', node('psci')] as const] : []),
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
    ...(random.chance(0.02) || flaw?.kind === 'reserved'
      ? [['reserved-memory', plain([['region', node('reserved')]])] as const]
      : []),
  ]);
  if (flaw !== undefined) mutateTree(root, flaw, random);
  const blob = writeFdt(root);
  if (flaw !== undefined) mutateBlob(blob, flaw, random);
  return { blob, ...summary(root, context), flawed: flaw !== undefined };
}

/** A node that RM does not look at. */
function plain(children: TreeNode['children']): TreeNode {
  return { kind: undefined, properties: [], children };
}

function makeDevices(
  { random, labels, flaw }: TreeWish,
  context: TreeContext,
  node: (kind: NodeKind, children?: TreeNode['children']) => TreeNode,
): TreeNode['children'] {
  const devices: TreeNode['children'] = [];
  for (const [kind, chance] of deviceChances) {
    const wanted = flaw?.kind === kind || (flaw?.kind === 'device-memory' && kind === 'shm');
    // One that is wanted has one of its kind beside it half of the time, that is in order.
    const count =
      (random.chance(context.joins && joinable.has(kind) ? JOINED : chance) ? 1 : 0) +
      (wanted ? random.below(2) : 0);
    for (let index = 0; index < Math.max(count, wanted ? 1 : 0); index++) {
      context.label = 1 + random.below(labels);
      const children: TreeNode['children'] = withMemory.has(kind) ? [['memory', node('device-memory')]] : [];
      devices.push([`${kind}-${devices.length}`, node(kind, children)]);
    }
  }
  return devices;
}

function makeNode(
  kind: NodeKind,
  context: TreeContext,
  flaw: TreeMutation | undefined,
  children: TreeNode['children'],
): TreeNode {
  const properties: TreeNode['properties'] = [];
  for (const { name, chance, when, value } of nodeProperties[kind]) {
    const there = when?.(context) === true || (chance > 0 && context.random.chance(chance));
    const wanted = flaw?.kind === kind && flaw.property === name;
    if (there || wanted) properties.push([name, value(context)]);
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
