import { describe, expect, it } from 'vitest';
import {
  Access,
  BLOCK_SIZE,
  INTERNAL_LIMIT,
  InternalVm,
  type MemorySlot,
  memorySlotFlags,
  PAGE_SIZE,
  PhysicalMemory,
  PRIVATE_MEM_SLOTS,
  type Refusal,
  USER_MEM_SLOTS,
} from '../../src/hypervisor/index.js';

/* The review of "KVM, arm, arm64: Offer PAs to IPAs idmapping to internal VMs", August 2017. */

const HOST = 3;
const VM = 200;
const BASE = 0x80000000;
const SIZE = 8 * BLOCK_SIZE;
const { LOG_DIRTY_PAGES, READONLY } = memorySlotFlags;

/** An internal VM that owns memory, which is mapped nowhere yet. @param size from BASE on. */
function machine(size = SIZE, tablePages = Number.POSITIVE_INFINITY) {
  const memory = new PhysicalMemory({
    tablePagesMax: (owner) => (owner === VM ? tablePages : Number.POSITIVE_INFINITY),
  });
  memory.add('normal', BASE, SIZE, HOST);
  memory.add('io', 0x10000000, PAGE_SIZE, HOST);
  const vm = new InternalVm(memory, VM);
  give(memory, BASE, size);
  return { memory, vm, space: memory.addressSpace(VM) };
}

function give(memory: PhysicalMemory, address: number, size: number, kind: 'normal' | 'io' = 'normal'): void {
  const nowhere = { owner: VM, address: undefined };
  expect(memory.donate({ kind, source: { owner: HOST, address }, target: nowhere, size })).toBeUndefined();
}

function slotOf(changes: Partial<MemorySlot> = {}): MemorySlot {
  const first = { slot: USER_MEM_SLOTS, flags: 0, guestAddress: BASE, size: BLOCK_SIZE };
  return { ...first, userspaceAddress: 0x7fff_dead_b000n, ...changes };
}

function errorOf(refusal: Refusal | undefined) {
  return refusal && [refusal.errno, refusal.code];
}

