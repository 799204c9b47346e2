import { Random } from '../../base/random.js';
import { cellsValue, emptyValue, textValue } from '../../devicetree/index.js';

/** Kinds of nodes that RM reads (rm-internals.md, section 1). */
export type NodeKind =
  | 'root'
  | 'psci'
  | 'cpus'
  | 'cpu'
  | 'controller'
  | 'config'
  | 'memory'
  | 'interrupts'
  | 'vcpus'
  | 'reserved-memory'
  | 'reserved'
  | DeviceKind
  | 'device-memory';

export type DeviceKind =
  | 'rm-rpc'
  | 'doorbell'
  | 'doorbell-source'
  | 'message-queue'
  | 'message-queue-pair'
  | 'shm'
  | 'shm-doorbell'
  | 'virtio-mmio'
  | 'iomem'
  | 'vsmmu-v2'
  | 'vrtc-pl031';

/** What the values of properties depend on. */
export interface TreeContext {
  readonly random: Random;
  /** Names that VMs can have. */
  readonly names: readonly string[];
  readonly name: string;
  readonly cores: number;
  /** Core of each vCPU; undefined when the owner schedules the vCPUs. */
  readonly bound: readonly number[] | undefined;
  /** Devices name other VMs as their peers. */
  readonly joins: boolean;
  /** Its values may be such that RM refuses the tree, or dies. */
  readonly isOdd: boolean;
  /** `#address-cells` and `#size-cells` of /reserved-memory; undefined where it has none. */
  readonly reservedCells: readonly [address: number, size: number] | undefined;
  /** Label of the current device. */
  label: number;
}

/** One property of a kind of node. */
export interface PropertyGenerator {
  readonly name: string;
  /** Probability that it is present, 0..1; 0 where {@link when} decides. */
  readonly chance: number;
  readonly when?: (context: TreeContext) => boolean;
  readonly value: (context: TreeContext) => Uint8Array;
}

const PAGE = 0x1000;
export const GUEST_BASE = 0x80000000;
const flag = () => emptyValue;
const text = (value: string) => () => textValue(value);
const cells =
  (...values: number[]) =>
  () =>
    cellsValue(...values);

function pick<T>({ random }: TreeContext, ...list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}

const always = (name: string, value: PropertyGenerator['value']): PropertyGenerator => ({
  name,
  chance: 1,
  value,
});
const sometimes = (chance: number, name: string, value: PropertyGenerator['value']): PropertyGenerator => ({
  name,
  chance,
  value,
});
const only = (
  when: NonNullable<PropertyGenerator['when']>,
  name: string,
  value: PropertyGenerator['value'],
): PropertyGenerator => ({ name, chance: 0, when, value });
const isBound = ({ bound }: TreeContext) => bound !== undefined;

/** Mostly the usual number, sometimes one at RM's limits. */
const messageSize = (context: TreeContext) =>
  cellsValue(context.random.chance(0.9) ? 240 : pick(context, 0, 8, 16, 64, 239, 241, 0x10000));
const queueDepth = (context: TreeContext) =>
  cellsValue(context.random.chance(0.8) ? 8 : pick(context, 0, 1, 2, 7, 9, 256, 0x10000));
const label = (context: TreeContext) => cellsValue(context.label);
/** Mostly a short path, sometimes one about as long as RM's buffer for it takes (rm-lives.md, section 7). */
const path = (context: TreeContext) => {
  const { random } = context;
  return !context.isOdd || random.chance(0.97)
    ? textValue(`/hypervisor/n${context.label}`)
    : textValue(`/${'n'.repeat(460 + random.below(40))}`);
};
const interrupt = (context: TreeContext) => [
  context.random.chance(0.95) ? 0 : pick(context, 1, 2, 3),
  context.random.below(512),
  pick(context, 1, 4),
];
const interrupts = (count: number) => (context: TreeContext) =>
  cellsValue(...Array.from({ length: count }, () => interrupt(context)).flat());

const guids = [
  '01234567-89ab-cdef-0123-456789abcdef',
  '00000000-0000-0000-0000-000000000000',
  '0-1-2-3-4-5-6-7',
];
/** A VM by name, URI or GUID, sometimes malformed. */
const peer = (context: TreeContext) => {
  const { random, names } = context;
  const others = random.chance(0.1) ? names : names.filter((name) => name !== context.name);
  const name = others[random.below(Math.max(1, others.length))] ?? context.name;
  if (random.chance(0.85)) return textValue(`vm-name:${name}`);
  return textValue(
    pick(
      context,
      `vm-uri:uri/${name}`,
      `vm-guid:${guids[0]}`,
      'vm-name:',
      `::vm-name:${name}`,
      'vm-name:HLOS',
      'other',
    ),
  );
};
const joined: readonly PropertyGenerator[] = [
  only(({ joins }) => joins, 'peer', peer),
  only(({ joins }) => !joins, 'peer-default', flag),
];
const device: readonly PropertyGenerator[] = [
  always('generate', path),
  always('qcom,label', label),
  sometimes(0.05, 'push-compatible', text('gunyah-other')),
];
const queue: readonly PropertyGenerator[] = [
  sometimes(0.8, 'message-size', messageSize),
  sometimes(0.8, 'queue-depth', queueDepth),
];
const kind = (name: string) => always('vdevice-type', text(name));
const rights = (context: TreeContext) => cellsValue(...pick(context, [7], [6, 6], [7, 7]));

