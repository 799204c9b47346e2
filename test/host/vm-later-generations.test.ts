import { describe, expect, it } from 'vitest';
import { VM_STATUS } from '../../schemas/index.js';
import { regionFlags, type VmGenerationName, vmGenerations } from '../../src/host/vm-manager/index.js';
import { managers } from '../../src/rm/index.js';
import { Machine } from './vm-machine.js';
import { failureOf, IMAGE, PAGE, prepare, RING, RWX, regionOf } from './vm-setup.js';

const { LENT } = regionFlags;
const RESET_FAILED = 12;

function faithful(generation: VmGenerationName): Machine {
  return new Machine(generation, 'faithful', { profile: managers.modern });
}

describe('v10, the version of the series after v9', () => {
  const removal = { ...RING, pages: 0 };

  it('checks the guest address, which v9 does not', () => {
    const odd = { ...RING, guest: RING.guest + 8n };
    for (const [generation, errno] of [
      ['v9', undefined],
      ['v10', 'EINVAL'],
    ] as const) {
      const machine = faithful(generation);
      const { vm } = machine.manager.createVm(machine.process);
      const add = () => machine.run(vm.setUserMemRegion(regionOf(machine, odd, RWX)));
      if (errno === undefined) add();
      else expect(failureOf(add)).toMatchObject({ errno, code: 'alignment' });
    }
  });

  it('takes an unknown label with size 0 for removed; v9 answers ENODEV', () => {
    for (const [generation, errno] of [
      ['v9', 'ENODEV'],
      ['v10', undefined],
    ] as const) {
      const machine = faithful(generation);
      const { vm } = machine.manager.createVm(machine.process);
      const remove = () => machine.run(vm.setUserMemRegion(regionOf(machine, removal, RWX)));
      if (errno === undefined) remove();
      else expect(failureOf(remove).errno).toBe(errno);
    }
  });

  it('has the flag that lends, as v9', () => {
    for (const generation of ['v9', 'v10'] as const) {
      const machine = faithful(generation);
      const { vm } = machine.manager.createVm(machine.process);
      machine.run(vm.setUserMemRegion(regionOf(machine, IMAGE, RWX | LENT)));
      expect(vm.state.regions.all.map(({ lent }) => lent)).toEqual([true]);
    }
  });
});

describe('SET_USER_MEM_REGION without memory for the kernel itself', () => {
  it.each(['v9', 'v10', 'v11', 'a14'] as const)(
    '%s: ENOMEM at each allocation, and nothing is kept',
    (generation) => {
      for (const mode of ['careful', 'faithful'] as const)
        for (let fails = 0; fails < 3; fails++) {
          let asked = 0;
          const machine = new Machine(generation, mode, { hasKernelMemory: () => asked++ !== fails });
          const { vm } = machine.manager.createVm(machine.process);
          const add = () => machine.run(vm.setUserMemRegion(regionOf(machine, RING, RWX)));
          expect(failureOf(add)).toMatchObject({ errno: 'ENOMEM', code: 'memory', path: 'region[label 2]' });
          expect([machine.process.pagesPinned, machine.process.lockedVm]).toEqual([0, 0]);
          expect(vm.state.regions.all).toEqual([]);
          // There is memory again.
          add();
          expect([asked > fails, vm.state.regions.all.length]).toEqual([true, 1]);
        }
    },
  );

  it('comes after the label, before the overlap', () => {
    const machine = new Machine('a14', 'faithful', { hasKernelMemory: () => false });
    const { vm } = machine.manager.createVm(machine.process);
    expect(failureOf(() => machine.run(vm.setUserMemRegion(regionOf(machine, RING, 64)))).errno).toBe(
      'EINVAL',
    );
  });
});

describe('a16, android16-6.12, which was read and not recorded', () => {
  it('is marked so', () => {
    expect(vmGenerations.a16.evidence).toBe('read');
  });

  it('sets the boot context after it has asked for the resources', () => {
    for (const [generation, order] of [
      ['a15', ['VM_SET_BOOT_CONTEXT', 'VM_GET_HYP_RESOURCES']],
      ['a16', ['VM_GET_HYP_RESOURCES', 'VM_SET_BOOT_CONTEXT']],
    ] as const) {
      const machine = new Machine(generation, 'careful', { profile: managers.modern });
      const { vm, descriptor } = prepare(machine);
      machine.run(vm.setBootContext(0, 5n));
      machine.run(vm.start());
      expect(machine.calls.filter((name) => (order as readonly string[]).includes(name))).toEqual(order);
      machine.run(vm.close(descriptor));
      expect(machine.remains).toEqual({ vms: [], parcels: [], pagesElsewhere: 0 });
    }
  });

  it('lends the firmware before the devicetree', () => {
    for (const [generation, first] of [
      ['a15', 'dtb'],
      ['a16', 'firmware'],
    ] as const) {
      const machine = new Machine(generation, 'careful', { profile: managers.modern });
      const { vm } = prepare(machine);
      vm.setFwConfig({ start: IMAGE.guest, size: PAGE });
      const lists: Uint8Array[] = [];
      machine.rewrite.set('MEM_LEND', (payload) => {
        lists.push(payload);
        return payload;
      });
      // The simulated RM has no such firmware, so START fails after both were lent.
      failureOf(() => machine.run(vm.start()));
      const word = new Uint8Array(8);
      new DataView(word.buffer).setBigUint64(0, machine.page(IMAGE.page), true);
      const holds = (payload: Uint8Array | undefined) =>
        Buffer.from(payload as Uint8Array).includes(Buffer.from(word));
      expect(lists).toHaveLength(2);
      expect(holds(lists[first === 'firmware' ? 0 : 1])).toBe(true);
    }
  });

  it('keeps boot values of every form; v17 and a15 lose 0, and refuse small 4n + 2', () => {
    for (const generation of ['v17', 'a15'] as const) {
      const machine = faithful(generation);
      const { vm } = machine.manager.createVm(machine.process);
      machine.run(vm.setBootContext(0, 0n));
      expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['boot_value_lost']);
      for (const value of [2n, 6n, 1026n])
        expect(failureOf(() => machine.run(vm.setBootContext(1, value))).errno).toBe('EINVAL');
      machine.run(vm.setBootContext(1, 1030n));
    }
    const machine = faithful('a16');
    const { vm } = machine.manager.createVm(machine.process);
    for (const value of [0n, 2n, 1026n]) machine.run(vm.setBootContext(0, value));
    expect(vm.reports).toEqual([]);
  });

  it('ends the wait for RESET at RESET_FAILED, too', () => {
    for (const [generation, status] of [
      ['a15', 3],
      ['a16', RESET_FAILED],
    ] as const) {
      const machine = new Machine(generation, 'careful', { profile: managers.modern });
      const { vm } = prepare(machine);
      machine.run(vm.start());
      vm.notified(VM_STATUS.id, Uint8Array.of(128, 0, 0, 0, RESET_FAILED, 0, 0, 0));
      expect(vm.status).toBe(status);
    }
  });
});
