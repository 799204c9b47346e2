import { describe, expect, it } from 'vitest';
import { guestMemoryFlags } from '../../src/host/guest-memory/index.js';
import {
  type CreatedVm,
  type GunyahVm,
  mapMemFlags,
  type VmGenerationName,
} from '../../src/host/vm-manager/index.js';
import { HypervisorModel } from '../../src/hypervisor/index.js';
import { managers } from '../../src/rm/index.js';
import { inspect } from '../../src/sim/check/state.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { type Fault, Machine } from './vm-machine.js';
import { failureOf, IMAGE, PAGE, prepare, TREE } from './vm-setup.js';

const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC } = mapMemFlags;
const nothing = { vms: [], parcels: [], pagesElsewhere: 0 };
const kinds = ['refused', 'request_lost', 'reply_lost', 'panic'] as const;
const generations = ['v9', 'v11', 'a14', 'v17', 'a15'] as const;
const paged: readonly string[] = ['v17', 'a15'];

function machineOf(generation: VmGenerationName): Machine {
  return new Machine(generation, 'careful', { profile: managers.modern });
}

/** A VM that can be started. In v17 its memory is a file, from the devicetree's page on. */
function prepared(machine: Machine): CreatedVm {
  if (machine.manager.generation.name !== 'v17') return prepare(machine);
  const created = machine.manager.createVm(machine.process);
  let next = Number(machine.page(TREE.page));
  const file = machine.manager.createGuestMem({
    size: IMAGE.pages * Number(PAGE),
    flags: guestMemoryFlags.CLOEXEC,
    removeFromDirectMap: true,
    allocate: (size) => {
      next += size;
      return next - size;
    },
  });
  const request = {
    guestAddress: IMAGE.guest,
    flags: ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC,
    file,
    offset: 0n,
  };
  created.vm.mapMem({ ...request, size: BigInt(IMAGE.pages) * PAGE });
  created.vm.setDtbConfig({ start: IMAGE.guest, size: BigInt(TREE.pages) * PAGE });
  machine.write(TREE.page, tree({ rpc }));
  return created;
}

/** Runs the VM as far as a host can see it: pages of it are touched. */
function touch(machine: Machine, vm: GunyahVm): void {
  if (!paged.includes(machine.manager.generation.name)) return;
  for (const index of [0, 12, 15]) {
    const address = IMAGE.guest + BigInt(index) * PAGE;
    try {
      machine.run(vm.fault(address, true));
    } catch (error) {
      // The page is there already: the devicetree's.
      expect(error).toMatchObject({ errno: 'EAGAIN' });
    }
  }
}

/** Rules of the state that do not hold. */
function broken(machine: Machine) {
  const { manager } = machine.bench;
  if (!(manager.hypervisor instanceof HypervisorModel)) throw new Error('not the model');
  return [...inspect(manager, manager.hypervisor)];
}

interface Case {
  readonly generation: VmGenerationName;
  readonly call: number;
  readonly name: string;
  readonly kind: Fault;
}

/** Every call that START and closing make, going wrong in each way. */
function casesOf(generation: VmGenerationName): Case[] {
  const machine = machineOf(generation);
  const { vm, descriptor } = prepared(machine);
  const first = machine.calls.length;
  machine.run(vm.start());
  touch(machine, vm);
  machine.run(vm.close(descriptor));
  return machine.calls
    .slice(first)
    .flatMap((name, index) => kinds.map((kind) => ({ generation, name, kind, call: first + index })));
}

const cases = generations.flatMap(casesOf);
const titled = (list: readonly Case[]) =>
  list.map((each) => [`${each.generation} ${each.name} ${each.kind}`, each] as const);

describe('the VM managers on the modern manager', () => {
  it.each(generations)('%s boots, is touched, closes: nothing is left', (generation) => {
    for (const mode of ['careful', 'faithful'] as const) {
      // Faithful v9 and v11 cannot lend, and only a debug build starts a VM from shared memory.
      const debugBuild = mode === 'faithful' && ['v9', 'v11'].includes(generation);
      const machine = new Machine(generation, mode, { profile: managers.modern, debugBuild });
      const { vm, descriptor } = prepared(machine);
      machine.run(vm.start());
      touch(machine, vm);
      expect(broken(machine)).toEqual([]);
      expect(machine.remains.vms).toEqual(['128 in 3']);
      machine.run(vm.close(descriptor));
      expect(machine.remains).toEqual(nothing);
      expect(broken(machine)).toEqual([]);
      expect([machine.process.pagesPinned, machine.process.lockedVm]).toEqual([0, 0]);
      expect(vm.reports).toEqual([]);
    }
  });

  it('is tried with every call going wrong', () => {
    expect(cases).toHaveLength((3 * (7 + 5) + (8 + 3) + (8 + 3)) * kinds.length);
  });

  it.each(titled(cases.filter(({ kind }) => kind !== 'panic')))(
    '%s: nothing is left',
    (_, { generation, call, kind }) => {
      const machine = machineOf(generation);
      const { vm, descriptor } = prepared(machine);
      machine.fault = { call, kind };
      try {
        machine.run(vm.start());
        touch(machine, vm);
      } catch (error) {
        expect(error).toMatchObject({ call: 'START' });
        expect(machine.remains).toEqual(nothing);
      }
      machine.run(vm.close(descriptor));
      expect(machine.remains).toEqual(nothing);
      expect(broken(machine)).toEqual([]);
      expect([machine.process.pagesPinned, machine.process.lockedVm]).toEqual([0, 0]);
      expect(vm.reports).toEqual([]);
    },
  );

  it.each(titled(cases.filter(({ kind }) => kind === 'panic')))(
    '%s: what the manager had is named, and stays pinned',
    (_, { generation, call }) => {
      const machine = machineOf(generation);
      const { vm, descriptor } = prepared(machine);
      machine.fault = { call, kind: 'panic' };
      try {
        machine.run(vm.start());
        touch(machine, vm);
      } catch (error) {
        expect(error).toMatchObject({ call: 'START' });
      }
      machine.run(vm.close(descriptor));
      expect(machine.bench.panics).toHaveLength(1);
      expect(vm.reports[0]?.hazard.name).toBe('vmid_lost');
      if (generation !== 'v17')
        expect(machine.remains.pagesElsewhere).toBeLessThanOrEqual(machine.process.pagesPinned);
    },
  );
});

it('names the page and its owner when the hypervisor refuses', () => {
  const machine = machineOf('a15');
  const { vm } = prepared(machine);
  machine.run(vm.start());
  const address = machine.page(IMAGE.page);
  const { extents, memory } = machine.bench.manager.hypervisor;
  const taken = { kind: 'normal', source: { owner: 3, address: Number(address) } } as const;
  expect(memory.lend({ ...taken, target: { owner: 5, address: 0x1000 }, size: 0x1000 }, 7)).toBeUndefined();
  const error = failureOf(() => machine.run(vm.fault(IMAGE.guest, false)));
  expect(error).toMatchObject({ errno: 'EINVAL', offset: Number(address) });
  expect(String(error.actual)).toMatch(/lent, a page of VM 3$/);
  expect(machine.process.isPinned(address)).toBe(false);
  expect(
    extents.perform(3, { name: 'memextent_donate', options: 0, from: 1n, to: 2n, address, size: 0n }),
  ).toEqual({
    error: 1,
  });
});
