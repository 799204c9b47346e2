import { describe, expect, it } from 'vitest';
import {
  MEM_DONATE,
  MEM_LEND,
  MEM_RECLAIM,
  VM_DEALLOC_VMID,
  VM_GET_VMID,
  VM_INIT,
  VM_RESET,
  VM_START,
  VM_STOP,
} from '../../schemas/index.js';
import { RmError } from '../../src/rm/codes.js';
import type { ManagerOptions } from '../../src/rm/index.js';
import type { NodeSource } from '../devicetree/build.js';
import { Bench, Boots } from './guest.js';
import { bellSource, doorbell, many, type Properties, queue, rpc, tree } from './vm-tree.js';

const { OK, ...E } = RmError;

const FORCE = 1 << 16;

/** How VM_INIT and, if that works, VM_START of a VM with this devicetree end; the reason where the manager dies. */
function outcome(blob: Uint8Array, options: ManagerOptions = {}): (number | string)[] {
  const boots = new Boots(new Bench(options));
  const vmid = boots.configure(blob);
  const seen: (number | string)[] = [];
  for (const message of [VM_INIT, VM_START]) {
    const error = boots.error(message.id, vmid);
    seen.push(error ?? boots.bench.manager.panicked ?? 'nothing');
    if (error !== OK) break;
  }
  return seen;
}

/** A chain of nodes, `depth` levels of it. */
function chain(depth: number): NodeSource {
  return depth === 0 ? {} : { children: { n: chain(depth - 1) } };
}

const fine = [OK, OK];

describe('what a devicetree brings about', () => {
  it.each<[string, Uint8Array, (number | string)[]]>([
    ['the usual', tree({ rpc }), fine],
    ['no devices at all', tree({}), fine],
    [
      'rm-rpc without generate',
      tree({ rpc: { properties: { 'vdevice-type': 'rm-rpc' } } }),
      ['vm_init_rpc_without_generate'],
    ],
    ['two consoles', tree({ rpc, other: rpc }), ['vm_init_two_consoles']],
    ['15 levels', tree({ rpc }, {}, { root: { n: chain(14) } }), fine],
    ['16 levels', tree({ rpc }, {}, { root: { n: chain(15) } }), ['vm_init_tree_too_deep']],
    [
      'redistributors of a stride that is no power of two outside the device range',
      tree(
        { rpc },
        {},
        {
          gic: {
            reg: [0, 0x50000000, 0, 0x10000, 0, 0x50100000, 0, 0x20000],
            'redistributor-stride': [0, 0x30000],
          },
        },
      ),
      ['vm_init_controller_stride'],
    ],
    [
      'such a stride inside the device range',
      tree({ rpc }, {}, { gic: { 'redistributor-stride': [0, 0x30000] } }),
      fine,
    ],
    [
      '20 message queues',
      tree({
        rpc,
        ...many(20, queue),
      }),
      fine,
    ],
    [
      '35 message queues',
      tree({
        rpc,
        ...many(35, queue),
      }),
      [OK, E.NORESOURCE],
    ],
    ['more queues than the VM has interrupt numbers', tree({ rpc, ...many(59, queue) }), [E.NORESOURCE]],
    [
      '57 doorbell sources, whose tree needs the region but is no multiple of 8 bytes',
      tree({ rpc, ...many(57, bellSource) }),
      [OK, E.NORESOURCE],
    ],
    [
      '58 doorbell sources, more than HLOS has interrupt numbers',
      tree({ rpc, ...many(58, bellSource) }),
      ['vm_init_interrupts_exhausted'],
    ],
    ['a doorbell without a peer', tree({ rpc, bell: doorbell({}) }), [E.MEM_INVALID]],
    ['a doorbell to itself', tree({ rpc, bell: doorbell({ peer: 'vm-name:vm' }) }), [E.NORESOURCE]],
    ['a doorbell to the owner by name', tree({ rpc, bell: doorbell({ peer: 'vm-name:HLOS' }) }), fine],
    ['a doorbell to nobody yet', tree({ rpc, bell: doorbell({ peer: 'vm-name:later' }) }), fine],
    ['a name of 79 bytes', tree({ rpc }, { 'image-name': 'n'.repeat(79) }), fine],
    ['a name of 80 bytes', tree({ rpc }, { 'image-name': 'n'.repeat(80) }), [E.MEM_INVALID]],
    ['a bad GUID', tree({ rpc }, { 'vm-guid': 'x' }), [E.MEM_INVALID]],
    ['crash-fatal', tree({ rpc }, { 'vm-attrs': ['crash-fatal'] }), [E.ARGUMENT_INVALID]],
    [
      'memory that is direct',
      tree({ rpc }, {}, { root: { memory: { properties: { device_type: 'memory' } } } }),
      fine,
    ],
    [
      'a memory node elsewhere',
      tree({ rpc }, {}, { root: { 'memory@80000000': { properties: { device_type: 'memory' } } } }),
      [E.MEM_INVALID],
    ],
    ['a hypervisor node', tree({ rpc }, {}, { root: { hypervisor: {} } }), [OK, E.NORESOURCE]],
    ['static vCPUs without a map', tree({ rpc }, {}, { vcpus: { affinity: 'static' } }), [E.MEM_INVALID]],
    [
      'static vCPUs of the default time slice',
      tree({ rpc }, {}, { vcpus: { affinity: 'static', 'affinity-map': [0] } }),
      [E.NORESOURCE],
    ],
    [
      'static vCPUs',
      tree(
        { rpc },
        {},
        {
          vcpus: {
            affinity: 'static',
            'affinity-map': [0],
            'sched-priority': [0xffffffff],
            'sched-timeslice': [5000],
          },
        },
      ),
      fine,
    ],
  ])('%s', (_, blob, expected) => {
    expect(outcome(blob)).toEqual(expected);
    const careful = outcome(blob, { careful: true });
    expect(careful.every((seen) => typeof seen === 'number')).toBe(true);
    if (typeof expected.at(-1) === 'number') expect(careful).toEqual(expected);
  });
});

