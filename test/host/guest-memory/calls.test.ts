import { describe, expect, it } from 'vitest';
import { fallocateModes, finish, guestMemoryFlags } from '../../../src/host/guest-memory/index.js';
import { mapMemFlags } from '../../../src/host/vm-manager/index.js';
import { managers } from '../../../src/rm/index.js';
import { rpc, tree } from '../../rm/vm-tree.js';
import { Machine } from '../vm-machine.js';
import { failureOf, IMAGE } from '../vm-setup.js';
import { hostPages } from './host-pages.js';

const PAGE = 0x1000;
const HLOS = 3;
const { KEEP_SIZE, PUNCH_HOLE } = fallocateModes;
const PUNCH = KEEP_SIZE | PUNCH_HOLE;
const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC } = mapMemFlags;

/** A v17 VM that runs, of whose file pages 0 to 8 and 12 are lent. */
function running(mode: 'careful' | 'faithful') {
  const machine = new Machine('v17', mode, { profile: managers.modern });
  const { memory } = machine.bench.manager.hypervisor;
  const created = machine.manager.createVm(machine.process);
  let next = Number(machine.page(0));
  const file = machine.manager.createGuestMem({
    size: 16 * PAGE,
    flags: guestMemoryFlags.CLOEXEC,
    removeFromDirectMap: true,
    allocate: (size) => {
      next += size;
      return next - size;
    },
    pages: hostPages(memory, HLOS),
  });
  const flags = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;
  const size = BigInt(16 * PAGE);
  created.vm.mapMem({ guestAddress: IMAGE.guest, flags, file, offset: 0n, size });
  created.vm.setDtbConfig({ start: IMAGE.guest, size: BigInt(8 * PAGE) });
  machine.write(0, tree({ rpc }));
  machine.run(created.vm.start());
  machine.run(created.vm.fault(IMAGE.guest + BigInt(12 * PAGE), true));
  const fallocate = (mode: number, offset: number, length: number) =>
    machine.run(machine.manager.fallocate(file, mode, { offset: offset * PAGE, size: length * PAGE }, 'vmm'));
  const lent = () => file.folios.filter(({ holds }) => holds.length > 0).map(({ offset }) => offset / PAGE);
  return { machine, file, ...created, fallocate, lent };
}

describe('calls of a process on a guest memory file (v17)', () => {
  it('careful: the range that was meant is punched, and a lent page refuses it', () => {
    const { machine, file, vm, descriptor, fallocate, lent } = running('careful');
    expect(lent()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 12]);
    fallocate(KEEP_SIZE, 14, 1);
    fallocate(PUNCH, 13, 2);
    expect(file.folios.at(-1)?.offset).toBe(12 * PAGE);
    expect(failureOf(() => fallocate(PUNCH, 12, 1))).toMatchObject({
      errno: 'EBUSY',
      path: 'page[12]',
      actual: 'lent to vm[128]',
    });
    expect([lent().length, vm.reports]).toEqual([9, []]);
    machine.run(vm.close(descriptor));
    fallocate(PUNCH, 0, 16);
    expect([file.folios, machine.remains.pagesElsewhere]).toEqual([[], 0]);
  });

  it('faithful: byte offsets are taken for page numbers, so offset 0 takes everything from the VM', () => {
    const { file, vm, fallocate } = running('faithful');
    fallocate(PUNCH, 0, 1);
    expect(file.folios).toEqual([]);
    expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['punches_elsewhere']);
  });

  it('faithful: any other offset misses', () => {
    const { fallocate, lent, vm } = running('faithful');
    fallocate(PUNCH, 12, 1);
    expect(lent()).toContain(12);
    expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['punches_elsewhere']);
  });

  it('faithful: a page that cannot be freed is EBUSY, and the rest goes on', () => {
    const { file, fallocate } = running('faithful');
    fallocate(KEEP_SIZE, 14, 2);
    finish(file.hold('pin', 'disk', { offset: 15 * PAGE, size: PAGE }));
    expect(failureOf(() => fallocate(PUNCH, 0, 1))).toMatchObject({
      errno: 'EBUSY',
      actual: 'pinned by disk',
    });
    expect(file.folios.map(({ offset }) => offset / PAGE)).toEqual([15]);
  });

  it('a file that is bound to a VM is not released', () => {
    const { machine, file, vm, descriptor } = running('careful');
    expect(failureOf(() => machine.manager.releaseGuestMem(file, 'vmm'))).toMatchObject({
      errno: 'EBUSY',
      path: 'page[0]',
      actual: 'vm[128]',
    });
    machine.run(vm.close(descriptor));
    machine.manager.releaseGuestMem(file, 'vmm');
    expect(file.folios).toEqual([]);
  });

  it('a15 has no such files: ENOTTY', () => {
    const machine = new Machine('a15', 'careful', { profile: managers.modern });
    const options = { size: PAGE, flags: 0n, removeFromDirectMap: true, allocate: () => 0 };
    expect(failureOf(() => machine.manager.createGuestMem(options)).errno).toBe('ENOTTY');
  });
});
