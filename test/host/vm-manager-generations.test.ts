import { describe, expect, it } from 'vitest';
import { protocol, resourceType, VM_EXITED, VM_STATUS } from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import { Client } from '../../src/host/index.js';
import {
  ClientWorld,
  functionArguments,
  functionTypes,
  runOperationNow,
  type UserMemRegion,
  type VmGenerationName,
} from '../../src/host/vm-manager/index.js';
import { ResourceTable } from '../../src/host/vm-manager/resources.js';
import { managerTransport } from '../../src/sim/index.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { StubMachine } from './stub-machine.js';
import type { StubOptions } from './stub-rm.js';
import { Machine } from './vm-machine.js';
import { failureOf, prepare } from './vm-setup.js';

const names = new Map(
  protocol.families.flatMap(({ messages }) => messages.map(({ id, name }) => [id.toString(16), name])),
);
/** The calls of a log, by name; `!` behind those that failed. */
function callsIn(log: readonly string[]): string[] {
  return log
    .filter((line) => /^[0-9a-f]{8} /.test(line))
    .map((line) => `${names.get(line.slice(0, 8))}${line.endsWith('error') ? '!' : ''}`);
}

const region: UserMemRegion = {
  label: 1,
  flags: 7,
  guestPhysAddr: 0x8000_0000n,
  memorySize: 0x4000n,
  userspaceAddr: 0n,
};

function eagerMachine(generation: VmGenerationName, stub: StubOptions = {}) {
  const machine = new StubMachine({ generation, mode: 'faithful' }, stub);
  machine.process.map({ address: 0n, pages: 64, physical: 0x9000_0000n });
  const { vm, descriptor } = machine.manager.createVm(machine.process);
  machine.run(vm.setUserMemRegion(region));
  machine.run(
    vm.setUserMemRegion({ ...region, label: 2, guestPhysAddr: 0x9000_0000n, userspaceAddr: 0x8000n }),
  );
  vm.setDtbConfig({ start: region.guestPhysAddr, size: 0x1000n });
  return { machine, vm, descriptor };
}

describe('v9 and v11 (client.md, section 6)', () => {
  it.each(['v9', 'v11'] as const)('%s: everything is shared at START, newest first', (generation) => {
    const { machine, vm, descriptor } = eagerMachine(generation);
    machine.run(vm.start());
    machine.run(vm.close(descriptor));
    expect(callsIn(machine.log)).toEqual([
      'VM_GET_VMID',
      'VM_ALLOC_VMID',
      'MEM_SHARE',
      'MEM_SHARE',
      'VM_CONFIG_IMAGE',
      'VM_INIT',
      'VM_GET_HYP_RESOURCES',
      'VM_START',
      'VM_STOP',
      'VM_RESET',
      'MEM_RECLAIM',
      'MEM_RECLAIM',
      'VM_DEALLOC_VMID',
    ]);
    // Label 2 first; guest and host in the ACL.
    expect(machine.log[2]).toMatch(/^51000013 00000000020000000200000080000700030007000100/);
    expect(machine.process.pagesPinned).toBe(0);
  });

  it('looks for the devicetree in one region wholly (v9), or takes what overlaps it (v11)', () => {
    for (const [generation, result] of [
      ['v9', 'EINVAL'],
      ['v11', undefined],
    ] as const) {
      const { machine, vm } = eagerMachine(generation);
      vm.setDtbConfig({ start: region.guestPhysAddr - 0x1000n, size: 0x2000n });
      if (result === undefined) {
        machine.run(vm.start());
        expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['dtb_outside']);
        expect(machine.log.at(-4)).toMatch(/f0ffffffffffff0020000000000000$/);
      } else expect(failureOf(() => machine.run(vm.start())).errno).toBe(result);
    }
  });

  it('v9 removes a region with size 0, and ends with ENODEV for a label that is not there', () => {
    const { machine, vm } = eagerMachine('v9');
    const unknown = vm.setUserMemRegion({ ...region, label: 9, memorySize: 0n });
    expect(failureOf(() => machine.run(unknown)).errno).toBe('ENODEV');
    machine.run(vm.setUserMemRegion({ ...region, memorySize: 0n }));
    expect(machine.process.pagesPinned).toBe(4);
  });

  it('removes a region that RM has with MEM_RECLAIM, and forgets it when that fails (v9)', () => {
    const { machine, vm } = eagerMachine('v9', { fail: 0x51000015 });
    machine.run(vm.start());
    for (const label of [1, 2]) machine.run(vm.setUserMemRegion({ ...region, label, memorySize: 0n }));
    expect(callsIn(machine.log).slice(-2)).toEqual(['MEM_RECLAIM!', 'MEM_RECLAIM']);
    expect(machine.process.pagesPinned).toBe(4);
    expect(vm.reports.map(({ hazard, issue }) => [hazard.name, issue.path])).toEqual([
      ['pages_pinned', 'region[label 1]'],
    ]);
  });
});

