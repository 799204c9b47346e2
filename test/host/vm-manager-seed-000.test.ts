import { describe, expect, it } from 'vitest';
import { HostError } from '../../src/host/index.js';
import {
  readUserMemRegion,
  regionCommand,
  regionFlags,
  UserProcess,
} from '../../src/host/vm-manager/index.js';
import { Machine } from './vm-machine.js';
import { failureOf, IMAGE, PAGE, prepare, RING, RW, RWX, regionOf } from './vm-setup.js';

/** `struct gh_userspace_memory_region` of a region. */
function bytesOf({ label, flags, guestPhysAddr, memorySize, userspaceAddr }: ReturnType<typeof regionOf>) {
  const view = new DataView(new ArrayBuffer(32));
  view.setUint32(0, label, true);
  view.setUint32(4, flags, true);
  view.setBigUint64(8, guestPhysAddr, true);
  view.setBigUint64(16, memorySize, true);
  view.setBigUint64(24, userspaceAddr, true);
  return new Uint8Array(view.buffer);
}

function faithful() {
  const machine = new Machine('v9', 'faithful');
  const { vm, descriptor } = machine.manager.createVm(machine.process);
  return { machine, vm, descriptor, ring: regionOf(machine, RING, RW) };
}

const SET = regionCommand('SET_USER_MEM_REGION');

