import { describe, expect, it } from 'vitest';
import type { GunyahVm } from '../../src/host/vm-manager/index.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { Machine } from './vm-machine.js';
import { failureOf, IMAGE, PAGE, prepare, RING, RW, RWX, regionOf, TREE } from './vm-setup.js';

const nothing = { vms: [], parcels: [], pagesElsewhere: 0 };
const found = (vm: GunyahVm) =>
  vm.reports.map(({ hazard, issue }) => [hazard.name, issue.path, issue.actual]);
const pinned = ({ process }: Machine) => [process.pagesPinned, process.lockedVm];

describe('careful: RM itself refuses', () => {
  it('VM_INIT, for want of a devicetree: nothing is left', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine, new Uint8Array(64));
    expect(failureOf(() => machine.run(vm.start()))).toMatchObject({
      errno: 'EINVAL',
      endedBy: 'rm',
      actual: 'MEM_INVALID',
      path: 'vm[128].VM_INIT.error',
    });
    expect(machine.remains).toEqual(nothing);
    machine.run(vm.close(descriptor));
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it('VM_START, because the image is shared (rm-internals.md, section 4): nothing is left', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = machine.manager.createVm(machine.process);
    machine.write(TREE.page, tree({ rpc }));
    machine.run(vm.setUserMemRegion(regionOf(machine, IMAGE, RWX)));
    vm.setDtbConfig({ start: IMAGE.guest + BigInt(TREE.page) * PAGE, size: BigInt(TREE.pages) * PAGE });
    expect(failureOf(() => machine.run(vm.start())).actual).toBe('NORESOURCE');
    expect(machine.remains).toEqual(nothing);
    machine.run(vm.close(descriptor));
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it('VM_CONFIG_IMAGE: RM keeps the VMID, and dies of no VM_RESET; the memory comes back', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine);
    // Another parcel's handle, which RM finds not to be for this VM.
    machine.rewrite.set('VM_CONFIG_IMAGE', (payload) =>
      payload.map((byte, index) => (index === 4 ? 99 : byte)),
    );
    expect(failureOf(() => machine.run(vm.start())).actual).toBe('MEM_INVALID');
    expect(found(vm)).toEqual([['vmid_lost', 'vm[128]', 'INIT_FAILED']]);
    expect(machine.remains).toEqual({ ...nothing, vms: ['128 in 8'] });
    expect(failureOf(() => machine.run(vm.start())).errno).toBe('ENODEV');
    machine.run(vm.close(descriptor));
    expect(machine.bench.panics).toEqual([]);
    expect(machine.calls).not.toContain('VM_RESET');
    expect(found(vm)).toEqual([['vmid_lost', 'vm[128]', 'INIT_FAILED']]);
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it('VM_RESET of a crash-fatal VM, whose VM_INIT fails: only the VMID is lost', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine, tree({ rpc }, { 'vm-attrs': 'crash-fatal' }));
    expect(failureOf(() => machine.run(vm.start())).actual).toBe('ARGUMENT_INVALID');
    expect(found(vm)).toEqual([['vmid_lost', 'vm[128]', 'INIT_FAILED']]);
    machine.run(vm.close(descriptor));
    expect(machine.remains).toEqual({ ...nothing, vms: ['128 in 8'] });
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it('VM_RESET of a no-reset VM that has run: what it had accepted is lost with it', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine, tree({ rpc }, { 'vm-attrs': 'no-reset' }));
    machine.run(vm.start());
    machine.run(vm.close(descriptor));
    expect(found(vm)).toEqual([
      ['vmid_lost', 'vm[128]', 'EXITED'],
      ['handle_lost', 'region[label 2]', 'with handle 0'],
      ['handle_lost', 'region[label 1]', 'with handle 1'],
    ]);
    expect(pinned(machine)).toEqual([IMAGE.pages + RING.pages, IMAGE.pages + RING.pages]);
    expect(machine.remains.pagesElsewhere).toBe(IMAGE.pages + RING.pages);
  });

  it('VM_STOP of a no-shutdown VM: it goes on running, and nothing of it is touched', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine, tree({ rpc }, { 'vm-attrs': 'no-shutdown' }));
    machine.run(vm.start());
    machine.run(vm.close(descriptor));
    expect(found(vm)[0]).toEqual(['vmid_lost', 'vm[128]', 'RUNNING']);
    expect(machine.remains.vms).toEqual(['128 in 3']);
    expect(machine.process.pagesPinned).toBe(IMAGE.pages + RING.pages);
  });

  it('the calls that RM23 has not: START ends with EOPNOTSUPP, and nothing is left', () => {
    for (const generation of ['a15'] as const) {
      const machine = new Machine(generation, 'careful');
      const { vm, descriptor } = prepare(machine);
      expect(failureOf(() => machine.run(vm.start()))).toMatchObject({
        errno: 'EOPNOTSUPP',
        actual: 'UNIMPLEMENTED',
      });
      expect(machine.remains).toEqual(nothing);
      machine.run(vm.close(descriptor));
      expect(pinned(machine)).toEqual([0, 0]);
    }
  });
});

describe('a VM that ends by itself', () => {
  it.each(['careful', 'faithful'] as const)('%s: is not stopped again, and leaves nothing', (mode) => {
    const machine = new Machine('a14', mode);
    const { vm, descriptor } = prepare(machine);
    machine.run(vm.start());
    // Powered off (rm-internals.md, section 12).
    machine.bench.manager.vcpuHalt(vm.vmid, 2, [0n, 0n]);
    machine.settle();
    expect([vm.status, vm.exit?.type]).toEqual([9, 1]);
    expect(failureOf(() => machine.run(vm.start())).errno).toBe('ENODEV');
    machine.run(vm.close(descriptor));
    expect(machine.calls).not.toContain('VM_STOP');
    expect(machine.remains).toEqual(nothing);
    expect(pinned(machine)).toEqual([0, 0]);
  });
});

