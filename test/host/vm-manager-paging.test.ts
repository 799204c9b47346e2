import { describe, expect, it } from 'vitest';
import { finish, type GuestMemoryFile, guestMemoryFlags } from '../../src/host/guest-memory/index.js';
import { HostError } from '../../src/host/index.js';
import {
  type GunyahVm,
  type MapMemRequest,
  mapMemFlags,
  regionFlags,
  type VmManager,
} from '../../src/host/vm-manager/index.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { StubMachine } from './stub-machine.js';
import type { StubOptions } from './stub-rm.js';
import { Machine } from './vm-machine.js';
import { failureOf } from './vm-setup.js';

const { FORCE_LEND, FORCE_SHARE, ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, UNMAP } = mapMemFlags;
const RWX = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;
const MEMORY = 0x9000_0000;
const GUEST = 0x8000_0000n;
const SIZE = 0x1_0000;

function fileOf(manager: VmManager, flags = 0n, size = SIZE): GuestMemoryFile {
  let next = MEMORY;
  return manager.createGuestMem({
    size,
    flags,
    removeFromDirectMap: true,
    allocate: (wanted) => {
      next += wanted;
      return next - wanted;
    },
  });
}

function v17(mode: 'careful' | 'faithful', stub: StubOptions = {}, mapsKernelPagewise = true) {
  const machine = new StubMachine({ generation: 'v17', mode, mapsKernelPagewise }, stub);
  const { vm, descriptor } = machine.manager.createVm(machine.process);
  const file = fileOf(machine.manager);
  const request: MapMemRequest = { guestAddress: GUEST, flags: RWX, file, offset: 0n, size: BigInt(SIZE) };
  return { machine, vm, descriptor, file, request };
}

function resultOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HostError) return error.errno;
    throw error;
  }
  return '0';
}

/** State of each page of a file that is there. */
const statesOf = (file: GuestMemoryFile) => file.folios.map(({ state }) => state);

describe('MAP_MEM (client.md, section 8)', () => {
  it.each<[string, Partial<MapMemRequest>, string, string?]>([
    ['access by default', {}, '0'],
    ['lend', { flags: RWX | FORCE_LEND }, '0'],
    ['share', { flags: RWX | FORCE_SHARE }, '0'],
    ['access 3', { flags: RWX | 3 }, 'EINVAL'],
    ['no right', { flags: FORCE_LEND }, 'EINVAL'],
    ['other flags', { flags: RWX | 0x80 }, 'EINVAL'],
    ['another file', { file: undefined }, 'EINVAL'],
    ['guest address not aligned', { guestAddress: GUEST + 1n }, 'EINVAL'],
    ['offset not aligned', { offset: 1n }, 'EINVAL'],
    ['size not aligned', { size: 0x1001n }, 'EINVAL'],
    ['size 0', { size: 0n }, 'EINVAL'],
    ['size 0 at address 0', { guestAddress: 0n, size: 0n }, '0', 'EINVAL'],
    ['wraps', { guestAddress: 2n ** 64n - 0x1000n }, 'EINVAL'],
    ['beyond the file', { offset: 0x1000n }, '0', 'EINVAL'],
    ['unmap what is not bound', { flags: RWX | UNMAP }, 'ENOENT'],
  ])('%s', (_, change, faithful, careful = faithful) => {
    for (const [mode, result] of [
      ['faithful', faithful],
      ['careful', careful],
    ] as const) {
      const { vm, request } = v17(mode);
      expect([mode, resultOf(() => vm.mapMem({ ...request, ...change }))]).toEqual([mode, result]);
    }
  });

  it('aligns to the huge pages of a file that has them', () => {
    const { machine, vm } = v17('careful');
    const file = fileOf(machine.manager, guestMemoryFlags.ALLOW_HUGEPAGE, 0x400000);
    const request = { guestAddress: GUEST, flags: RWX, file, offset: 0n };
    expect(resultOf(() => vm.mapMem({ ...request, size: 0x1000n }))).toBe('EINVAL');
    expect(resultOf(() => vm.mapMem({ ...request, size: 0x200000n }))).toBe('0');
  });

  it('lends only where the kernel maps memory by page', () => {
    const { vm, request } = v17('careful', {}, false);
    expect(resultOf(() => vm.mapMem(request))).toBe('EINVAL');
    expect(resultOf(() => vm.mapMem({ ...request, flags: RWX | FORCE_SHARE }))).toBe('0');
  });

  it('binds no guest address twice, and no part of a file, whichever VM has it; close ends that', () => {
    const { machine, vm, request, descriptor } = v17('careful');
    vm.mapMem({ ...request, size: 0x4000n });
    const other = machine.manager.createVm(machine.process).vm;
    expect(resultOf(() => vm.mapMem({ ...request, offset: 0x8000n, size: 0x1000n }))).toBe('EEXIST');
    expect(resultOf(() => other.mapMem({ ...request, offset: 0x3000n, size: 0x1000n }))).toBe('EEXIST');
    expect(resultOf(() => other.mapMem({ ...request, offset: 0x4000n, size: 0x1000n }))).toBe('0');
    machine.run(vm.close(descriptor));
    expect(resultOf(() => other.mapMem({ ...request, guestAddress: 0n, size: 0x1000n }))).toBe('0');
  });

  it('unmaps an end, not the middle; flags must be the same', () => {
    const { vm, request } = v17('careful');
    vm.mapMem(request);
    const unmap = { ...request, flags: RWX | UNMAP, size: 0x1000n };
    expect(resultOf(() => vm.mapMem({ ...unmap, guestAddress: GUEST + 0x1000n }))).toBe('EINVAL');
    expect(resultOf(() => vm.mapMem({ ...unmap, flags: ALLOW_READ | UNMAP }))).toBe('ENOENT');
    vm.mapMem(unmap);
    vm.mapMem({ ...unmap, guestAddress: GUEST + 0xf000n });
    expect(vm.state.bindings.map(({ range, offset }) => [range, offset])).toEqual([
      [{ start: GUEST + 0x1000n, size: 0xe000n }, 0x1000n],
    ]);
    vm.mapMem({ ...unmap, guestAddress: GUEST + 0x1000n, size: 0xe000n });
    expect(vm.state.bindings).toEqual([]);
  });
});