describe('internal VMs (seed 001)', () => {
  it('memory lies at its physical address; the address in a process is ignored', () => {
    const { vm } = machine();
    expect(vm.setMemoryRegion(slotOf({ size: SIZE }))).toBeUndefined();
    for (const address of [BASE, BASE + 5, BASE + SIZE - 1])
      expect(vm.access(address, Access.RWX)).toMatchObject({ phys: address, access: Access.RWX });
  });

  it('a VM is internal because it was made so, not because something is missing', () => {
    const { memory } = machine();
    expect([memory.isInternal(VM), memory.isInternal(HOST), memory.isInternal(9)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('has 512 slots of processes and 256 of the kernel behind them', () => {
    const { vm } = machine();
    expect([USER_MEM_SLOTS, PRIVATE_MEM_SLOTS]).toEqual([512, 256]);
    const page = (slot: number, index: number) =>
      slotOf({ slot, guestAddress: BASE + index * PAGE_SIZE, size: PAGE_SIZE });
    for (const [index, slot] of [0, 511, 512, 767].entries())
      expect(vm.setMemoryRegion(page(slot, index))).toBeUndefined();
    for (const slot of [768, -1, 0.5])
      expect(errorOf(vm.setMemoryRegion(page(slot, 9)))).toEqual(['EINVAL', 'slot']);
    expect(vm.slots.map(({ slot }) => slot)).toEqual([0, 511, 512, 767]);
  });

  it('all slots can be in use at once', () => {
    const { vm } = machine();
    for (let slot = 0; slot < USER_MEM_SLOTS + PRIVATE_MEM_SLOTS; slot++)
      expect(
        vm.setMemoryRegion(slotOf({ slot, guestAddress: BASE + slot * PAGE_SIZE, size: PAGE_SIZE })),
      ).toBeUndefined();
    expect(vm.slots).toHaveLength(768);
  });

  it('unknown flags and parts of pages are EINVAL', () => {
    const { vm } = machine();
    for (const [changes, code] of [
      [{ flags: 4 }, 'flags'],
      [{ flags: -1 }, 'flags'],
      [{ size: PAGE_SIZE + 1 }, 'size'],
      [{ size: Number.NaN }, 'size'],
      [{ guestAddress: BASE + 1 }, 'address'],
    ] as const)
      expect(errorOf(vm.setMemoryRegion(slotOf(changes)))).toEqual(['EINVAL', code]);
  });

  it('a range that reaches the limit of 2^40 is EFAULT, also by the library alone', () => {
    const { memory, vm } = machine();
    for (const guestAddress of [INTERNAL_LIMIT - BLOCK_SIZE, INTERNAL_LIMIT, 2 ** 48])
      expect(errorOf(vm.setMemoryRegion(slotOf({ guestAddress })))).toEqual(['EFAULT', 'limit']);
    const region = { guestAddress: INTERNAL_LIMIT, size: PAGE_SIZE, userspaceAddress: 0 };
    expect(errorOf(memory.mapRegion(VM, region, Access.RWX, 'normal'))).toEqual(['EFAULT', 'limit']);
    // One page below, there is just no memory.
    expect(
      errorOf(vm.setMemoryRegion(slotOf({ guestAddress: INTERNAL_LIMIT - 2 * PAGE_SIZE, size: PAGE_SIZE }))),
    ).toEqual(['EPERM', 'state']);
  });

  it('addresses of another slot of processes are EEXIST; slots of the kernel are not looked at', () => {
    const { vm } = machine();
    vm.setMemoryRegion(slotOf({ slot: 3 }));
    expect(errorOf(vm.setMemoryRegion(slotOf({ slot: 4, guestAddress: BASE + PAGE_SIZE })))).toEqual([
      'EEXIST',
      'overlap',
    ]);
    expect(vm.setMemoryRegion(slotOf({ guestAddress: BASE + BLOCK_SIZE }))).toBeUndefined();
    // KVM maps a second time what a slot of the kernel has; here a page is mapped once.
    expect(errorOf(vm.setMemoryRegion(slotOf({ slot: 4, guestAddress: BASE + BLOCK_SIZE })))).toEqual([
      'EPERM',
      'mapped',
    ]);
  });

  it('a new slot is mapped and flushed', () => {
    const { vm } = machine();
    vm.setMemoryRegion(slotOf());
    expect(vm.events).toEqual([{ event: 'flush', start: BASE, size: BLOCK_SIZE }]);
  });

  it('the same again changes nothing, and nothing is flushed', () => {
    const { vm } = machine();
    for (let time = 0; time < 2; time++) expect(vm.setMemoryRegion(slotOf())).toBeUndefined();
    expect(vm.events).toHaveLength(1);
  });

  it('a change of flags only is no flush; while dirty pages are logged a write is a fault', () => {
    const { vm } = machine();
    vm.setMemoryRegion(slotOf());
    expect(vm.setMemoryRegion(slotOf({ flags: LOG_DIRTY_PAGES }))).toBeUndefined();
    expect(vm.access(BASE, Access.R)).toMatchObject({ phys: BASE });
    expect(vm.access(BASE, Access.W)).toBeUndefined();
    expect(vm.setMemoryRegion(slotOf())).toBeUndefined();
    expect(vm.access(BASE, Access.W)).toMatchObject({ phys: BASE });
    expect(vm.events.filter(({ event }) => event === 'flush')).toHaveLength(1);
  });

  it('another size or another READONLY of a slot is EINVAL', () => {
    const { vm } = machine();
    vm.setMemoryRegion(slotOf());
    expect(errorOf(vm.setMemoryRegion(slotOf({ size: PAGE_SIZE })))).toEqual(['EINVAL', 'changed']);
    expect(errorOf(vm.setMemoryRegion(slotOf({ flags: READONLY })))).toEqual(['EINVAL', 'changed']);
  });

  it('a slot moves: the old addresses are unmapped, the new ones mapped and flushed', () => {
    const { vm } = machine();
    vm.setMemoryRegion(slotOf());
    expect(vm.setMemoryRegion(slotOf({ guestAddress: BASE + BLOCK_SIZE }))).toBeUndefined();
    expect(vm.access(BASE, Access.R)).toBeUndefined();
    expect(vm.access(BASE + BLOCK_SIZE, Access.R)).toMatchObject({ phys: BASE + BLOCK_SIZE });
    expect(vm.events.at(1)).toEqual({ event: 'flush', start: BASE + BLOCK_SIZE, size: BLOCK_SIZE });
  });

  it('size 0 deletes a slot and unmaps it; there is nothing to delete twice', () => {
    const { memory, vm, space } = machine();
    vm.setMemoryRegion(slotOf());
    expect(vm.setMemoryRegion(slotOf({ size: 0 }))).toBeUndefined();
    expect([vm.slots, space.mappings(), space.tablePages]).toEqual([[], [], 0]);
    expect(errorOf(vm.setMemoryRegion(slotOf({ size: 0 })))).toEqual(['EINVAL', 'unknown']);
    // The VM still owns the memory, and can give it back.
    const back = { owner: HOST, address: BASE };
    memory.map(VM, { address: BASE, phys: BASE, size: BLOCK_SIZE }, Access.RWX, 'normal');
    expect(
      memory.donate({ kind: 'normal', source: { owner: VM, address: BASE }, target: back, size: BLOCK_SIZE }),
    ).toBeUndefined();
  });

  it('a region that cannot be mapped leaves nothing behind, and a slot that cannot move stays', () => {
    const { vm, space } = machine(BLOCK_SIZE);
    expect(errorOf(vm.setMemoryRegion(slotOf({ size: 2 * BLOCK_SIZE })))).toEqual(['EPERM', 'state']);
    expect([vm.slots, space.mappings()]).toEqual([[], []]);
    vm.setMemoryRegion(slotOf());
    expect(errorOf(vm.setMemoryRegion(slotOf({ guestAddress: BASE + BLOCK_SIZE })))).toEqual([
      'EPERM',
      'state',
    ]);
    expect(vm.access(BASE, Access.W)).toMatchObject({ phys: BASE });
  });

  it('tables are taken before the first page is mapped: ENOMEM leaves nothing', () => {
    const { vm, space } = machine(SIZE, 1);
    const scattered = slotOf({ guestAddress: BASE + PAGE_SIZE, size: 2 * BLOCK_SIZE });
    expect(errorOf(vm.setMemoryRegion(scattered))).toEqual(['ENOMEM', 'tables']);
    expect([space.mappings(), space.tablePages]).toEqual([[], 0]);
  });

  it('large aligned chunks are mapped by blocks', () => {
    const { vm, space } = machine();
    vm.setMemoryRegion(slotOf({ size: SIZE }));
    expect(vm.access(BASE, Access.R)).toMatchObject({ granule: BLOCK_SIZE });
    expect(space.tablePages).toBe(0);
  });

  it('a later change of one page breaks its block, and the block is built again', () => {
    const { memory, vm, space } = machine();
    vm.setMemoryRegion(slotOf({ size: 2 * BLOCK_SIZE }));
    const granules = () =>
      [BASE + PAGE_SIZE, BASE + BLOCK_SIZE].map((address) => vm.access(address, Access.R)?.granule);
    expect(memory.unmap(VM, BASE, PAGE_SIZE)).toBeUndefined();
    expect(granules()).toEqual([PAGE_SIZE, BLOCK_SIZE]);
    memory.map(VM, { address: BASE, phys: BASE, size: PAGE_SIZE }, Access.RWX, 'normal');
    expect([granules(), space.tablePages]).toEqual([[BLOCK_SIZE, BLOCK_SIZE], 0]);
  });

  it('a fault injects an abort into the guest and is logged; nothing is emulated', () => {
    const { vm } = machine();
    expect(vm.access(0x9000000, Access.R)).toBeUndefined();
    expect(vm.events).toEqual([
      { event: 'abort', address: 0x9000000, access: Access.R, log: 'Unexpected internal VM page fault' },
    ]);
  });

  it('device memory is refused, which the review asks about', () => {
    const { memory, vm } = machine();
    give(memory, 0x10000000, PAGE_SIZE, 'io');
    const device = slotOf({ guestAddress: 0x10000000, size: PAGE_SIZE });
    expect(errorOf(vm.setMemoryRegion(device))).toEqual(['EINVAL', 'kind']);
  });

  it('memory of others is refused, with the page and its owner', () => {
    const { vm } = machine(BLOCK_SIZE);
    expect(vm.setMemoryRegion(slotOf({ size: 2 * BLOCK_SIZE }))).toMatchObject({
      errno: 'EPERM',
      offset: BASE + BLOCK_SIZE,
      pageOwner: HOST,
    });
  });
});