/** Attributes of a VM. RM ignores `other`. */
const attributes = (context: TreeContext) =>
  textValue(
    ...['no-shutdown', 'no-reset', 'crash-fatal', 'ras-error-handler', 'context-dump', 'other'].filter(() =>
      context.random.chance(0.25),
    ),
  );

/** A number in so many cells. */
function numberOf(count: number, value: number): number[] {
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? value : 0));
}

/** The properties of each kind of node. A VM with these can start. */
export const nodeProperties: Readonly<Record<NodeKind, readonly PropertyGenerator[]>> = {
  root: [
    always('#address-cells', cells(2)),
    always('#size-cells', cells(2)),
    sometimes(0.95, 'interrupt-parent', cells(1)),
    sometimes(0.02, 'compatible', text('linux,dummy-virt')),
  ],
  psci: [always('compatible', text('arm,psci-1.0')), always('method', text('hvc'))],
  cpus: [
    always('#address-cells', cells(1)),
    always('#size-cells', cells(0)),
    sometimes(0.2, 'enable-method', text('psci')),
  ],
  cpu: [
    always('device_type', text('cpu')),
    always('reg', cells(0)),
    always('enable-method', (context) => textValue(pick(context, 'psci', 'qcom,gunyah-hvc'))),
    sometimes(0.1, 'status', (context) =>
      textValue(context.random.chance(0.8) ? 'okay' : pick(context, 'disabled', 'fail', 'fail-late')),
    ),
    { name: 'cpu-idle-states', chance: 0.1, when: isBound, value: cells(2) },
  ],
  controller: [
    always('compatible', text('arm,gic-v3')),
    always('phandle', cells(1)),
    always('interrupt-controller', flag),
    always('#interrupt-cells', cells(3)),
    always('#address-cells', cells(2)),
    always('#size-cells', cells(2)),
    sometimes(0.8, 'reg', (context) => {
      const [distributor, redistributors] = pick(
        context,
        [0x3fff0000, 0x3ff00000],
        [0x3fff0000, 0x3ff00000],
        [0x50000000, 0x50100000],
      );
      return cellsValue(0, distributor as number, 0, 0x10000, 0, redistributors as number, 0, 0x20000);
    }),
    sometimes(0.3, 'redistributor-stride', (context) =>
      cellsValue(0, pick(context, 0x20000, 0x40000, 0x80000, ...(context.isOdd ? [0x30000, 0x60000] : []))),
    ),
    sometimes(0.1, '#redistributor-regions', cells(1)),
  ],
  config: [
    always('image-name', ({ name }) => textValue(name)),
    sometimes(0.3, 'vm-uri', ({ name }) => textValue(`uri/${name}`)),
    sometimes(0.3, 'vm-guid', (context) => textValue(pick(context, ...guids))),
    sometimes(0.08, 'vm-attrs', attributes),
    sometimes(0.05, 'qcom,sensitive', flag),
    sometimes(0.01, 'gic-irq-ranges', cells(32, 4)),
    sometimes(0.01, 'iomemory-ranges', cells(0, 0x9000000, 0, 0x9000000, 0, PAGE, 6)),
  ],
  memory: [
    always('base-address', cells(0, GUEST_BASE)),
    sometimes(0.2, 'size-max', (context) => cellsValue(pick(context, 0x400000, 0x10000000))),
    sometimes(0.1, 'size-min', (context) => cellsValue(pick(context, PAGE, 0x100000))),
    sometimes(0.15, 'firmware-address', (context) => cellsValue(0, pick(context, GUEST_BASE, 0x78000000))),
    sometimes(0.02, 'firmware-size-max', (context) => cellsValue(pick(context, PAGE, 0x100000))),
    sometimes(0.1, 'base-mem-constraints', (context) =>
      cellsValue(...pick(context, [0, 0], [4, 0], [0x40, 0], [0x40])),
    ),
    sometimes(0.01, 'is-direct', flag),
  ],
  interrupts: [sometimes(0.8, 'config', (context) => pick(context, textValue('/gic'), cellsValue(1)))],
  vcpus: [
    sometimes(0.8, 'config', text('/cpus')),
    always('affinity', (context) =>
      textValue(context.bound === undefined ? 'proxy' : pick(context, 'static', 'sticky', 'pinned')),
    ),
    only(isBound, 'affinity-map', ({ bound = [] }) => cellsValue(...bound)),
    only(isBound, 'sched-priority', (context) => cellsValue(pick(context, -1, -32))),
    only(isBound, 'sched-timeslice', (context) => cellsValue(pick(context, 100, 5000, 100000))),
  ],
  'reserved-memory': [
    only(
      ({ reservedCells }) => reservedCells !== undefined,
      '#address-cells',
      ({ reservedCells = [2] }) => cellsValue(reservedCells[0]),
    ),
    only(
      ({ reservedCells }) => reservedCells !== undefined,
      '#size-cells',
      ({ reservedCells = [0, 2] }) => cellsValue(reservedCells[1]),
    ),
  ],
  reserved: [
    always('reg', ({ reservedCells: [address, size] = [2, 1] }) =>
      cellsValue(...numberOf(address, 0x84000000), ...numberOf(size, PAGE)),
    ),
    sometimes(0.5, 'qcom,label', label),
    sometimes(0.1, 'reusable', flag),
  ],
  'rm-rpc': [
    kind('rm-rpc'),
    ...device,
    ...queue,
    sometimes(0.8, 'console-dev', flag),
    sometimes(0.03, 'interrupts', interrupts(2)),
  ],
  doorbell: [kind('doorbell'), ...device, ...joined, sometimes(0.05, 'interrupts', interrupts(1))],
  'doorbell-source': [kind('doorbell-source'), ...device, ...joined],
  'message-queue': [
    kind('message-queue'),
    ...device,
    ...queue,
    always('peer-default', flag),
    only(({ label: number }) => number % 2 === 0, 'is-sender', flag),
    only(({ label: number }) => number % 2 === 1, 'is-receiver', flag),
    sometimes(0.05, 'interrupts', interrupts(1)),
  ],
  'message-queue-pair': [
    kind('message-queue-pair'),
    ...device,
    ...queue,
    ...joined,
    sometimes(0.05, 'interrupts', interrupts(2)),
  ],
  shm: [kind('shm'), ...device.slice(0, 1), always('peer-default', flag)],
  'shm-doorbell': [kind('shm-doorbell'), ...device.slice(0, 1), always('peer-default', flag)],
  'virtio-mmio': [
    kind('virtio-mmio'),
    ...device.slice(0, 1),
    always('peer-default', flag),
    sometimes(0.5, 'virtio,device-type', (context) => cellsValue(pick(context, 1, 2, 3))),
  ],
  iomem: [
    kind('iomem'),
    (({ name, value }) => ({ name, chance: 0.9, value }))(always('generate', path)),
    always('peer-default', flag),
    sometimes(0.2, 'patch', text('/soc/io')),
    sometimes(0.3, 'qcom,rm_acl', rights),
    sometimes(0.2, 'qcom,rm_attributes', cells(0, 0)),
    sometimes(0.2, 'qcom,rm_sglist', cells(0, 0x90000000, 0, PAGE)),
  ],
  'vsmmu-v2': [
    kind('vsmmu-v2'),
    always('smmu-handle', cells(3)),
    always('patch', text('/soc/smmu')),
    always('num-cbs', cells(4)),
    always('num-smrs', cells(4)),
  ],
  'vrtc-pl031': [kind('vrtc-pl031'), always('base', cells(0, 0x9010000))],
  'device-memory': [
    always('qcom,label', label),
    only(
      ({ label: number }) => number % 4 !== 3,
      'base',
      ({ label: number }) => cellsValue(0, 0x90000000 + number * 0x10000),
    ),
    only(({ label: number }) => number % 4 === 3, 'allocate-base', flag),
    sometimes(0.8, 'optional', flag),
    sometimes(0.2, 'qcom,mem-info-tag', cells(0x77)),
  ],
};

export type PropertyContent = 'cells' | 'text' | 'flag';

/** Type of a property's content, guessed from one value. */
export function contentOf({ value }: PropertyGenerator): PropertyContent {
  const sample = value({
    random: new Random(0),
    names: ['one'],
    name: 'one',
    cores: 1,
    bound: [0],
    joins: false,
    isOdd: false,
    reservedCells: [2, 2],
    label: 1,
  });
  if (sample.length === 0) return 'flag';
  const isText =
    sample.at(-1) === 0 &&
    sample.subarray(0, -1).every((byte) => byte === 0 || (byte >= 0x20 && byte < 0x7f)) &&
    sample.some((byte) => byte !== 0);
  return isText && sample[0] !== 0 ? 'text' : 'cells';
}
