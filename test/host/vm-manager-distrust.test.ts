import { describe, expect, it } from 'vitest';
import { VM_GET_PEERS } from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import { HostError } from '../../src/host/index.js';
import type { CreatedVm, VmGenerationName } from '../../src/host/vm-manager/index.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { Machine } from './vm-machine.js';
import { failureOf, IMAGE, PAGE, prepare, RING, RWX, regionOf, TREE } from './vm-setup.js';

const nothing = { vms: [], parcels: [], pagesElsewhere: 0 };
const generations = ['v9', 'v11', 'a14', 'a15'] as const;

/** A reply that says another number: 32 bits, as all numbers that are told here. */
const says = (value: number) => () => {
  const reply = new Uint8Array(4);
  new DataView(reply.buffer).setUint32(0, value, true);
  return reply;
};

const pinned = ({ process }: Machine) => [process.pagesPinned, process.lockedVm];

/** RM23 lacks what a15 asks for after it has given the devicetree. */
function startsAgain(machine: Machine, { vm, descriptor }: CreatedVm): void {
  machine.write(TREE.page, tree({ rpc }));
  if (machine.manager.generation.name === 'a15')
    expect(failureOf(() => machine.run(vm.start())).errno).toBe('EOPNOTSUPP');
  else machine.run(vm.start());
  machine.run(vm.close(descriptor));
  expect(machine.remains).toEqual(nothing);
  expect(pinned(machine)).toEqual([0, 0]);
}

/** A second VM of lent memory, which does not run into the first one. */
function second(machine: Machine): CreatedVm {
  const created = machine.manager.createVm(machine.process);
  const image = { ...IMAGE, page: IMAGE.page + 64 };
  machine.write(image.page + TREE.page, tree({ rpc }));
  machine.run(created.vm.lendUserMem(regionOf(machine, image, RWX)));
  created.vm.setDtbConfig({ start: IMAGE.guest + BigInt(TREE.page) * PAGE, size: BigInt(TREE.pages) * PAGE });
  return created;
}