describe('v17: START from guest memory', () => {
  const devicetree = { start: GUEST + 0x2000n, size: 0x2000n };

  it('gives RM the memory of the devicetree only; the hypervisor takes it back', () => {
    const { machine, vm, descriptor, file, request } = v17('faithful');
    vm.mapMem(request);
    vm.setDtbConfig(devicetree);
    machine.run(vm.setBootContext(0x100, 0x1234n));
    machine.run(vm.start());
    expect(statesOf(file)).toEqual(['inaccessible', 'inaccessible']);
    machine.run(vm.close(descriptor));
    expect(machine.log).toEqual([
      '56000001 00000000',
      '51000012 0000000000000000010000008000070002000000000000900000000000100000000000000010009000000000001000000000000000000000',
      '56000009 80000000420000000000000000000000000000000000000000000000000000000020000000000000',
      '56000033 800000000100000000000080000000000000010000000000',
      '56000034 800000000000000000200080000000000020000000000000',
      '5600000b 80000000',
      '56000031 80000100000000003412000000000000',
      '56000020 80000000',
      '56000004 80000000',
      '56000005 8000010003000000',
      'hypercall addrspace_unmap gpa 0x80002000 flags 0x80000003',
      'hypercall memextent_donate opt 0x80000004 from 16 to 18',
      'hypercall addrspace_unmap gpa 0x80003000 flags 0x3',
      'hypercall memextent_donate opt 0x4 from 16 to 18',
      '56000006 80000000',
      '56000002 80000000',
    ]);
    expect(statesOf(file)).toEqual(['accessible', 'accessible']);
  });

  it('gives whole huge pages, and says where in them the devicetree is', () => {
    const { machine, vm } = v17('faithful');
    const file = fileOf(machine.manager, guestMemoryFlags.ALLOW_HUGEPAGE, 0x400000);
    vm.mapMem({ guestAddress: GUEST, flags: RWX, file, offset: 0n, size: 0x400000n });
    vm.setDtbConfig(devicetree);
    machine.run(vm.start());
    expect(machine.log.slice(1, 5)).toEqual([
      '51000012 00000000000000000100000080000700010000000000009000000000000020000000000000000000',
      '56000009 80000000420000000000000000000000000000000000000000200000000000000020000000000000',
      '56000033 800000000100000000000080000000000000400000000000',
      '56000034 800000000000000000000080000000000000200000000000',
    ]);
    // The rest of a huge page comes with its first byte.
    machine.run(vm.fault(GUEST + 0x3f_f000n, false));
    for (const there of [0x20_0000n, 0x30_1000n, 0x1f_f000n])
      expect(resultOf(() => machine.run(vm.fault(GUEST + there, false)))).toBe('EAGAIN');
  });

  it('wants all of the devicetree in one binding, and a whole page', () => {
    for (const [range, errno] of [
      [{ start: GUEST, size: 0x1_1000n }, 'ENOENT'],
      [{ start: 0x1000n, size: 0x1000n }, 'ENOENT'],
      [{ start: GUEST, size: 0x800n }, 'EINVAL'],
    ] as const) {
      const { machine, vm, request } = v17('faithful');
      vm.mapMem(request);
      vm.setDtbConfig(range);
      expect(failureOf(() => machine.run(vm.start())).errno).toBe(errno);
    }
  });

  it('cannot share the devicetree; the careful one can', () => {
    for (const [mode, result] of [
      ['faithful', 'ENOMEM'],
      ['careful', '0'],
    ] as const) {
      const { machine, vm, request, descriptor, file } = v17(mode);
      vm.mapMem({ ...request, flags: RWX | FORCE_SHARE });
      vm.setDtbConfig(devicetree);
      expect(resultOf(() => machine.run(vm.start()))).toBe(result);
      machine.run(vm.close(descriptor));
      expect(file.folios.flatMap(({ holds }) => holds)).toEqual([]);
    }
  });

  it('refuses memory that the host still maps, and says which page and who', () => {
    const { machine, vm, file, request } = v17('careful');
    vm.mapMem(request);
    vm.setDtbConfig(devicetree);
    finish(file.hold('mapping', 'vmm', { offset: 0x3000, size: 0x1000 }));
    expect(failureOf(() => machine.run(vm.start()))).toMatchObject({
      errno: 'EBUSY',
      path: 'binding[0x80000000].make_inaccessible.page[3]',
      offset: 0x3000,
      actual: 'mapped by vmm',
    });
    finish(file.drop('mapping', 'vmm', { offset: 0x3000, size: 0x1000 }));
    machine.run(vm.start());
    expect(vm.status).toBe(3);
  });

  it.each(['careful', 'faithful'] as const)('%s on RM23: EOPNOTSUPP; the memory comes back', (mode) => {
    const machine = new Machine('v17', mode);
    const { vm, descriptor } = machine.manager.createVm(machine.process);
    const file = fileOf(machine.manager);
    vm.mapMem({ guestAddress: GUEST, flags: RWX, file, offset: 0n, size: BigInt(SIZE) });
    vm.setDtbConfig({ start: GUEST, size: 0x8000n });
    machine.write(0, tree({ rpc }));
    expect(failureOf(() => machine.run(vm.start())).errno).toBe('EOPNOTSUPP');
    machine.run(vm.close(descriptor));
    expect(machine.remains).toEqual({
      vms: mode === 'careful' ? [] : ['128 in 1'],
      parcels: [],
      pagesElsewhere: 0,
    });
    expect(new Set(statesOf(file))).toEqual(new Set(['accessible']));
    expect(file.folios.flatMap(({ holds }) => holds)).toEqual([]);
  });
});

