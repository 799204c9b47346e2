import { encodeText } from '../../base/text.js';
import { type TreeSource, writeFdt } from '../../devicetree/index.js';

type Value = string | readonly number[] | true;

function node(
  properties: Readonly<Record<string, Value>>,
  children: Readonly<Record<string, TreeSource>> = {},
): TreeSource {
  return {
    properties: Object.entries(properties).map(([name, value]) => [name, bytesOf(value)] as const),
    children: Object.entries(children),
  };
}

/** Text ends with a zero byte, cells are big-endian, `true` is an empty property. */
function bytesOf(value: Value): Uint8Array {
  if (value === true) return new Uint8Array(0);
  if (typeof value === 'string') return encodeText(`${value}\0`);
  const bytes = new Uint8Array(4 * value.length);
  const view = new DataView(bytes.buffer);
  for (const [index, cell] of value.entries()) view.setUint32(4 * index, cell);
  return bytes;
}

/** Devicetree of the VM that cases start: one vCPU, an RPC link and a console (rm-internals.md, section 1). */
export function conformTree(): Uint8Array {
  return writeFdt(
    node(
      { '#address-cells': [2], '#size-cells': [2] },
      {
        chosen: node({}),
        cpus: node(
          { '#address-cells': [1], '#size-cells': [0] },
          { 'cpu@0': node({ device_type: 'cpu', reg: [0], 'enable-method': 'psci' }) },
        ),
        gic: node({
          compatible: 'arm,gic-v3',
          phandle: [1],
          'interrupt-controller': true,
          '#interrupt-cells': [3],
          '#address-cells': [2],
          '#size-cells': [2],
          reg: [0, 0x3fff0000, 0, 0x10000, 0, 0x3ffd0000, 0, 0x20000],
        }),
        'gunyah-vm-config': node(
          { 'image-name': 'conform', 'vm-uri': 'uri/conform' },
          {
            memory: node({ 'base-address': [0, 0x80000000] }),
            interrupts: node({ config: '/gic' }),
            vcpus: node({ config: '/cpus', affinity: 'proxy' }),
            vdevices: node(
              {},
              {
                'rm-rpc': node({
                  'vdevice-type': 'rm-rpc',
                  generate: '/hypervisor/rpc',
                  'qcom,label': [1],
                  'console-dev': true,
                }),
              },
            ),
          },
        ),
      },
    ),
  );
}
