/** A devicetree node: properties (a text, cells, several texts, or empty) and children by name. */
export interface TreeNode {
  readonly properties?: Readonly<Record<string, string | readonly number[] | readonly string[] | true>>;
  readonly children?: Readonly<Record<string, TreeNode>>;
}

const MAGIC = 0xd00dfeed;
const HEADER_SIZE = 40;
const RESERVATIONS_SIZE = 16;
const Token = { BEGIN: 1, END: 2, PROPERTY: 3, FINISH: 9 } as const;

/** A flattened devicetree, version 17 (the public specification's chapter 5), in a blob of `size` bytes. */
export function flattenTree(root: TreeNode, size?: number): Uint8Array {
  const structure: number[] = [];
  const strings: number[] = [];
  const names = new Map<string, number>();
  const word = (value: number) => {
    for (const shift of [24, 16, 8, 0]) structure.push((value >>> shift) & 0xff);
  };
  const padded = (bytes: readonly number[]) => {
    structure.push(...bytes);
    while (structure.length % 4 !== 0) structure.push(0);
  };
  const text = (value: string) => [...value].map((character) => character.charCodeAt(0)).concat(0);
  const nameOffset = (name: string) => {
    const known = names.get(name);
    if (known !== undefined) return known;
    const offset = strings.length;
    names.set(name, offset);
    strings.push(...text(name));
    return offset;
  };
  const bytesOf = (value: string | readonly number[] | readonly string[] | true) => {
    if (value === true) return [];
    if (typeof value === 'string') return text(value);
    return value.flatMap((item) =>
      typeof item === 'string' ? text(item) : [24, 16, 8, 0].map((shift) => (item >>> shift) & 0xff),
    );
  };
  const node = (name: string, { properties = {}, children = {} }: TreeNode) => {
    word(Token.BEGIN);
    padded(text(name));
    for (const [key, value] of Object.entries(properties)) {
      const bytes = bytesOf(value);
      word(Token.PROPERTY);
      word(bytes.length);
      word(nameOffset(key));
      padded(bytes);
    }
    for (const [child, below] of Object.entries(children)) node(child, below);
    word(Token.END);
  };
  node('', root);
  word(Token.FINISH);
  const structureAt = HEADER_SIZE + RESERVATIONS_SIZE;
  const stringsAt = structureAt + structure.length;
  const total = size ?? stringsAt + strings.length;
  const blob = new Uint8Array(total);
  const view = new DataView(blob.buffer);
  const header = [
    MAGIC,
    total,
    structureAt,
    stringsAt,
    HEADER_SIZE,
    17,
    16,
    0,
    strings.length,
    structure.length,
  ];
  header.forEach((value, index) => {
    view.setUint32(index * 4, value);
  });
  blob.set(structure, structureAt);
  blob.set(strings, stringsAt);
  return blob;
}

/** A small VM: one vCPU, an RM link with a console, a doorbell, a queue pair, shared memory with label 0x40. */
export function exampleVm(name = 'example'): TreeNode {
  return {
    properties: { '#address-cells': [2], '#size-cells': [2], 'interrupt-parent': [1] },
    children: {
      psci: { properties: { compatible: 'arm,psci-1.0', method: 'hvc' } },
      cpus: {
        properties: { '#address-cells': [1], '#size-cells': [0] },
        children: {
          'cpu@0': {
            properties: { device_type: 'cpu', compatible: 'arm,armv8', reg: [0], 'enable-method': 'psci' },
          },
        },
      },
      'interrupt-controller@3fff0000': {
        properties: {
          compatible: 'arm,gic-v3',
          phandle: [1],
          '#interrupt-cells': [3],
          'interrupt-controller': true,
          '#address-cells': [2],
          '#size-cells': [2],
          reg: [0, 0x3fff0000, 0, 0x10000, 0, 0x3ffd0000, 0, 0x20000],
        },
      },
      'gunyah-vm-config': {
        properties: {
          'image-name': name,
          'vm-uri': `vm/${name}`,
          'vm-guid': '01234567-89ab-cdef-0123-456789abcdef',
        },
        children: {
          memory: {
            properties: { '#address-cells': [2], '#size-cells': [2], 'base-address': [0, 0x80000000] },
          },
          interrupts: { properties: { config: '/interrupt-controller@3fff0000' } },
          vcpus: { properties: { config: '/cpus', affinity: 'proxy' } },
          vdevices: {
            properties: { generate: '/hypervisor' },
            children: {
              'rm-rpc': {
                properties: {
                  'vdevice-type': 'rm-rpc',
                  generate: '/hypervisor/rm',
                  'console-dev': true,
                  'message-size': [240],
                  'queue-depth': [8],
                  label: [1],
                },
              },
              bell: {
                properties: {
                  'vdevice-type': 'doorbell',
                  generate: '/hypervisor/bell',
                  label: [0x10],
                  'peer-default': true,
                },
              },
              pair: {
                properties: {
                  'vdevice-type': 'message-queue-pair',
                  generate: '/hypervisor/pair',
                  label: [0x20],
                  'peer-default': true,
                  'message-size': [240],
                  'queue-depth': [8],
                },
              },
            },
          },
        },
      },
    },
  };
}
