import { describe, expect, it, vi } from 'vitest';
import {
  Access,
  BLOCK_SIZE,
  formatRefusal,
  IntervalMap,
  PAGE_SIZE,
  PhysicalMemory,
  parcelOwner,
  type Refusal,
  stateOf,
  type Transition,
} from '../../src/hypervisor/index.js';

const HOST = 3;
const VM = 128;
const OTHER = 129;
const PARCEL = parcelOwner(5);
const BASE = 0x80000000;
const SIZE = 4 * BLOCK_SIZE;
const IO = 0x10000000;
const IPA = 0x40000000;

function machine(tablePagesMax?: (owner: number) => number): PhysicalMemory {
  const memory = new PhysicalMemory({ tablePagesMax });
  memory.add('normal', BASE, SIZE, HOST);
  memory.add('io', IO, 16 * PAGE_SIZE, HOST);
  return memory;
}

/** From the host's memory to a VM's address. */
function toVm(address: number, size = PAGE_SIZE, from = BASE, owner = VM): Transition {
  return { kind: 'normal', source: { owner: HOST, address: from }, target: { owner, address }, size };
}

/** States of the page at an address, for the host and two VMs. */
function states(memory: PhysicalMemory, phys = BASE) {
  const record = memory.records().find(({ start, end }) => start <= phys && phys < end)?.value;
  return [HOST, VM, OTHER].map((owner) => stateOf(record, owner));
}

/** What a VM meets when it reads, writes or executes at an address. */
function reach(memory: PhysicalMemory, owner: number, address: number) {
  return [Access.R, Access.W, Access.X].map((access) => {
    const found = memory.translate(owner, address, access);
    return 'reason' in found ? found.reason : found.phys;
  });
}

function refusalOf(refusal: Refusal | undefined) {
  const { errno, code, path, owner, offset, expected, actual, pageOwner } = refusal ?? ({} as Refusal);
  return { errno, code, path, owner, offset, expected, actual, pageOwner };
}

