import { describe, expect, it } from 'vitest';
import {
  GET_FEATURES,
  GET_IDENT,
  IPA_UNRESERVE,
  MEM_LEND,
  MEM_RECLAIM,
  protocol,
  resourceType,
  VM_ADD_HEAP_MEMORY,
  VM_GET_HYP_CAPIDS,
  VM_GET_HYP_IRQS,
  VM_GET_HYP_RESOURCES,
  VM_GET_STATE,
  VM_INIT,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_RECLAIM,
  VM_IRQ_UNMAP,
  VM_MINIDUMP_DEREGISTER_SLOT,
  VM_MINIDUMP_GET_INFO,
  VM_MINIDUMP_GET_SLOT_NUMBER,
  VM_MINIDUMP_REGISTER_RANGE,
  VM_QUERY_HEAP_MEMORY,
  VM_REMOVE_HEAP_MEMORY,
  VM_RESUME,
  VM_SET_ADDRESS_LAYOUT,
  VM_SET_BOOT_CONTEXT,
  VM_SET_DEBUG,
  VM_SET_DEMAND_PAGING,
  VM_START,
  VM_SUSPEND,
} from '../../schemas/index.js';
import { RmError } from '../../src/rm/codes.js';
import { modernRows } from '../../src/rm/handlers/modern/index.js';
import { rm23Rows } from '../../src/rm/handlers/rows.js';
import { handlerFacts, managers, VmState } from '../../src/rm/index.js';
import { Bench, Boots } from './guest.js';
import { rpc, tree } from './vm-tree.js';

const { OK, ARGUMENT_INVALID, VM_STATE, VMID_INVALID, MEM_INUSE, MEM_INVALID, HANDLE_INVALID } = RmError;
const { LOOKUP_FAILED, IRQ_INVALID, NORESOURCE } = RmError;

/** A manager with one VM that is configured. */
function configured() {
  const bench = new Bench({ profile: managers.modern });
  const boots = new Boots(bench);
  const vmid = boots.configure(tree({ rpc }));
  return { bench, boots, vmid, error: (id: number, ...words: number[]) => boots.error(id, ...words) };
}

function started() {
  const all = configured();
  all.error(VM_INIT.id, all.vmid);
  all.error(VM_START.id, all.vmid);
  return all;
}

/** The reply to a request of HLOS: its error word, then its data. */
function reply(bench: Bench, id: number, ...words: number[]): number[] {
  const found = bench.ask(id, ...words).find(([message]) => message === id);
  return found?.slice(1) ?? [];
}

