import type { NodeSource } from '../devicetree/build.js';

/** A small VM: one vCPU, an RM link with a console, a doorbell, a queue pair, shared memory with label 0x40. */
export function exampleVm(name = 'example'): NodeSource {
  return {
    properties: { '#address-cells': [2], '#size-cells': [2], 'interrupt-parent': [1] },
    children: {
      chosen: {},
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