describe('resets', () => {
  it('of a VM with two rm-rpc nodes kill the manager', () => {
    const second: NodeSource = { properties: { 'vdevice-type': 'rm-rpc', generate: '/hypervisor/rpc2' } };
    const boots = new Boots(new Bench());
    const vmid = boots.configure(tree({ rpc, second }));
    expect([boots.error(VM_INIT.id, vmid), boots.error(VM_START.id, vmid)]).toEqual(fine);
    expect(boots.error(VM_STOP.id, vmid | FORCE, 0)).toBe(OK);
    boots.error(VM_RESET.id, vmid);
    expect(boots.bench.panics).toEqual(['vm_reset_two_rpcs']);
  });

  it.each([
    { source: false, reset: undefined, panics: ['vm_reset_leaked_interrupt'] },
    { source: true, reset: OK, panics: [] },
  ])('after a peer that names someone else, source $source', ({ source, reset, panics }) => {
    const typed = (type: string, peer: string): NodeSource => ({
      properties: { ...doorbell({ peer }).properties, 'vdevice-type': type },
    });
    const [own, other] = source ? ['doorbell-source', 'doorbell'] : ['doorbell', 'doorbell-source'];
    const boots = new Boots(new Bench());
    const first = boots.configure(
      tree({ rpc, bell: typed(other as string, 'vm-name:other') }, { 'image-name': 'first' }),
    );
    expect(boots.error(VM_INIT.id, first)).toBe(OK);
    const second = boots.configure(
      tree({ rpc, bell: typed(own as string, 'vm-name:first') }, { 'image-name': 'second' }),
    );
    expect(boots.error(VM_INIT.id, second)).toBe(E.NORESOURCE);
    boots.error(VM_RESET.id, second);
    expect([boots.bench.panics, boots.error(VM_GET_VMID.id)]).toEqual([panics, reset]);
  });

  it('release everything the second time when the manager is careful', () => {
    const boots = new Boots(new Bench({ careful: true }));
    const vmid = boots.configure(tree({ rpc }));
    expect([boots.error(VM_INIT.id, vmid), boots.error(VM_RESET.id, vmid)]).toEqual(fine);
    expect(boots.error(VM_DEALLOC_VMID.id, vmid)).toBe(OK);
    expect(boots.error(MEM_RECLAIM.id, 0, 0)).toBe(OK);
    expect(boots.configure(tree({ rpc }))).toBe(vmid);
    expect([boots.error(VM_INIT.id, vmid), boots.error(VM_START.id, vmid)]).toEqual(fine);
  });
});