describe('bad endings (client.md, section 6)', () => {
  const cases: readonly (readonly [VmGenerationName, StubOptions, string, string])[] = [
    ['a14', { fail: 0x56000005 }, 'never', 'status exited(9)'],
    ['a14', { noexit: true }, 'never', 'status exited(9)'],
    ['a14', { fail: 0x56000006 }, 'never', 'status reset(11)'],
    ['a14', { noreset: true }, 'never', 'status reset(11)'],
    ['a15', { fail: 0x56000005 }, 'never', 'status to leave running(3)'],
    ['a15', { noexit: true }, 'never', 'status to leave running(3)'],
    ['a15', { fail: 0x56000006 }, 'ends', ''],
    ['a15', { noreset: true }, 'never', 'status reset(11)'],
  ];
  it.each(cases)('%s %o: close %s', (generation, stub, ending, awaited) => {
    const { machine, vm, descriptor } = eagerMachine(generation, stub);
    machine.run(vm.start());
    const close = () => machine.run(vm.close(descriptor));
    if (ending === 'ends') expect(close).not.toThrow();
    else expect(failureOf(close)).toMatchObject({ code: 'never_returns', expected: awaited });
  });

  it.each(cases)('careful %s %o: close ends', (generation, stub) => {
    const machine = new StubMachine({ generation, mode: 'careful' }, stub);
    machine.process.map({ address: 0n, pages: 64, physical: 0x9000_0000n });
    const { vm, descriptor } = machine.manager.createVm(machine.process);
    machine.run(vm.lendUserMem(region));
    vm.setDtbConfig({ start: region.guestPhysAddr, size: 0x1000n });
    machine.run(vm.start());
    machine.run(vm.close(descriptor));
    expect(vm.isClosed).toBe(true);
  });
});

describe('resources and functions', () => {
  const resource = (type: number, label: number, cap_id: bigint) => ({
    type,
    partner_vmid: 0,
    resource_handle: 0,
    resource_label: label,
    cap_id,
    virq_handle: 0,
    virq: 0,
    base: 0n,
    size: 0n,
  });
  const vcpu = { type: resourceType.values.VCPU, label: 3 };

  it('find each other by type and label, in whichever order they come', () => {
    for (const ticketFirst of [true, false]) {
      const table = new ResourceTable();
      if (ticketFirst) table.addTicket(vcpu);
      table.add(resource(vcpu.type, 4, 1n));
      table.add(resource(0, 3, 2n));
      table.add(resource(vcpu.type, 3, 5n));
      table.add(resource(vcpu.type, 3, 6n));
      if (!ticketFirst) expect(table.addTicket(vcpu)).toBe(true);
      expect(table.of(vcpu)?.cap_id).toBe(5n);
      expect(table.addTicket(vcpu)).toBe(false);
      table.removeTicket(vcpu);
      expect(table.of(vcpu)).toBeUndefined();
      table.addTicket(vcpu);
      expect(table.of(vcpu)?.cap_id).toBeOneOf([5n, 6n]);
      table.clear();
      expect(table.of(vcpu)).toBeUndefined();
    }
  });

  it.each([
    [0xffffffff, 'ENOMEM'],
    [0, undefined],
    [1, 'ENOMEM'],
    [31, 'ENOMEM'],
    [32, undefined],
    [1019, undefined],
    [1020, 'ENOMEM'],
    [4095, 'ENOMEM'],
    [4096, undefined],
    [5119, undefined],
    [5120, 'ENOMEM'],
  ] as const)(
    'START of a15, unlike others, ends with ENOMEM unless virq %i is 0 or a shared interrupt',
    (virq, errno) => {
      for (const generation of ['v9', 'v11', 'a14', 'a15'] as const) {
        const { machine, vm } = eagerMachine(generation);
        machine.rm.resources.push({ ...resource(vcpu.type, 0, 1n), virq });
        const start = () => machine.run(vm.start());
        if (errno === undefined || generation !== 'a15') expect(start).not.toThrow();
        else
          expect(failureOf(start)).toMatchObject({ errno, path: 'resource[type 4, label 0]', actual: virq });
      }
    },
  );

  it('a vCPU gets its resource at START', () => {
    const { machine, vm } = eagerMachine('a14');
    machine.rm.resources.push(resource(vcpu.type, 3, 9n));
    vm.addFunction({
      type: functionTypes.vcpu,
      argument: codecOf(functionArguments.vcpu).toBytes({ id: 3 }),
    });
    machine.run(vm.start());
    expect(vm.state.resources.of(vcpu)?.cap_id).toBe(9n);
  });
});