describe('review of version 9, patch 13: GH_VM_SET_USER_MEM_REGION', () => {
  it('_IOW(GH_IOCTL_TYPE, 0x1, struct gh_userspace_memory_region), 32 bytes', () => {
    expect([SET, regionCommand('LEND_USER_MEM')]).toEqual([0x40204701, 0x40204111]);
  });

  it('the structure: label, flags, guest_phys_addr, memory_size, userspace_addr', () => {
    const region = {
      ...{ label: 0x01020304, flags: 0x05060708, guestPhysAddr: 0x1112131415161718n },
      ...{ memorySize: 0x2122232425262728n, userspaceAddr: 0x3132333435363738n },
    };
    expect(readUserMemRegion('SET_USER_MEM_REGION', bytesOf(region))).toEqual(region);
  });

  it('adds a region by its bytes', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.ioctl(SET, bytesOf(ring)));
    expect(vm.state.regions.all[0]?.request).toEqual(ring);
    expect(machine.process.pagesPinned).toBe(RING.pages);
  });

  it.each([0, 31])('copy_from_user of %i bytes: EFAULT, before anything else is looked at', (size) => {
    const { machine, vm, ring } = faithful();
    const argument = bytesOf({ ...ring, flags: 0xff00 }).subarray(0, size);
    expect(failureOf(() => machine.run(vm.ioctl(SET, argument)))).toMatchObject({
      ...{ call: 'SET_USER_MEM_REGION', errno: 'EFAULT', path: 'arg', expected: 32, actual: size },
    });
  });

  it.each([
    ['size', 0x40284701],
    ['direction', 0x80204701],
    ['type', 0x40204801],
    ['number', 0x40204770],
  ])('another %s: ENOTTY', (_, command) => {
    const { machine, vm, ring } = faithful();
    expect(failureOf(() => machine.run(vm.ioctl(command, bytesOf(ring)))).errno).toBe('ENOTTY');
  });

  it('LEND_USER_MEM came later: ENOTTY', () => {
    const { machine, vm, ring } = faithful();
    const command = regionCommand('LEND_USER_MEM');
    expect(failureOf(() => machine.run(vm.ioctl(command, bytesOf(ring)))).errno).toBe('ENOTTY');
  });

  it('GH_MEM_LENT is a flag, and the host is in no ACL then', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion({ ...ring, flags: RW | regionFlags.LENT }));
    expect(vm.state.regions.all[0]?.parcel?.isShared).toBe(false);
    expect(machine.calls).toEqual([]);
  });

  it('all other flag bits are reserved: EINVAL, also with size 0', () => {
    const { machine, vm, ring } = faithful();
    for (const memorySize of [PAGE, 0n])
      expect(
        failureOf(() => machine.run(vm.setUserMemRegion({ ...ring, memorySize, flags: 16 }))).errno,
      ).toBe('EINVAL');
  });

  it('memory_size 0 takes the region with the label away; without such a region ENODEV', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    machine.run(vm.setUserMemRegion({ ...ring, memorySize: 0n }));
    expect(machine.process.pagesPinned).toBe(0);
    expect(failureOf(() => machine.run(vm.setUserMemRegion({ ...ring, memorySize: 0n })))).toMatchObject({
      ...{ errno: 'ENODEV', path: 'region[label 2]' },
    });
  });

  it('memory_size and userspace_addr are multiples of a page, guest_phys_addr need not be', () => {
    const { machine, vm, ring } = faithful();
    for (const wrong of [{ memorySize: 0x1800n }, { userspaceAddr: ring.userspaceAddr + 8n }])
      expect(failureOf(() => machine.run(vm.setUserMemRegion({ ...ring, ...wrong }))).errno).toBe('EINVAL');
    machine.run(vm.setUserMemRegion({ ...ring, guestPhysAddr: ring.guestPhysAddr + 8n }));
    expect(vm.state.regions.all).toHaveLength(1);
  });

  it('the careful manager wants the guest address aligned, too', () => {
    const machine = new Machine('v9', 'careful');
    const { vm } = machine.manager.createVm(machine.process);
    const ring = regionOf(machine, RING, RW);
    const unaligned = { ...ring, guestPhysAddr: ring.guestPhysAddr + 8n };
    expect(failureOf(() => machine.run(vm.setUserMemRegion(unaligned))).errno).toBe('EINVAL');
  });

  it('a label that is there already, or guest addresses that overlap: EEXIST', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    const apart = { ...ring, guestPhysAddr: 0xa000_0000n };
    expect(failureOf(() => machine.run(vm.setUserMemRegion(apart))).code).toBe('label');
    expect(failureOf(() => machine.run(vm.setUserMemRegion({ ...ring, label: 3 }))).code).toBe('overlap');
  });

  it.each([
    ['v9', 'faithful', 'EINTR'],
    ['a14', 'careful', 'EINTR'],
    ['a14', 'faithful', undefined],
  ] as const)('mutex_lock_interruptible (%s %s)', (generation, mode, errno) => {
    const machine = new Machine(generation, mode);
    const { vm } = machine.manager.createVm(machine.process);
    const holder = vm.setUserMemRegion(regionOf(machine, RING, RW));
    expect(holder.next(new Uint8Array()).value).toMatchObject({
      kind: 'call',
      message: { name: 'VM_GET_VMID' },
    });
    const waiting = vm.setUserMemRegion(regionOf(machine, IMAGE, RWX));
    const { value: wait } = waiting.next(new Uint8Array());
    expect(wait).toMatchObject({ kind: 'wait', awaited: 'memory lock free', bounded: errno !== undefined });
    if (errno === undefined) return;
    const signal = new HostError('wait', 'EIO', 'local', {
      ...{ code: 'signal', path: '', offset: 0, expected: 'the lock', actual: 'a signal' },
    });
    expect(failureOf(() => waiting.throw(signal))).toMatchObject({
      ...{ call: 'SET_USER_MEM_REGION', errno, code: 'interrupted', expected: 'memory lock free' },
    });
    // The lock is still that of the first ioctl.
    expect(vm.setUserMemRegion(regionOf(machine, IMAGE, RWX)).next(new Uint8Array()).value).toMatchObject({
      kind: 'wait',
    });
  });

  it('a handle 0xffffffff from RM means none: nothing is reclaimed, and the pages are unpinned that RM has', () => {
    const machine = new Machine('v9', 'faithful');
    const { vm } = prepare(machine);
    machine.lies.set('MEM_SHARE', () => Uint8Array.of(255, 255, 255, 255));
    try {
      machine.run(vm.start());
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
    expect(vm.reports.map(({ hazard }) => hazard.name)).toContain('handle_unchecked');
    machine.run(vm.setUserMemRegion({ ...regionOf(machine, RING, RW), memorySize: 0n }));
    expect(machine.calls).not.toContain('MEM_RECLAIM');
    expect(machine.process.isPinned(machine.page(RING.page))).toBe(false);
    expect(machine.remains.parcels).toHaveLength(2);
  });

  it('memory extents are checked after flags and alignment: EOPNOTSUPP', () => {
    const machine = new Machine('v9', 'faithful', { hasMemoryExtents: false });
    const { vm } = machine.manager.createVm(machine.process);
    const ring = regionOf(machine, RING, RW);
    expect(failureOf(() => machine.run(vm.setUserMemRegion(ring))).errno).toBe('EOPNOTSUPP');
    expect(failureOf(() => machine.run(vm.setUserMemRegion({ ...ring, flags: 16 }))).errno).toBe('EINVAL');
    expect(failureOf(() => machine.run(vm.setUserMemRegion({ ...ring, memorySize: 1n }))).errno).toBe(
      'EINVAL',
    );
  });

  it('regions that touch do not overlap', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    const behind = { ...ring, label: 3, guestPhysAddr: ring.guestPhysAddr + ring.memorySize };
    machine.run(vm.setUserMemRegion(behind));
    expect(vm.state.regions.all).toHaveLength(2);
  });

  it('neighbouring pages are one memory entry, others are not', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    expect(vm.state.regions.all[0]?.pieces.map(({ size }) => size)).toEqual([BigInt(RING.pages) * PAGE]);
    const scattered = new UserProcess('scattered', [
      { address: 0n, pages: 3, physical: 0x9000_0000n, stride: 2n * PAGE },
    ]);
    const other = machine.manager.createVm(scattered).vm;
    machine.run(other.setUserMemRegion({ ...ring, userspaceAddr: 0n, memorySize: 3n * PAGE }, scattered));
    expect(other.state.regions.all[0]?.pieces).toHaveLength(3);
  });

  it('pages are pinned when the region is added, and unpinned when it is taken away', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    expect(machine.process.pagesPinned).toBe(RING.pages);
    machine.run(vm.setUserMemRegion({ ...ring, memorySize: 0n }));
    expect([machine.process.pagesPinned, vm.state.regions.all.length]).toEqual([0, 0]);
  });

  it('a failed reclaim leaves the pages pinned and is a warning', () => {
    const machine = new Machine('v9', 'faithful', { debugBuild: true });
    const { vm } = prepare(machine);
    machine.run(vm.start());
    // The VM has accepted the region, so RM keeps it.
    machine.run(vm.setUserMemRegion({ ...regionOf(machine, RING, RW), memorySize: 0n }));
    expect(machine.calls.at(-1)).toBe('MEM_RECLAIM');
    expect(machine.process.isPinned(machine.page(RING.page))).toBe(true);
    expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['pages_pinned']);
  });

  it('without GH_MEM_LENT the host keeps its access: guest with its rights, then the host with all', () => {
    const { machine, vm, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    expect(vm.state.regions.all[0]?.parcel?.aclFor(128)).toEqual([
      { vmid: 128, rights: 6 },
      { vmid: 3, rights: 7 },
    ]);
  });

  it('closing the descriptor takes all regions away', () => {
    const { machine, vm, descriptor, ring } = faithful();
    machine.run(vm.setUserMemRegion(ring));
    machine.run(vm.close(descriptor));
    expect([machine.process.pagesPinned, vm.state.regions.all.length]).toEqual([0, 0]);
  });

  it('fewer pages than asked for: EFAULT, and none stays pinned', () => {
    const { machine, vm, ring } = faithful();
    const beyond = { ...ring, userspaceAddr: machine.page(0xfff), memorySize: 2n * PAGE };
    expect(failureOf(() => machine.run(vm.setUserMemRegion(beyond))).errno).toBe('EFAULT');
    expect(machine.process.pagesPinned).toBe(0);
  });
});
