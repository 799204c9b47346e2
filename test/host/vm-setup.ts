import { HostError } from '../../src/host/index.js';
import { type CreatedVm, regionFlags } from '../../src/host/vm-manager/index.js';
import { hasIoctl } from '../../src/host/vm-manager/ioctls.js';
import { rpc, tree } from '../rm/vm-tree.js';
import type { Machine } from './vm-machine.js';

const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, LENT } = regionFlags;
export const RW = ALLOW_READ | ALLOW_WRITE;
export const RWX = RW | ALLOW_EXEC;
export const PAGE = 0x1000n;

/** Memory of the test VMs: pages of the process by index, and where the guest has them. */
export const IMAGE = { label: 1, page: 0, pages: 16, guest: 0x8000_0000n };
export const RING = { label: 2, page: 32, pages: 2, guest: 0x9000_0000n };
/** Devicetree in the image, in pages. */
export const TREE = { page: 8, pages: 8 };

export function regionOf(machine: Machine, { label, page, pages, guest }: typeof IMAGE, flags: number) {
  return {
    label,
    flags,
    guestPhysAddr: guest,
    memorySize: BigInt(pages) * PAGE,
    userspaceAddr: machine.page(page),
  };
}

/** A VM that can be started: lent memory with the devicetree, and shared memory beside it. */
export function prepare(machine: Machine, blob = tree({ rpc })): CreatedVm {
  const created = machine.manager.createVm(machine.process);
  const { vm } = created;
  machine.write(TREE.page, blob);
  const lends = hasIoctl(machine.manager.generation.name, 'LEND_USER_MEM');
  if (lends) machine.run(vm.lendUserMem(regionOf(machine, IMAGE, RWX)));
  else machine.run(vm.setUserMemRegion(regionOf(machine, IMAGE, RWX | (machine.isCareful ? LENT : 0))));
  machine.run(vm.setUserMemRegion(regionOf(machine, RING, RW)));
  vm.setDtbConfig({ start: IMAGE.guest + BigInt(TREE.page) * PAGE, size: BigInt(TREE.pages) * PAGE });
  return created;
}

/** The HostError that this ends with. */
export function failureOf(run: () => unknown): HostError {
  try {
    run();
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  throw new Error('did not fail');
}