describe('transitions', () => {
  it('donate: the source loses the pages, the target owns them', () => {
    const memory = machine();
    expect(memory.donate(toVm(IPA))).toBeUndefined();
    expect(states(memory)).toEqual(['none', 'owned', 'none']);
    expect(reach(memory, HOST, BASE)).toEqual(['unmapped', 'unmapped', 'unmapped']);
    expect(reach(memory, VM, IPA + 7)).toEqual([BASE + 7, BASE + 7, BASE + 7]);
    expect(memory.owners('normal').map(({ end, value }) => [end, value])).toEqual([
      [BASE + PAGE_SIZE, VM],
      [BASE + SIZE, HOST],
    ]);
  });

  it('share and unshare: both may use them, the target with its rights', () => {
    const memory = machine();
    expect(memory.share(toVm(IPA), Access.R)).toBeUndefined();
    expect(memory.share(toVm(IPA, PAGE_SIZE, BASE, OTHER), Access.RW)).toBeUndefined();
    expect(states(memory)).toEqual(['shared-owned', 'shared-borrowed', 'shared-borrowed']);
    expect(reach(memory, VM, IPA)).toEqual([BASE, 'permission', 'permission']);
    expect(memory.unshare(toVm(IPA))).toBeUndefined();
    expect(states(memory)).toEqual(['shared-owned', 'none', 'shared-borrowed']);
    expect(memory.unshare(toVm(IPA, PAGE_SIZE, BASE, OTHER))).toBeUndefined();
    expect(states(memory)).toEqual(['owned', 'none', 'none']);
    expect(memory.records()).toEqual(machine().records());
  });

  it('lend and reclaim: the owner has no access meanwhile, and gets the same address back', () => {
    const memory = machine();
    expect(memory.lend(toVm(IPA), Access.RW)).toBeUndefined();
    expect(states(memory)).toEqual(['lent', 'shared-borrowed', 'none']);
    expect(reach(memory, HOST, BASE)).toEqual(['lent', 'lent', 'lent']);
    expect(memory.reclaim(toVm(IPA))).toBeUndefined();
    expect(reach(memory, HOST, BASE)).toEqual([BASE, BASE, BASE]);
    expect(reach(memory, VM, IPA)).toEqual(['unmapped', 'unmapped', 'unmapped']);
  });

  it('hand scattered memory over in the order of the source', () => {
    const memory = machine();
    memory.donate(toVm(IPA, PAGE_SIZE, BASE + 8 * PAGE_SIZE));
    memory.donate(toVm(IPA + PAGE_SIZE, PAGE_SIZE, BASE));
    const on = { kind: 'normal', source: { owner: VM, address: IPA }, size: 2 * PAGE_SIZE } as const;
    expect(memory.share({ ...on, target: { owner: OTHER, address: 0 } }, Access.R)).toBeUndefined();
    expect([reach(memory, OTHER, 0)[0], reach(memory, OTHER, PAGE_SIZE)[0]]).toEqual([
      BASE + 8 * PAGE_SIZE,
      BASE,
    ]);
    // A parcel has memory at its physical address, so it cannot have this in one piece.
    expect(memory.donate({ ...on, target: { owner: PARCEL, address: BASE } })?.code).toBe('state');
    memory.unshare({ ...on, target: { owner: OTHER, address: 0 } });
    const refusal = memory.donate({ ...on, target: { owner: PARCEL, address: BASE + 8 * PAGE_SIZE } });
    expect([refusal?.code, refusal?.offset]).toEqual(['identity', BASE + 9 * PAGE_SIZE]);
  });

  it('are refused as a whole, naming range, page, owner and states', () => {
    const memory = machine();
    memory.donate(toVm(IPA, PAGE_SIZE, BASE + 2 * PAGE_SIZE));
    const before = memory.records().slice();
    const source = memory.share(toVm(IPA + BLOCK_SIZE, 4 * PAGE_SIZE), Access.R);
    expect(refusalOf(source)).toEqual({
      errno: 'EPERM',
      code: 'state',
      path: 'source',
      owner: HOST,
      offset: BASE + 2 * PAGE_SIZE,
      expected: 'owned or shared-owned',
      actual: 'none',
      pageOwner: VM,
    });
    const target = memory.donate(toVm(IPA - PAGE_SIZE, 2 * PAGE_SIZE));
    expect(refusalOf(target)).toEqual({
      errno: 'EPERM',
      code: 'mapped',
      path: 'target',
      owner: VM,
      offset: IPA,
      expected: 'none',
      actual: 'owned',
      pageOwner: VM,
    });
    expect(target && formatRefusal(target)).toBe(
      `donate 0x3ffff000..0x40001000 of VM 128: EPERM: mapped at target, offset ${IPA}: ` +
        'expected none, actual owned, a page of VM 128',
    );
    const borrowed = {
      ...toVm(IPA),
      source: { owner: VM, address: IPA },
      target: { owner: HOST, address: 0 },
    };
    expect(memory.unshare(borrowed)?.code).toBe('state');
    expect(memory.records().every((interval, index) => interval === before[index])).toBe(true);
  });

  it('move device memory only where it is said to be such', () => {
    const memory = machine();
    const device = toVm(IO, PAGE_SIZE, IO);
    expect(refusalOf(memory.donate(device))).toMatchObject({
      errno: 'EINVAL',
      code: 'kind',
      offset: IO,
      actual: 'io',
    });
    expect(memory.donate({ ...toVm(IPA), kind: 'io' })?.code).toBe('kind');
    expect(memory.donate({ ...device, kind: 'io' })).toBeUndefined();
    expect(reach(memory, VM, IO)).toEqual([IO, IO, 'permission']);
  });

  it.each<[string, Partial<Transition>]>([
    ['size', { size: 0 }],
    ['size', { size: 100 }],
    ['size', { size: 2 ** 53 }],
    ['size', { size: Number.NaN }],
    ['size', { size: -PAGE_SIZE }],
    ['address', { size: 2 ** 48 }],
    ['address', { source: { owner: HOST, address: 12 } }],
    ['address', { source: { owner: HOST, address: 2 ** 60 } }],
    ['address', { source: { owner: HOST, address: undefined } }],
    ['address', { target: { owner: VM, address: 2 ** 48 } }],
    ['address', { target: { owner: VM, address: Number.POSITIVE_INFINITY } }],
    ['address', { target: { owner: PARCEL, address: undefined } }],
    ['component', { target: { owner: HOST, address: 0 } }],
    ['component', { target: { owner: 0x10000, address: 0 } }],
    ['component', { source: { owner: 0.5, address: 0 } }],
  ])('refuse as EINVAL, %s: %j', (code, change) => {
    const memory = machine();
    const transition = { ...toVm(IPA), ...change };
    for (const refusal of [memory.donate(transition), memory.unshare(transition)])
      expect([refusal?.errno, refusal?.code]).toEqual(['EINVAL', code]);
  });

  it('leave what a component that ends had lent out, and give back what it had borrowed', () => {
    const memory = machine();
    memory.lend(toVm(IPA), Access.RW);
    memory.donate(toVm(IPA + PAGE_SIZE, PAGE_SIZE, BASE + PAGE_SIZE));
    memory.abandon(VM);
    expect(states(memory)).toEqual(['owned', 'none', 'none']);
    expect(reach(memory, HOST, BASE)).toEqual([BASE, BASE, BASE]);
    expect(memory.owners('normal').map(({ value }) => value)).toEqual([HOST, -1, HOST]);
    expect(reach(memory, VM, IPA)).toEqual(['unmapped', 'unmapped', 'unmapped']);
  });

  it('leave pages to nobody that a component owned and never had mapped', () => {
    const memory = machine();
    memory.donate({ ...toVm(IPA), target: { owner: VM, address: undefined } });
    memory.abandon(VM);
    expect(memory.owners('normal').map(({ value }) => value)).toEqual([-1, HOST]);
  });
});