describe('careful: RM tells a VMID that cannot be a new one', () => {
  const untrue = { 0: 'hypervisor', 3: 'host', 255: 'RM', 65534: 'any', 65535: 'none' };
  const cases = generations.flatMap((generation) =>
    Object.entries(untrue).map(([vmid, whose]) => [generation, Number(vmid), whose] as const),
  );

  it.each(cases)(
    '%s: %i, that of %s: it is refused, and the one that RM did allocate is freed',
    (generation, vmid) => {
      const machine = new Machine(generation, 'careful');
      const created = prepare(machine);
      machine.lies.set('VM_ALLOC_VMID', says(vmid));
      expect(failureOf(() => machine.run(created.vm.start()))).toMatchObject({
        ...{ call: 'START', errno: 'EBADMSG', path: 'vm.VM_ALLOC_VMID.vmid', actual: vmid },
        hazard: { name: 'vmid_unchecked' },
      });
      expect(machine.calls).not.toContain('MEM_LEND');
      expect(machine.remains).toEqual(nothing);
      expect(created.vm.reports).toEqual([]);
      machine.lies.clear();
      startsAgain(machine, created);
    },
  );

  it('that of an open VM: it is refused, and the other VM runs on', () => {
    const machine = new Machine('a14', 'careful');
    const first = prepare(machine);
    machine.run(first.vm.start());
    const before = machine.remains;
    const other = second(machine);
    machine.lies.set('VM_ALLOC_VMID', says(first.vm.vmid));
    expect(failureOf(() => machine.run(other.vm.start()))).toMatchObject({
      ...{ errno: 'EBADMSG', actual: 128 },
      hazard: { name: 'vmid_unchecked' },
    });
    expect(machine.remains).toEqual(before);
    machine.run(other.vm.close(other.descriptor));
    machine.run(first.vm.close(first.descriptor));
    expect(machine.remains).toEqual(nothing);
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it('that of a VM that is being closed: it is refused', () => {
    const machine = new Machine('a14', 'careful');
    const first = prepare(machine);
    machine.run(first.vm.start());
    const closing = first.vm.close(first.descriptor);
    closing.next(new Uint8Array());
    const other = second(machine);
    machine.lies.set('VM_ALLOC_VMID', says(first.vm.vmid));
    expect(failureOf(() => machine.run(other.vm.start())).hazard?.name).toBe('vmid_unchecked');
  });

  it('that of a closed VM that RM forgot when it booted again: it is a new one', () => {
    const machine = new Machine('a14', 'careful');
    const first = prepare(machine);
    machine.run(first.vm.start());
    machine.fault = { call: machine.calls.length, kind: 'panic' };
    machine.run(first.vm.close(first.descriptor));
    expect(first.vm.reports[0]?.hazard.name).toBe('vmid_lost');
    machine.reboot();
    const other = second(machine);
    machine.run(other.vm.start());
    expect([first.vm.vmid, other.vm.vmid]).toEqual([128, 128]);
  });
});

describe('careful: RM tells a VMID of the host that cannot be', () => {
  it.each([0, 255, 65534])('%i: the ioctl for shared memory fails, and nothing stays pinned', (vmid) => {
    const machine = new Machine('a14', 'careful');
    machine.lies.set('VM_GET_VMID', says(vmid));
    const { vm } = machine.manager.createVm(machine.process);
    expect(failureOf(() => machine.run(vm.setUserMemRegion(regionOf(machine, RING, RWX))))).toMatchObject({
      ...{ call: 'SET_USER_MEM_REGION', errno: 'EBADMSG', actual: vmid },
      hazard: { name: 'vmid_unchecked' },
    });
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it('that of a running VM, to which the memory would be given', () => {
    const machine = new Machine('a14', 'careful');
    const first = second(machine);
    machine.run(first.vm.start());
    machine.lies.set('VM_GET_VMID', says(first.vm.vmid));
    const { vm } = machine.manager.createVm(machine.process);
    const error = failureOf(() => machine.run(vm.setUserMemRegion(regionOf(machine, RING, RWX))));
    expect([error.hazard?.name, error.actual]).toEqual(['vmid_unchecked', 128]);
  });

  it('a VMID for a new VM that the host itself turned out to have', () => {
    const machine = new Machine('a14', 'careful');
    machine.lies.set('VM_GET_VMID', says(128));
    const { vm } = prepare(machine);
    const error = failureOf(() => machine.run(vm.start()));
    expect([error.hazard?.name, error.actual]).toEqual(['vmid_unchecked', 128]);
  });
});

describe('careful: RM tells a handle that cannot be right', () => {
  const gives = (generation: VmGenerationName) =>
    generation === 'a15' ? ['MEM_LEND'] : ['MEM_LEND', 'MEM_SHARE'];
  const cases = generations.flatMap((generation) =>
    gives(generation).map((name) => [generation, name] as const),
  );

  it.each(cases)(
    '%s: 0xffffffff from %s: it is refused, and the parcel that RM has is found and reclaimed',
    (generation, name) => {
      const machine = new Machine(generation, 'careful');
      const created = prepare(machine);
      machine.lies.set(name, says(0xffffffff));
      const error = failureOf(() => machine.run(created.vm.start()));
      expect(error).toMatchObject({
        ...{ call: 'START', errno: 'EBADMSG', actual: 0xffffffff, hazard: { name: 'handle_unchecked' } },
      });
      expect(error.path).toMatch(
        new RegExp(`^(vm\\[128\\]|region\\[label \\d\\]|dtb)\\..*${name}\\.mem_handle$`),
      );
      expect(machine.remains).toEqual(nothing);
      expect(created.vm.reports).toEqual([]);
      machine.lies.clear();
      startsAgain(machine, created);
    },
  );

  it.each([
    ['the later reply', 0],
    ['the earlier reply', 1],
  ])('the same handle for two parcels, %s being wrong: both are found by their contents', (_, told) => {
    const machine = new Machine('a14', 'careful');
    const created = prepare(machine);
    // RM makes the shared parcel first, with handle 0, then the lent one with handle 1.
    for (const name of ['MEM_SHARE', 'MEM_LEND']) machine.lies.set(name, says(told));
    expect(failureOf(() => machine.run(created.vm.start()))).toMatchObject({
      ...{ errno: 'EBADMSG', actual: told, hazard: { name: 'handle_unchecked' } },
    });
    expect(machine.remains).toEqual(nothing);
    expect(machine.calls.filter((name) => name === 'MEM_QCOM_LOOKUP_SGL')).toHaveLength(2);
    machine.lies.clear();
    startsAgain(machine, created);
  });

  it("that of another VM's parcel: it is refused, and the other VM keeps its memory", () => {
    const machine = new Machine('a14', 'careful');
    const first = prepare(machine);
    machine.run(first.vm.start());
    const before = machine.remains;
    const other = second(machine);
    machine.lies.set('MEM_LEND', says(1));
    expect(failureOf(() => machine.run(other.vm.start())).hazard?.name).toBe('handle_unchecked');
    expect(machine.remains).toEqual(before);
    machine.run(other.vm.close(other.descriptor));
    machine.run(first.vm.close(first.descriptor));
    expect(machine.remains).toEqual(nothing);
  });

  it('appends nothing to a parcel whose handle it does not believe', () => {
    const machine = new Machine('a14', 'careful');
    const { vm } = machine.manager.createVm(machine.process);
    machine.process.map({ address: 0x1000n, pages: 600, physical: 0x9100_0000n, stride: 2n * PAGE });
    const scattered = {
      label: 1,
      flags: RWX,
      guestPhysAddr: IMAGE.guest,
      memorySize: 600n * PAGE,
      userspaceAddr: 0x1000n,
    };
    machine.run(vm.lendUserMem(scattered));
    vm.setDtbConfig({ start: IMAGE.guest, size: PAGE });
    machine.lies.set('MEM_LEND', says(0xffffffff));
    expect(failureOf(() => machine.run(vm.start())).hazard?.name).toBe('handle_unchecked');
    expect(machine.calls).not.toContain('MEM_APPEND');
  });

  it.each([
    ['none', 0xffffffff],
    ["that of another VM's parcel", 1],
  ])(
    '%s, from MEM_QCOM_LOOKUP_SGL: the memory stays pinned and is named, and nothing else is reclaimed',
    (_, told) => {
      const machine = new Machine('a14', 'careful');
      const first = prepare(machine);
      machine.run(first.vm.start());
      const other = second(machine);
      machine.lies.set('MEM_LEND', says(0xffffffff));
      machine.lies.set('MEM_QCOM_LOOKUP_SGL', says(told));
      expect(failureOf(() => machine.run(other.vm.start()))).toBeInstanceOf(HostError);
      expect(machine.calls).not.toContain('MEM_RECLAIM');
      expect(other.vm.reports.map(({ hazard, issue }) => [hazard.name, issue.path])).toContainEqual([
        'handle_lost',
        'region[label 1]',
      ]);
      machine.lies.clear();
      machine.run(other.vm.close(other.descriptor));
      machine.run(first.vm.close(first.descriptor));
      expect(machine.remains).toEqual(nothing);
      expect(pinned(machine)).toEqual([0, 0]);
    },
  );
});

describe('careful: other answers of RM', () => {
  it('looks for a VMID that no reply told only among those that can be a new VM', () => {
    const machine = new Machine('a14', 'careful');
    const created = prepare(machine);
    machine.fault = { call: machine.calls.length, kind: 'reply_lost' };
    // The host itself, and the VM named twice.
    machine.lies.set('VM_GET_PEERS', () => codecOf(VM_GET_PEERS.reply).toBytes({ peers: [3, 128, 128] }));
    const asked: number[] = [];
    machine.rewrite.set('VM_GET_STATE', (payload) => {
      asked.push(payload[0] ?? 0);
      return payload;
    });
    failureOf(() => machine.run(created.vm.start()));
    expect(new Set(asked)).toEqual(new Set([128]));
    expect(machine.remains).toEqual(nothing);
  });
});

describe('faithful: what RM tells is taken, and the hazard is named', () => {
  it.each([
    ['VM_ALLOC_VMID', 3, 'vmid_unchecked', 'MEM_SHARE'],
    ['MEM_LEND', 0, 'handle_unchecked', 'VM_CONFIG_IMAGE'],
    ['MEM_LEND', 0xffffffff, 'handle_unchecked', 'VM_CONFIG_IMAGE'],
  ])('%s says %i', (name, told, hazard, next) => {
    const machine = new Machine('a14', 'faithful');
    const { vm } = prepare(machine);
    machine.lies.set(name, says(told));
    try {
      machine.run(vm.start());
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      expect(error.hazard?.name).not.toBe(hazard);
    }
    expect(vm.reports.map((report) => report.hazard.name)).toContain(hazard);
    expect(machine.calls).toContain(next);
  });
});