describe('a VM that is up', () => {
  /** A VM with this devicetree, initialised. */
  function initialised(blob: Uint8Array, options: ManagerOptions = {}): { boots: Boots; vmid: number } {
    const boots = new Boots(new Bench(options));
    const vmid = boots.configure(blob);
    expect(boots.error(VM_INIT.id, vmid)).toBe(OK);
    return { boots, vmid };
  }

  it.each([false, true])('and a message longer than its queue holds, careful %s', (careful) => {
    const short: NodeSource = { properties: { ...rpc.properties, 'message-size': [12] } };
    const { boots, vmid } = initialised(tree({ rpc: short }), { careful });
    expect(boots.error(VM_START.id, vmid)).toBe(OK);
    boots.bench.put(vmid, 0);
    boots.bench.manager.run();
    expect(boots.bench.take(vmid)).toEqual([[0, E.UNIMPLEMENTED]]);
    boots.bench.put(vmid, VM_GET_VMID.id);
    boots.bench.manager.run();
    expect(boots.bench.panics).toEqual(careful ? [] : ['message_too_long']);
  });

  it.each([false, true])('and a donated parcel that waits, careful %s', (careful) => {
    const { boots, vmid } = initialised(tree({ rpc }), { careful });
    expect(boots.error(MEM_DONATE.id, 0, 9, 1, 0x00070000 | vmid, 1, 0x80000000, 0, 4096, 0)).toBe(OK);
    expect(boots.error(VM_START.id, vmid)).toBe(careful ? E.NORESOURCE : undefined);
    expect(boots.bench.panics).toEqual(careful ? [] : ['vm_start_donated_parcel']);
  });

  it.each([false, true])('and a notification to a VM without a link, careful %s', (careful) => {
    const { boots, vmid } = initialised(tree({}), { careful });
    expect(boots.error(VM_START.id, vmid)).toBe(OK);
    expect(boots.error(VM_STOP.id, vmid, 0)).toBe(careful ? OK : undefined);
    expect(boots.bench.panics).toEqual(careful ? [] : ['notify_without_link']);
  });

  it.each([false, true])('and a vCPU that halts before it runs, careful %s', (careful) => {
    const { boots, vmid } = initialised(tree({ rpc }), { careful });
    boots.bench.manager.vcpuHalt(vmid, 2, [0n, 0n]);
    expect(boots.bench.panics).toEqual(careful ? [] : ['vcpu_halt_not_running']);
  });
});

describe('reserved memory', () => {
  const range = [0, 0x90000000, 0, 0x2000];

  /** How VM_START ends with such a node and two pages lent under label 5. */
  function start(node: Properties | undefined): number | undefined {
    const cells = { '#address-cells': [2], '#size-cells': [2] };
    const reserved = {
      properties: cells,
      children: node === undefined ? {} : { node: { properties: node } },
    };
    const boots = new Boots(new Bench());
    const vmid = boots.configure(tree({ rpc }, {}, { root: { 'reserved-memory': reserved } }));
    expect(boots.error(VM_INIT.id, vmid)).toBe(OK);
    expect(boots.error(MEM_LEND.id, 0, 5, 1, 0x00060000 | vmid, 1, 0x80000000, 0, 0x2000, 0)).toBe(OK);
    return boots.error(VM_START.id, vmid);
  }

  it.each<[string, Properties | undefined, number]>([
    ['without a node', undefined, OK],
    ['with the label, as large as the parcel', { 'qcom,label': [5], reg: range }, OK],
    [
      'with the label, reusable and nobody else has it',
      { 'qcom,label': [5], reg: range, reusable: true },
      OK,
    ],
    ['with the label, smaller', { 'qcom,label': [5], reg: [0, 0x90000000, 0, 0x1000] }, E.NORESOURCE],
    ['with another label', { 'qcom,label': [6], reg: range }, E.NORESOURCE],
    ['without a label, and nothing is mapped there', { reg: range }, E.NORESOURCE],
    ['to be allocated', { size: [0, 0x1000] }, OK],
  ])('%s', (_, node, error) => {
    expect(start(node)).toBe(error);
  });
});
