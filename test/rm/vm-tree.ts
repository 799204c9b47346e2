import { buildFdt, type NodeSource } from '../devicetree/build.js';

export type Nodes = Readonly<Record<string, NodeSource>>;
export type Properties = NonNullable<NodeSource['properties']>;

export const rpc: NodeSource = {
  properties: {
    'vdevice-type': 'rm-rpc',
    generate: '/hypervisor/rpc',
    'qcom,label': [1],
    'console-dev': true,
  },
};
export const doorbell = (peer: Properties): NodeSource => ({
  properties: { 'vdevice-type': 'doorbell', generate: '/hypervisor/bell', 'qcom,label': [0x10], ...peer },
});
export const queue = (label: number): NodeSource => ({
  properties: {
    'vdevice-type': 'message-queue',
    generate: `/hypervisor/mq-${label}`,
    'qcom,label': [label],
    'peer-default': true,
    'is-sender': true,
    'message-size': [240],
    'queue-depth': [8],
  },
});

export const bellSource = (label: number): NodeSource => ({
  properties: { 'vdevice-type': 'doorbell-source', 'qcom,label': [label], 'peer-default': true },
});
export const many = (count: number, make: (label: number) => NodeSource): Nodes =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`device-${index}`, make(index)]));

/** The devicetree of a VM with one vCPU. */
export function tree(
  devices: Nodes,
  config: Properties = {},
  more: Partial<{ root: Nodes; gic: Properties; vcpus: Properties; cells: Properties }> = {},
): Uint8Array {
  return buildFdt({
    properties: { '#address-cells': [2], '#size-cells': [2], ...more.cells },
    children: {
      // The first child's cells are those that RM reads `memory` with: none declared here.
      chosen: {},
      cpus: {
        properties: { '#address-cells': [1], '#size-cells': [0] },
        children: { 'cpu@0': { properties: { device_type: 'cpu', reg: [0], 'enable-method': 'psci' } } },
      },
      gic: {
        properties: {
          compatible: 'arm,gic-v3',
          phandle: [1],
          'interrupt-controller': true,
          '#interrupt-cells': [3],
          '#address-cells': [2],
          '#size-cells': [2],
          reg: [0, 0x3fff0000, 0, 0x10000, 0, 0x3ffd0000, 0, 0x20000],
          ...more.gic,
        },
      },
      'gunyah-vm-config': {
        properties: { 'image-name': 'vm', ...config },
        children: {
          memory: { properties: { 'base-address': [0, 0x80000000] } },
          interrupts: { properties: { config: '/gic' } },
          vcpus: { properties: { config: '/cpus', affinity: 'proxy', ...more.vcpus } },
          vdevices: { children: devices },
        },
      },
      ...more.root,
    },
  });
}