describe('page faults (v17, a15)', () => {
  function started(flags: number, lend: boolean): { machine: StubMachine; vm: GunyahVm; descriptor: number } {
    const machine = new StubMachine({ generation: 'a15', mode: 'careful' });
    machine.process.map({ address: 0n, pages: 64, physical: 0x9000_0000n });
    const { vm, descriptor } = machine.manager.createVm(machine.process);
    const region = { label: 1, flags: 7, guestPhysAddr: GUEST, memorySize: 0x4000n, userspaceAddr: 0n };
    machine.run(vm.lendUserMem(region));
    const second = { ...region, label: 2, flags, guestPhysAddr: 0xa000_0000n, userspaceAddr: 0x8000n };
    machine.run(lend ? vm.lendUserMem(second) : vm.setUserMemRegion(second));
    vm.setDtbConfig({ start: GUEST, size: 0x1000n });
    machine.run(vm.start());
    machine.log.length = 0;
    return { machine, vm, descriptor };
  }

  it('bring a page to the VM by hypercalls, which close takes back by rising address', () => {
    const { machine, vm, descriptor } = started(7, true);
    machine.run(vm.fault(0xa000_1234n, true));
    machine.run(vm.fault(0xa000_0000n, false));
    expect(machine.process.pagesPinned).toBe(3);
    machine.run(vm.close(descriptor));
    expect(machine.log).toEqual([
      'hypercall memextent_donate opt 0x3 from 18 to 16',
      'hypercall addrspace_map gpa 0xa0001000 flags 0x3',
      'hypercall memextent_donate opt 0x3 from 18 to 16',
      'hypercall addrspace_map gpa 0xa0000000 flags 0x3',
      '56000005 8000010003000000',
      'hypercall addrspace_unmap gpa 0x80000000 flags 0x80000003',
      'hypercall memextent_donate opt 0x80000004 from 16 to 18',
      'hypercall addrspace_unmap gpa 0xa0000000 flags 0x80000003',
      'hypercall memextent_donate opt 0x80000004 from 16 to 18',
      'hypercall addrspace_unmap gpa 0xa0001000 flags 0x3',
      'hypercall memextent_donate opt 0x4 from 16 to 18',
      '56000006 80000000',
      '56000002 80000000',
    ]);
    expect(machine.process.pagesPinned).toBe(0);
  });

  it('are refused where nothing is, where the page is, and for a write that is not allowed', () => {
    const { machine, vm } = started(regionFlags.ALLOW_READ, false);
    expect(resultOf(() => machine.run(vm.fault(0xb000_0000n, false)))).toBe('ENOENT');
    expect(resultOf(() => machine.run(vm.fault(GUEST, false)))).toBe('EAGAIN');
    expect(resultOf(() => machine.run(vm.fault(0xa000_0000n, true)))).toBe('EPERM');
    expect(resultOf(() => machine.run(vm.fault(0xa000_0000n, false)))).toBe('0');
    expect(machine.log).toEqual([
      'hypercall memextent_donate opt 0x2 from 17 to 19',
      'hypercall addrspace_map gpa 0xa0000000 flags 0x5',
    ]);
  });

  it('undo what they did when the hypervisor refuses', () => {
    for (const refused of ['memextent_donate', 'addrspace_map']) {
      const { machine, vm, descriptor } = started(7, true);
      machine.refuseHypercall = refused;
      expect(resultOf(() => machine.run(vm.fault(0xa000_0000n, false)))).toBe('EBUSY');
      expect(machine.process.pagesPinned).toBe(1);
      machine.refuseHypercall = undefined;
      machine.run(vm.fault(0xa000_0000n, false));
      machine.run(vm.close(descriptor));
      expect(machine.process.pagesPinned).toBe(0);
    }
  });

  it('leave pages pinned that the hypervisor does not give back, and name them', () => {
    const { machine, vm, descriptor } = started(7, true);
    machine.refuseHypercall = 'addrspace_unmap';
    machine.run(vm.close(descriptor));
    expect(machine.process.pagesPinned).toBe(1);
    expect(vm.reports.map(({ hazard, issue }) => [hazard.name, issue.path, issue.offset])).toEqual([
      ['pages_pinned', 'dtb', 0x9000_0000],
    ]);
  });

  it('keep a region from being removed whose memory the VM has', () => {
    const { machine, vm } = started(7, true);
    const removed = { label: 1, flags: 0, guestPhysAddr: 0n, memorySize: 0n, userspaceAddr: 0n };
    expect(failureOf(() => machine.run(vm.setUserMemRegion(removed)))).toMatchObject({
      errno: 'EBUSY',
      path: 'region[label 1]',
    });
  });
});