describe('stage 2', () => {
  it('maps by blocks what is aligned at both ends, and splits a block that changes in part', () => {
    const memory = machine();
    const granule = (owner: number, address: number) => {
      const found = memory.translate(owner, address, Access.R);
      return 'granule' in found ? found.granule : undefined;
    };
    memory.donate(toVm(IPA, 2 * BLOCK_SIZE));
    const space = memory.addressSpace(VM);
    expect([granule(VM, IPA), granule(VM, IPA + BLOCK_SIZE), space.tablePages]).toEqual([
      BLOCK_SIZE,
      BLOCK_SIZE,
      0,
    ]);
    expect(memory.unmap(VM, IPA + PAGE_SIZE, PAGE_SIZE)).toBeUndefined();
    expect([granule(VM, IPA), granule(VM, IPA + BLOCK_SIZE), space.tablePages]).toEqual([
      PAGE_SIZE,
      BLOCK_SIZE,
      1,
    ]);
    expect(reach(memory, VM, IPA + PAGE_SIZE)[0]).toBe('unmapped');
    // Aligned, but not in the same way: pages, in both blocks that it touches.
    memory.donate(toVm(IPA + 2 * BLOCK_SIZE + PAGE_SIZE, BLOCK_SIZE, BASE + 2 * BLOCK_SIZE));
    expect([granule(VM, IPA + 3 * BLOCK_SIZE - 1), space.tablePages]).toEqual([PAGE_SIZE, 3]);
  });

  it('takes the tables for all of an operation first, or refuses it', () => {
    const memory = machine((owner) => (owner === VM ? 1 : 0));
    const spread = toVm(IPA + PAGE_SIZE, 2 * BLOCK_SIZE);
    expect(refusalOf(memory.donate(spread))).toMatchObject({
      errno: 'ENOMEM',
      code: 'tables',
      path: 'target',
      owner: VM,
      offset: IPA + PAGE_SIZE,
      expected: 3,
      actual: 1,
    });
    expect(memory.addressSpace(VM).tablePages).toBe(0);
    expect(memory.records()).toEqual(machine().records());
    expect(memory.donate(toVm(IPA))).toMatchObject({ errno: 'ENOMEM', path: 'source', owner: HOST });
    expect(memory.share(toVm(IPA), Access.R)).toBeUndefined();
    expect(memory.donate(toVm(IPA + BLOCK_SIZE, BLOCK_SIZE, BASE + BLOCK_SIZE))).toBeUndefined();
  });

  it('has an internal VM’s memory at its physical address, wherever a process has it', () => {
    const memory = machine();
    const space = memory.addInternal(OTHER);
    expect([space.isInternal, memory.addressSpace(VM).isInternal]).toEqual([true, false]);
    const transition = toVm(BASE + PAGE_SIZE, PAGE_SIZE, BASE, OTHER);
    expect(memory.donate(transition)).toMatchObject({ errno: 'EINVAL', code: 'identity', owner: OTHER });
    const blocks = toVm(BASE, 2 * BLOCK_SIZE, BASE, OTHER);
    expect(memory.donate({ ...blocks, target: { owner: OTHER, address: undefined } })).toBeUndefined();
    expect(reach(memory, OTHER, BASE)).toEqual(['unmapped', 'unmapped', 'unmapped']);
    const region = { guestAddress: BASE, size: BLOCK_SIZE, userspaceAddress: 0x7fff_dead_b000n };
    expect(memory.mapRegion(OTHER, region, Access.RW, 'io')?.code).toBe('kind');
    expect(memory.mapRegion(OTHER, region, Access.RW, 'normal')).toBeUndefined();
    expect(memory.translate(OTHER, BASE + 5, Access.W)).toEqual({
      phys: BASE + 5,
      kind: 'normal',
      access: Access.RW,
      granule: BLOCK_SIZE,
    });
    expect(memory.mapRegion(OTHER, { ...region, guestAddress: IPA }, Access.RW, 'normal')?.code).toBe(
      'state',
    );
  });

  it('maps a page once, where nothing else is', () => {
    const memory = machine();
    memory.donate({ ...toVm(IPA, 2 * PAGE_SIZE), target: { owner: VM, address: undefined } });
    const run = { address: IPA, phys: BASE, size: PAGE_SIZE };
    expect(memory.map(VM, run, Access.RW, 'normal')).toBeUndefined();
    expect(memory.map(VM, { ...run, address: 0 }, Access.RW, 'normal')?.code).toBe('mapped');
    expect(memory.map(VM, { ...run, phys: BASE + PAGE_SIZE }, Access.RW, 'normal')).toMatchObject({
      code: 'mapped',
      path: 'target',
    });
    expect(memory.map(HOST, run, Access.RW, 'normal')).toMatchObject({ errno: 'EPERM', pageOwner: VM });
    expect(memory.map(PARCEL, run, Access.RW, 'normal')?.code).toBe('component');
  });

  it('answers any address with a fault that says whose and what', () => {
    const memory = machine();
    for (const address of [0, -1, 2 ** 60, Number.NaN, BASE + SIZE])
      expect(memory.translate(VM, address, Access.R)).toEqual({
        event: 'fault',
        owner: VM,
        address,
        access: Access.R,
        reason: 'unmapped',
      });
  });
});