describe('notifications', () => {
  const exited = (vmid: number) =>
    codecOf(VM_EXITED.payload).toBytes({ vmid, exit_type: 1, exit_reason: new Uint8Array(4) });

  it('are about a VM of the manager, or change nothing', () => {
    const { machine, vm } = eagerMachine('a14');
    machine.run(vm.start());
    machine.manager.notified(VM_EXITED.id, exited(0x81));
    expect(vm.status).toBe(3);
    machine.manager.notified(VM_EXITED.id, exited(0x80));
    expect([vm.status, vm.exit?.type]).toEqual([9, 1]);
  });

  it('that are cut short change nothing, and name the hazard', () => {
    const { machine, vm } = eagerMachine('a14');
    machine.run(vm.start());
    machine.manager.notified(VM_STATUS.id, new Uint8Array());
    expect([vm.status, vm.reports.map(({ hazard }) => hazard.name)]).toEqual([3, ['empty_notification']]);
  });

  it('that come while START has the state lock: taken afterwards, and the receiving thread would wait for ever', () => {
    for (const [generation, hazards] of [
      ['a14', []],
      ['a15', ['receiver_waits']],
    ] as const) {
      const { machine, vm } = eagerMachine(generation);
      const operation = vm.start();
      let step = operation.next(new Uint8Array());
      while (!step.done) {
        const { value: effect } = step;
        if (effect.kind !== 'call') throw new Error(effect.kind);
        const reply = machine.rm.call(effect);
        if (effect.message.name === 'VM_START') machine.manager.notified(VM_EXITED.id, exited(0x80));
        try {
          step = operation.next(reply);
        } catch (error) {
          expect(error).toMatchObject({ errno: 'ENODEV' });
          break;
        }
      }
      expect([generation, vm.status]).toEqual([generation, 9]);
      expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(hazards);
    }
  });
});

describe('promises', () => {
  function worldOf(machine: Machine, signal?: AbortSignal) {
    const client = new Client(managerTransport(machine.bench.manager), { generation: 'a14' });
    return new ClientWorld(client, machine.manager, signal === undefined ? {} : { signal });
  }

  it('run a VM from START to close; what overlaps waits for its turn', async () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine);
    const world = worldOf(machine);
    await Promise.all([world.run(vm.start()), world.run(vm.start()), world.run(vm.close(descriptor))]);
    expect(machine.remains).toEqual({ vms: [], parcels: [], pagesElsewhere: 0 });
    expect([machine.process.pagesPinned, vm.reports]).toEqual([0, []]);
  });

  it('end with a signal: the careful manager says what it leaves', async () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine, tree({ rpc }, { 'vm-attrs': 'no-shutdown' }));
    const abort = new AbortController();
    const world = worldOf(machine, abort.signal);
    await world.run(vm.start());
    abort.abort();
    await world.run(vm.close(descriptor));
    expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['vmid_lost', 'handle_lost', 'handle_lost']);
  });

  it('have no hypercalls unless told how', async () => {
    const { machine, vm, descriptor } = eagerMachine('a15');
    machine.run(vm.start());
    const world = worldOf(new Machine('a15', 'careful'));
    await expect(world.run(vm.fault(0x9000_0000n, false))).rejects.toMatchObject({ errno: 'EOPNOTSUPP' });
    machine.run(vm.close(descriptor));
    expect(machine.process.pagesPinned).toBe(0);
  });

  it('an ioctl that needs a lock which another has waits for it', () => {
    const { machine, vm } = eagerMachine('a14');
    const first = vm.start();
    first.next(new Uint8Array());
    const second = vm.start();
    const { value } = second.next(new Uint8Array());
    expect(value).toMatchObject({ kind: 'wait', awaited: 'state lock free' });
    expect((value as { ready: () => boolean }).ready()).toBe(false);
    first.return();
    expect((value as { ready: () => boolean }).ready()).toBe(true);
    runOperationNow(second, {
      call: (effect) => machine.rm.call(effect),
      hypercall: () => new Uint8Array(),
      wait: () => false,
    });
    expect(vm.status).toBe(3);
  });
});