describe('faithful: RM itself refuses', () => {
  it('v11 shares everything, also the image, which RM23 does not take: START fails, close cleans up', () => {
    const machine = new Machine('v11', 'faithful');
    const { vm, descriptor } = prepare(machine);
    expect(failureOf(() => machine.run(vm.start())).actual).toBe('NORESOURCE');
    machine.run(vm.close(descriptor));
    expect(machine.remains).toEqual(nothing);
  });

  it('VM_CONFIG_IMAGE: VM_DEALLOC_VMID is refused too, and the VMID lost', () => {
    const machine = new Machine('a14', 'faithful');
    const { vm, descriptor } = prepare(machine);
    machine.rewrite.set('VM_CONFIG_IMAGE', (payload) =>
      payload.map((byte, index) => (index === 4 ? 99 : byte)),
    );
    failureOf(() => machine.run(vm.start()));
    machine.run(vm.close(descriptor));
    expect(found(vm)).toEqual([['vmid_lost', 'vm[128]', 'VM_STATE']]);
    expect(machine.remains).toEqual({ ...nothing, vms: ['128 in 8'] });
  });

  it('a15 on RM23: the devicetree comes back, the VMID is lost', () => {
    const machine = new Machine('a15', 'faithful');
    const { vm, descriptor } = prepare(machine);
    expect(failureOf(() => machine.run(vm.start())).errno).toBe('EOPNOTSUPP');
    machine.run(vm.close(descriptor));
    expect(found(vm)).toEqual([['vmid_lost', 'vm[128]', 'VM_STATE']]);
    expect(machine.remains).toEqual({ ...nothing, vms: ['128 in 1'] });
  });

  it('no-shutdown: close never returns', () => {
    const machine = new Machine('a14', 'faithful');
    const { vm, descriptor } = prepare(machine, tree({ rpc }, { 'vm-attrs': 'no-shutdown' }));
    machine.run(vm.start());
    expect(failureOf(() => machine.run(vm.close(descriptor)))).toMatchObject({
      code: 'never_returns',
      path: 'vm[128]',
      expected: 'status exited(9)',
      hazard: { name: 'endless_wait' },
    });
  });
});

describe('careful: memory of more ranges than one message holds', () => {
  const PAGES = 520;

  function scattered(machine: Machine) {
    const { vm, descriptor } = machine.manager.createVm(machine.process);
    const address = 0x4000_0000n;
    machine.process.map({ address, pages: PAGES, physical: 0xa000_0000n, stride: 2n * PAGE });
    const region = { label: 7, flags: RW, guestPhysAddr: 0xb000_0000n };
    machine.run(vm.lendUserMem({ ...region, memorySize: BigInt(PAGES) * PAGE, userspaceAddr: address }));
    machine.run(vm.lendUserMem(regionOf(machine, IMAGE, RWX)));
    vm.setDtbConfig({ start: IMAGE.guest + BigInt(TREE.page) * PAGE, size: BigInt(TREE.pages) * PAGE });
    machine.write(TREE.page, tree({ rpc }));
    return { vm, descriptor };
  }

  it('is given in parts, and comes back', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = scattered(machine);
    // RM takes them, but does not find room for so many in the tree that it makes for the guest.
    expect(failureOf(() => machine.run(vm.start()))).toMatchObject({ path: 'vm[128].VM_START.error' });
    expect(machine.calls.filter((name) => name === 'MEM_APPEND')).toHaveLength(1);
    machine.run(vm.close(descriptor));
    expect(machine.remains).toEqual(nothing);
    expect(pinned(machine)).toEqual([0, 0]);
  });

  it.each(['refused', 'request_lost', 'reply_lost'] as const)('a part is %s: nothing is left', (kind) => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = scattered(machine);
    machine.fault = { call: machine.calls.length + 3, kind };
    failureOf(() => machine.run(vm.start()));
    expect(machine.calls[machine.fault.call]).toBe('MEM_APPEND');
    expect(machine.remains).toEqual(nothing);
    machine.run(vm.close(descriptor));
    expect(pinned(machine)).toEqual([0, 0]);
  });
});

describe('careful: a region that is removed', () => {
  it('unpins its pages, gives its label and addresses free', () => {
    const machine = new Machine('a14', 'careful');
    const { vm } = prepare(machine);
    const removed = { ...regionOf(machine, RING, 0), memorySize: 0n };
    machine.run(vm.setUserMemRegion(removed));
    expect(machine.process.pagesPinned).toBe(IMAGE.pages);
    expect(failureOf(() => machine.run(vm.setUserMemRegion(removed)))).toMatchObject({
      errno: 'ENODEV',
      path: 'region[label 2]',
    });
    machine.run(vm.setUserMemRegion(regionOf(machine, RING, RW)));
    expect(machine.process.pagesPinned).toBe(IMAGE.pages + RING.pages);
  });

  it('stays when RM does not give it back', () => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine);
    machine.run(vm.start());
    const removed = { ...regionOf(machine, RING, 0), memorySize: 0n };
    expect(failureOf(() => machine.run(vm.setUserMemRegion(removed)))).toMatchObject({
      errno: 'EINVAL',
      path: 'region[label 2].MEM_RECLAIM.error',
      actual: 'MEM_INUSE',
    });
    expect(machine.process.pagesPinned).toBe(IMAGE.pages + RING.pages);
    machine.run(vm.close(descriptor));
    expect(machine.remains).toEqual(nothing);
    expect(pinned(machine)).toEqual([0, 0]);
  });
});