describe('costs', () => {
  const PAGES = 1_000_000;
  const BEGIN = 2 ** 40;

  /** Intervals that are read, searched for or made while a range is donated, lent, shared and given back. */
  function work(pages: number): number {
    const memory = new PhysicalMemory();
    memory.add('normal', BEGIN, 2 * PAGES * PAGE_SIZE, HOST);
    let touched = 0;
    const { set, overlapping } = IntervalMap.prototype;
    const spies = [
      vi.spyOn(IntervalMap.prototype, 'set').mockImplementation(function (
        this: IntervalMap<unknown>,
        ...range
      ) {
        touched += 1 + overlapping.call(this, range[0], range[1]).length;
        set.apply(this, range);
      }),
      vi.spyOn(IntervalMap.prototype, 'overlapping').mockImplementation(function (
        this: IntervalMap<unknown>,
        ...range
      ) {
        const found = overlapping.apply(this, range);
        touched += found.length;
        return found;
      }),
    ];
    // Behind the first page, so that a page and a million pages begin and end in the middle alike.
    const size = pages * PAGE_SIZE;
    const donation = toVm(IPA + PAGE_SIZE, size, BEGIN + PAGE_SIZE);
    const loan = { ...donation, source: donation.target, target: { owner: OTHER, address: 0 } };
    for (const refusal of [
      memory.donate(donation),
      memory.lend(loan, Access.RW),
      memory.reclaim(loan),
      memory.share(loan, Access.R),
      memory.unshare(loan),
      memory.unmap(VM, IPA + PAGE_SIZE, size),
      memory.map(VM, { address: IPA + PAGE_SIZE, phys: BEGIN + PAGE_SIZE, size }, Access.RW, 'normal'),
      memory.donate({ ...donation, source: donation.target, target: donation.source }),
    ])
      expect(refusal).toBeUndefined();
    for (const spy of spies) spy.mockRestore();
    expect(memory.records()).toHaveLength(1);
    expect(memory.addressSpace(HOST).mappings()).toHaveLength(1);
    return touched;
  }

  it('are those of the ranges, not of the pages', () => {
    expect(work(1)).toBeGreaterThan(10);
    expect(work(PAGES)).toBeLessThanOrEqual(work(1) + 16);
  });
});
