import { describe, expect, it } from 'vitest';
import {
  MEM_ACCEPT,
  MEM_DONATE,
  MEM_RECLAIM,
  MEM_RELEASE,
  MEM_SHARE,
  VM_RESET,
  VM_STOP,
} from '../../schemas/index.js';
import { Access, BLOCK_SIZE } from '../../src/hypervisor/index.js';
import { FORCE, HLOS, imageBase, OK, PAGE, Session } from './session.js';

const IPA = 0xa0000000;
const GUEST = 0xc00000000;
const DONE = 0x80;
const TRANS_TYPES = { donate: 0, lend: 1, share: 2 } as const;

/** A running VM, and what it and HLOS meet at a page that goes to and fro. */
class Bench {
  readonly session = new Session(1);
  readonly vmid = this.session.boot(0).vmid;

  get memory() {
    return this.session.world.manager.hypervisor.memory;
  }

  /** What reading and writing meet: the physical address, or why not. */
  reach(owner: number, address: number) {
    return [Access.R, Access.W].map((access) => {
      const found = this.memory.translate(owner, address, access);
      return 'reason' in found ? found.reason : found.phys;
    });
  }

  ok(
    vmid: number,
    message: Parameters<Session['call']>[1],
    payload: Readonly<Record<string, unknown>>,
  ): number {
    const reply = this.session.call(vmid, message, payload);
    expect(reply?.error).toBe(OK);
    expect(this.session.broken).toEqual([]);
    return reply?.word ?? 0;
  }

  create(message: typeof MEM_SHARE | typeof MEM_DONATE, acl_entries: readonly object[]): number {
    const sgl_entries = [{ ipa: BigInt(IPA), size: BigInt(PAGE) }];
    return this.ok(HLOS, message, {
      mem_type: 0,
      flags: 0,
      label: 1,
      acl_entries,
      sgl_entries,
      attr_entries: [],
    });
  }

  accept(mem_handle: number, kind: keyof typeof TRANS_TYPES): void {
    const lists = {
      acl_entries: [],
      sgl_entries: [{ ipa: BigInt(GUEST), size: BigInt(PAGE) }],
      attr_entries: [],
    };
    const trans_type = TRANS_TYPES[kind];
    this.ok(this.vmid, MEM_ACCEPT, {
      mem_handle,
      mem_type: 0,
      trans_type,
      flags: DONE,
      label: 0,
      map_vmid: 0,
      ...lists,
    });
  }
}

const NOWHERE = ['unmapped', 'unmapped'];
const THERE = [IPA, IPA];

describe('memory that a manager hands over', () => {
  it('is lent: only the borrower has it, until it releases', () => {
    const bench = new Bench();
    const { session, vmid, memory } = bench;
    const before = session.checker.holdings();
    const mem_handle = session.lend(HLOS, vmid, IPA, PAGE)?.word ?? -1;
    expect([bench.reach(HLOS, IPA), bench.reach(vmid, GUEST)]).toEqual([NOWHERE, NOWHERE]);
    bench.accept(mem_handle, 'lend');
    expect([bench.reach(HLOS, IPA), bench.reach(vmid, GUEST)]).toEqual([NOWHERE, THERE]);
    expect(memory.ownedStretch(vmid, 'normal', GUEST, PAGE)).toBeUndefined();
    bench.ok(vmid, MEM_RELEASE, { mem_handle, flags: 0 });
    expect(bench.reach(vmid, GUEST)).toEqual(NOWHERE);
    bench.ok(HLOS, MEM_RECLAIM, { mem_handle, flags: 0 });
    expect(bench.reach(HLOS, IPA)).toEqual(THERE);
    expect(session.checker.holdings()).toEqual(before);
  });

  it('is shared: the owner keeps it, each with the rights of the list', () => {
    const bench = new Bench();
    const before = bench.session.checker.holdings();
    const rights = [
      { vmid: HLOS, rights: Access.R },
      { vmid: bench.vmid, rights: Access.RW },
    ];
    const mem_handle = bench.create(MEM_SHARE, rights);
    bench.accept(mem_handle, 'share');
    expect([bench.reach(HLOS, IPA), bench.reach(bench.vmid, GUEST)]).toEqual([[IPA, 'permission'], THERE]);
    bench.ok(bench.vmid, MEM_RELEASE, { mem_handle, flags: 0 });
    bench.ok(HLOS, MEM_RECLAIM, { mem_handle, flags: 0 });
    expect(bench.reach(HLOS, IPA)).toEqual(THERE);
    expect(bench.session.checker.holdings()).toEqual(before);
  });

  it('is donated: it is the VM’s, and nobody’s once that is reset', () => {
    const bench = new Bench();
    const { session, vmid, memory } = bench;
    bench.accept(bench.create(MEM_DONATE, [{ vmid, rights: Access.RWX }]), 'donate');
    expect(memory.ownedStretch(vmid, 'normal', GUEST, PAGE)).toEqual({ phys: IPA, size: PAGE });
    expect(bench.reach(HLOS, IPA)).toEqual(NOWHERE);
    session.call(HLOS, VM_STOP, { vmid, flags: FORCE, stop_reason: 0 });
    bench.ok(HLOS, VM_RESET, { vmid });
    expect(bench.reach(vmid, GUEST)).toEqual(NOWHERE);
    expect(memory.owners('normal').find(({ start }) => start === IPA)?.value).toBe(-1);
  });

  it('is mapped by blocks where it is a VM’s image, and gone with the VM', () => {
    const { session, memory, vmid } = new Bench();
    const image = memory
      .addressSpace(vmid)
      .mappings()
      .find(({ value }) => value.phys === imageBase(0));
    expect(image).toBeDefined();
    expect(memory.translate(vmid, image?.start ?? 0, Access.RWX)).toEqual({
      phys: imageBase(0),
      kind: 'normal',
      access: Access.RWX,
      granule: BLOCK_SIZE,
    });
    session.tearDown();
    expect(session.broken).toEqual([]);
    expect(memory.addressSpace(vmid).mappings()).toEqual([]);
    expect(memory.records()).toHaveLength(1);
    expect(memory.addressSpace(HLOS).mappings()).toHaveLength(1);
  });
});