describe('the modern manager', () => {
  it('answers every call that a client sends, and says of each new answer what is assumed', () => {
    const lacking = protocol.messages.filter(
      ({ kind, implementedByRm23 }) => kind === 'call' && !implementedByRm23,
    );
    const facts = handlerFacts(managers.modern.rows);
    for (const { id, name } of lacking)
      expect([name, facts.get(id)?.assumed?.length ?? 0]).not.toEqual([name, 0]);
    for (const { message, assumed = [], layoutAssumed = false } of modernRows) {
      expect(assumed.every(({ text, wouldTell }) => text !== '' && wouldTell !== '')).toBe(true);
      const declared = protocol.byId.get(message.id);
      expect([message.name, layoutAssumed]).toEqual([message.name, declared?.layout === 'unknown']);
    }
    expect(rm23Rows.filter(({ assumed }) => assumed !== undefined)).toEqual([]);
  });

  it('says who it is, and that it has no features', () => {
    const { bench } = configured();
    expect(reply(bench, GET_IDENT.id)).toEqual([OK, 0x01000164]);
    expect(reply(bench, GET_FEATURES.id)).toEqual([OK, 0, 0]);
  });

  it('takes a boot context in READY, for registers that exist', () => {
    const { vmid, error, bench } = configured();
    const set = (file: number, index: number) =>
      error(VM_SET_BOOT_CONTEXT.id, vmid | (file << 16) | (index << 24), 0, 0x1234, 0);
    expect(set(1, 0)).toBe(VM_STATE);
    error(VM_INIT.id, vmid);
    expect([set(0, 31), set(0, 32), set(1, 0), set(1, 1), set(2, 2), set(2, 3), set(3, 0)]).toEqual([
      OK,
      ARGUMENT_INVALID,
      OK,
      ARGUMENT_INVALID,
      OK,
      ARGUMENT_INVALID,
      ARGUMENT_INVALID,
    ]);
    expect([...(bench.manager.vm(vmid)?.config?.bootContext ?? [])]).toEqual([
      [31, 0x1234n],
      [0x100, 0x1234n],
      [0x202, 0x1234n],
    ]);
  });

  it('takes ranges to page in INIT: whole pages without overlap', () => {
    const { vmid, error } = configured();
    const set = (...ranges: [number, number][]) =>
      error(
        VM_SET_DEMAND_PAGING.id,
        vmid,
        ranges.length,
        ...ranges.flatMap(([at, size]) => [at, 0, size, 0]),
      );
    expect(set()).toBe(ARGUMENT_INVALID);
    expect(set([0x9000_0001, 0x1000])).toBe(ARGUMENT_INVALID);
    expect(set([0x9000_0000, 0])).toBe(ARGUMENT_INVALID);
    expect(set([0x9000_0000, 0x2000], [0x9000_1000, 0x1000])).toBe(ARGUMENT_INVALID);
    expect(set([0x9000_1000, 0x1000], [0x9000_0000, 0x1000])).toBe(OK);
    expect(error(VM_SET_DEMAND_PAGING.id, 5, 0)).toBe(VMID_INVALID);
    expect(error(VM_INIT.id, vmid)).toBe(OK);
    expect(set([0x9000_0000, 0x1000])).toBe(VM_STATE);
  });

  it('refuses VM_INIT where the platform has devices', () => {
    const { vmid, error } = configured();
    expect(error(VM_SET_DEMAND_PAGING.id, vmid, 1, 0x1000, 0, 0x1000, 0)).toBe(OK);
    expect(error(VM_INIT.id, vmid)).toBe(ARGUMENT_INVALID);
  });

  it('lists an address space and extents for the owner of a paged VM', () => {
    const { vmid, error, bench } = configured();
    expect(error(VM_SET_ADDRESS_LAYOUT.id, vmid, 1, 0x9000_0000, 0, 0x200_0000, 0)).toBe(ARGUMENT_INVALID);
    expect(error(VM_SET_ADDRESS_LAYOUT.id, vmid, 0, 0x9000_0000, 0, 0x1000, 0)).toBe(ARGUMENT_INVALID);
    expect(error(VM_SET_ADDRESS_LAYOUT.id, vmid, 0, 0x9000_0000, 0, 0x200_0000, 0)).toBe(OK);
    error(VM_INIT.id, vmid);
    const [, count = 0, ...words] = reply(bench, VM_GET_HYP_RESOURCES.id, vmid);
    const types = Array.from({ length: count }, (_, index) => (words[index * 11] as number) & 0xff);
    const { ADDR_SPACE, MEM_EXTENT } = resourceType.values;
    expect(types.filter((type) => type === ADDR_SPACE || type === MEM_EXTENT)).toEqual([
      ADDR_SPACE,
      ...new Array(4).fill(MEM_EXTENT),
    ]);
    expect(error(VM_START.id, vmid)).toBe(OK);
    expect(error(MEM_RECLAIM.id, 0, 0)).toBe(HANDLE_INVALID);
    expect('phys' in bench.manager.hypervisor.memory.translate(vmid, 0x9000_0000, 7)).toBe(true);
  });

  it('filters resources by capabilities and by interrupts', () => {
    const { vmid, error, bench } = configured();
    error(VM_INIT.id, vmid);
    const count = (id: number) => reply(bench, id, vmid)[1];
    const all = count(VM_GET_HYP_RESOURCES.id);
    expect([count(VM_GET_HYP_CAPIDS.id), count(VM_GET_HYP_IRQS.id)]).toEqual([all, all]);
    expect(reply(bench, VM_GET_HYP_CAPIDS.id, 5)).toEqual([ARGUMENT_INVALID]);
  });

  it('suspends and resumes a running VM', () => {
    const { vmid, error, bench } = started();
    expect([error(VM_RESUME.id, vmid), error(VM_SUSPEND.id, 5)]).toEqual([VM_STATE, VMID_INVALID]);
    expect(error(VM_SUSPEND.id, vmid)).toBe(OK);
    expect((reply(bench, VM_GET_STATE.id, vmid)[1] ?? 0) & 0xff).toBe(VmState.PAUSED);
    expect([error(VM_SUSPEND.id, vmid), error(VM_RESUME.id, vmid)]).toEqual([VM_STATE, OK]);
    expect(bench.manager.vm(vmid)?.state).toBe(VmState.RUNNING);
  });

  it('takes debugging before VM_INIT', () => {
    const { vmid, error } = configured();
    expect([error(VM_SET_DEBUG.id, vmid | (2 << 24)), error(VM_SET_DEBUG.id, vmid | (1 << 24))]).toEqual([
      ARGUMENT_INVALID,
      OK,
    ]);
    error(VM_INIT.id, vmid);
    expect(error(VM_SET_DEBUG.id, vmid | (1 << 24))).toBe(VM_STATE);
  });

  it('gives interrupts up: all of a list or none', () => {
    const { vmid, boots, bench, error } = started();
    const handle = reply(bench, VM_IRQ_LEND.id, vmid, 40, 0)[1] ?? 0;
    expect(boots.errorFrom(vmid, VM_IRQ_ACCEPT.id, handle, 40)).toBe(OK);
    expect(boots.errorFrom(vmid, VM_IRQ_UNMAP.id, 2, 40, 41)).toBe(IRQ_INVALID);
    expect(boots.errorFrom(vmid, VM_IRQ_UNMAP.id, 1, 40)).toBe(OK);
    expect(boots.errorFrom(vmid, VM_IRQ_UNMAP.id, 1, 40)).toBe(IRQ_INVALID);
    expect(error(VM_IRQ_RECLAIM.id, handle)).toBe(OK);
  });

  it('gives reserved addresses back once', () => {
    const { vmid, boots } = started();
    const range = [0, 0, 0, 1, 0x7000_0000, 0, 0x1000, 0];
    expect(boots.errorFrom(vmid, 0x560000b0, ...range)).toBe(OK);
    expect(boots.errorFrom(vmid, IPA_UNRESERVE.id, ...range)).toBe(OK);
    expect(boots.errorFrom(vmid, IPA_UNRESERVE.id, ...range)).toBe(ARGUMENT_INVALID);
    expect(boots.errorFrom(vmid, 0x560000b0, ...range)).toBe(OK);
  });

  it('keeps ranges for a crash dump in slots', () => {
    const { bench, error } = configured();
    const name = 0x47_4f_4c_4b;
    const register = (start: number) =>
      reply(bench, VM_MINIDUMP_REGISTER_RANGE.id, start, 0, 0x1000, 0, 4 | (28 << 8), name);
    expect(reply(bench, VM_MINIDUMP_GET_INFO.id, 0)).toEqual([OK, 64]);
    expect([register(0x9000_0000), register(0x9000_0000), register(0x1000)]).toEqual([
      [OK, 0],
      [OK, 1],
      [ARGUMENT_INVALID],
    ]);
    const slotOf = (from: number) => reply(bench, VM_MINIDUMP_GET_SLOT_NUMBER.id, 4, from, name);
    expect([slotOf(0), slotOf(1), slotOf(2)]).toEqual([[OK, 0], [OK, 1], [LOOKUP_FAILED]]);
    expect([error(VM_MINIDUMP_DEREGISTER_SLOT.id, 0), error(VM_MINIDUMP_DEREGISTER_SLOT.id, 0)]).toEqual([
      OK,
      ARGUMENT_INVALID,
    ]);
    for (let slot = 1; slot < 64; slot++) expect(register(0x9000_0000)[0]).toBe(OK);
    expect(register(0x9000_0000)).toEqual([NORESOURCE]);
  });

  it('adds memory to a heap, and keeps it until it is removed', () => {
    const { bench, error } = configured();
    const lend = (size: number) =>
      reply(bench, MEM_LEND.id, 0, 0, 1, 0x0007_00ff, 1, 0xa000_0000, 0, size, 0)[1] ?? 0;
    const odd = lend(0x1000);
    expect(error(VM_ADD_HEAP_MEMORY.id, 0, 0, odd)).toBe(MEM_INVALID);
    error(MEM_RECLAIM.id, odd, 0);
    const handle = lend(0x10_0000);
    expect(error(VM_ADD_HEAP_MEMORY.id, 2, 0, handle)).toBe(HANDLE_INVALID);
    expect([error(VM_ADD_HEAP_MEMORY.id, 1, 0, handle), error(VM_ADD_HEAP_MEMORY.id, 0, 0, handle)]).toEqual([
      OK,
      MEM_INUSE,
    ]);
    expect(reply(bench, VM_QUERY_HEAP_MEMORY.id, 1, 1)).toEqual([OK, 1, handle]);
    expect(reply(bench, VM_QUERY_HEAP_MEMORY.id, 1, 2)).toEqual([OK, 0x10_0000, 0, 0, 0, 0, 0, 0x10_0000, 0]);
    expect(error(MEM_RECLAIM.id, handle, 0)).toBe(MEM_INUSE);
    expect(error(VM_REMOVE_HEAP_MEMORY.id, 0, 0, handle)).toBe(MEM_INVALID);
    expect([error(VM_REMOVE_HEAP_MEMORY.id, 1, 0, handle), error(MEM_RECLAIM.id, handle, 0)]).toEqual([
      OK,
      OK,
    ]);
    const heaps = reply(bench, VM_GET_HYP_RESOURCES.id, 255);
    expect(heaps[1]).toBe(3);
  });
});
