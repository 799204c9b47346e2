import { describe, expect, it } from 'vitest';
import {
  Access,
  BLOCK_SIZE,
  formatRefusal,
  HYPERVISOR,
  PAGE_SIZE,
  PhysicalMemory,
  type Refusal,
  stateOf,
  type Transition,
} from '../../src/hypervisor/index.js';

/*
 * Donation between a host and the hypervisor, as the review of "KVM: arm64: Implement do_donate() helper for donating
 * memory" (version 5 of the series) has it. Memory of both lies at its physical address.
 */

const HOST = 3;
const BASE = 0x80000000;
const SIZE = 4 * BLOCK_SIZE;

function machine(options: { debugBuild?: boolean; joinsBlocks?: boolean } = {}): PhysicalMemory {
  const memory = new PhysicalMemory(options);
  memory.add('normal', BASE, SIZE, HOST);
  return memory;
}

function transition(source: number, target: number, address: number, size = PAGE_SIZE): Transition {
  return { kind: 'normal', source: { owner: source, address }, target: { owner: target, address }, size };
}

const toHypervisor = (address: number, size?: number) => transition(HOST, HYPERVISOR, address, size);
const toHost = (address: number, size?: number) => transition(HYPERVISOR, HOST, address, size);

function statesAt(memory: PhysicalMemory, phys: number) {
  const record = memory.records().find(({ start, end }) => start <= phys && phys < end)?.value;
  return [HOST, HYPERVISOR].map((owner) => stateOf(record, owner));
}

function codeOf(refusal: Refusal | undefined) {
  return refusal && [refusal.errno, refusal.code, refusal.path, refusal.offset];
}

describe('donation between the host and the hypervisor (seed 004)', () => {
  it('the host loses the pages entirely, the hypervisor alone owns them', () => {
    const memory = machine();
    expect(memory.donate(toHypervisor(BASE))).toBeUndefined();
    expect(statesAt(memory, BASE)).toEqual(['none', 'owned']);
    expect(memory.translate(HOST, BASE, Access.R)).toMatchObject({ reason: 'unmapped' });
    expect(memory.translate(HYPERVISOR, BASE, Access.RWX)).toMatchObject({ phys: BASE });
  });

  it('and back: every state and address is as before', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE, 3 * PAGE_SIZE));
    expect(memory.donate(toHost(BASE, 3 * PAGE_SIZE))).toBeUndefined();
    expect(memory.records()).toEqual(machine().records());
    expect(memory.addressSpace(HOST).mappings()).toEqual(machine().addressSpace(HOST).mappings());
    expect(memory.addressSpace(HYPERVISOR).mappings()).toEqual([]);
  });

  it.each([HOST, HYPERVISOR])('initiator %i must own every page alone', (owner) => {
    const memory = machine();
    if (owner === HYPERVISOR) memory.donate(toHypervisor(BASE, 4 * PAGE_SIZE));
    const other = owner === HOST ? HYPERVISOR : HOST;
    const shared = transition(owner, 128, BASE + PAGE_SIZE);
    memory.share({ ...shared, target: { owner: 128, address: 0 } }, Access.R);
    expect(codeOf(memory.donate(transition(owner, other, BASE, 4 * PAGE_SIZE)))).toEqual([
      'EPERM',
      'state',
      'source',
      BASE + PAGE_SIZE,
    ]);
    expect(codeOf(memory.donate(transition(other, owner, BASE)))).toEqual(['EPERM', 'state', 'source', BASE]);
  });

  it('the completer must have nothing mapped at the address', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE));
    const onto = { ...toHypervisor(BASE + PAGE_SIZE), target: { owner: HYPERVISOR, address: BASE } };
    expect(codeOf(memory.donate(onto))).toEqual(['EPERM', 'mapped', 'target', BASE]);
  });

  it('that check is skipped when the hypervisor is the initiator: what the host had there is mapped no more', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE));
    const onto = { ...toHost(BASE), target: { owner: HOST, address: BASE + PAGE_SIZE } };
    expect(memory.donate(onto)).toBeUndefined();
    expect(memory.translate(HOST, BASE + PAGE_SIZE, Access.R)).toMatchObject({ phys: BASE });
    // The host still owns the page that was there, and has it nowhere.
    expect(statesAt(memory, BASE + PAGE_SIZE)).toEqual(['owned', 'none']);
    const record = memory.records().find(({ start }) => start === BASE + PAGE_SIZE)?.value;
    expect(record?.address).toBeUndefined();
  });

  it('a debug build (CONFIG_NVHE_EL2_DEBUG) does not skip it', () => {
    const memory = machine({ debugBuild: true });
    memory.donate(toHypervisor(BASE));
    const onto = { ...toHost(BASE), target: { owner: HOST, address: BASE + PAGE_SIZE } };
    expect(codeOf(memory.donate(onto))).toEqual(['EPERM', 'mapped', 'target', BASE + PAGE_SIZE]);
    expect(memory.donate(toHost(BASE))).toBeUndefined();
  });

  it('what the initiator itself owns is checked all the same', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE));
    expect(codeOf(memory.donate(toHost(BASE, 2 * PAGE_SIZE)))).toEqual([
      'EPERM',
      'state',
      'source',
      BASE + PAGE_SIZE,
    ]);
    expect(statesAt(memory, BASE)).toEqual(['none', 'owned']);
  });

  it('an unknown component is EINVAL, as initiator and as completer', () => {
    const memory = machine();
    for (const [source, target, path] of [
      [1.5, HOST, 'source'],
      [HOST, 70_000, 'target'],
      [HOST, HOST, 'target'],
    ] as const)
      expect(codeOf(memory.donate(transition(source, target, BASE)))).toEqual([
        'EINVAL',
        'component',
        path,
        BASE,
      ]);
  });

  it('all pages move or none: a page in the middle refuses the range', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE + 2 * PAGE_SIZE));
    const before = memory.records().slice();
    expect(memory.donate(toHypervisor(BASE, 4 * PAGE_SIZE))?.offset).toBe(BASE + 2 * PAGE_SIZE);
    expect(memory.records()).toEqual(before);
  });

  it('tables for both sides are there before anything changes: ENOMEM', () => {
    const memory = new PhysicalMemory({ tablePagesMax: (owner) => (owner === HYPERVISOR ? 0 : 9) });
    memory.add('normal', BASE, SIZE, HOST);
    expect(codeOf(memory.donate(toHypervisor(BASE)))).toEqual(['ENOMEM', 'tables', 'target', BASE]);
    expect(memory.donate(toHypervisor(BASE, BLOCK_SIZE))).toBeUndefined();
  });

  it('a refusal names range, page, owner and states', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE + PAGE_SIZE));
    const refusal = memory.donate(toHypervisor(BASE, 2 * PAGE_SIZE)) as Refusal;
    expect(formatRefusal(refusal)).toBe(
      'donate 0x80000000..0x80002000 of VM 3: EPERM: state at source, offset 2147487744: expected owned, actual none, a page of the hypervisor',
    );
    expect(formatRefusal(memory.lend(toHost(BASE), 7) as Refusal)).toMatch(
      /^lend .* of the hypervisor: EPERM/,
    );
  });

  it('blocks are split by a donation of one page and come together again after it', () => {
    const memory = machine({ joinsBlocks: true });
    const host = memory.addressSpace(HOST);
    const granule = () => {
      const found = memory.translate(HOST, BASE + 2 * PAGE_SIZE, Access.R);
      return 'granule' in found ? found.granule : undefined;
    };
    expect([granule(), host.tablePages]).toEqual([BLOCK_SIZE, 0]);
    memory.donate(toHypervisor(BASE));
    expect([granule(), host.tablePages]).toEqual([PAGE_SIZE, 1]);
    memory.donate(toHost(BASE));
    expect([granule(), host.tablePages, memory.addressSpace(HYPERVISOR).tablePages]).toEqual([
      BLOCK_SIZE,
      0,
      0,
    ]);
  });

  it('blocks come together after a reclaim too, and not before the last page is back', () => {
    const memory = machine({ joinsBlocks: true });
    const host = memory.addressSpace(HOST);
    const loan = (page: number): Transition => ({
      ...transition(HOST, 128, BASE + page * PAGE_SIZE),
      target: { owner: 128, address: page * PAGE_SIZE },
    });
    for (const page of [0, 5]) memory.lend(loan(page), Access.RWX);
    memory.donate(toHypervisor(BASE + 9 * PAGE_SIZE));
    memory.donate(toHost(BASE + 9 * PAGE_SIZE));
    expect(host.tablePages).toBe(1);
    memory.reclaim(loan(0));
    expect(host.tablePages).toBe(1);
    memory.reclaim(loan(5));
    expect(host.tablePages).toBe(0);
    // A VM that ends gives back what it had borrowed.
    memory.lend(loan(0), Access.RWX);
    memory.abandon(128);
    expect(host.tablePages).toBe(0);
  });

  it('the hypervisor that RM was recorded on keeps its tables', () => {
    const memory = machine();
    memory.donate(toHypervisor(BASE));
    memory.donate(toHost(BASE));
    expect(memory.addressSpace(HOST).tablePages).toBe(1);
  });

  it('a page that the kernel of the host uses is refused, with the page and its user', () => {
    const memory = machine();
    expect(memory.use(HOST, BASE + PAGE_SIZE, PAGE_SIZE, 'pinned by disk')).toBeUndefined();
    const refusal = memory.donate(toHypervisor(BASE, 2 * PAGE_SIZE));
    expect(refusal).toMatchObject({
      errno: 'EBUSY',
      code: 'in_use',
      offset: BASE + PAGE_SIZE,
      actual: 'pinned by disk',
      pageOwner: HOST,
    });
    memory.endUse(BASE + PAGE_SIZE, PAGE_SIZE, 'pinned by disk');
    expect(memory.donate(toHypervisor(BASE, 2 * PAGE_SIZE))).toBeUndefined();
    expect(memory.use(HOST, BASE, PAGE_SIZE, 'mapped by vmm')).toMatchObject({
      errno: 'EPERM',
      code: 'state',
      pageOwner: HYPERVISOR,
    });
  });
});
