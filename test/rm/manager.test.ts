import { describe, expect, it } from 'vitest';
import {
  MEM_LEND,
  MEM_RECLAIM,
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_GET_VMID,
  VM_RESET,
} from '../../schemas/index.js';
import { panicPlaces, ResourceManager } from '../../src/rm/index.js';
import { Bench, HLOS } from './guest.js';
import { panicTable } from './panic-text.js';

const UNKNOWN = 0x7fffffff;
/** Memory type, flags: normal, none; label 7; ACL [VM 128 RWX]; one region. */
const lendPage = (page: number) => [0, 7, 1, 0x00070080, 1, 0x80000000 + page * 4096, 0, 4096, 0];

describe('the manager', () => {
  it('answers who asks, and what it does not know', () => {
    const bench = new Bench();
    expect(bench.ask(VM_GET_VMID.id)).toEqual([[VM_GET_VMID.id, 0, HLOS]]);
    expect(bench.ask(UNKNOWN)).toEqual([[UNKNOWN, 0xffffffff]]);
  });

  it('does nothing unless it is run', () => {
    const bench = new Bench();
    bench.put(HLOS, VM_GET_VMID.id);
    expect(bench.take(HLOS)).toEqual([]);
    bench.manager.run();
    expect(bench.take(HLOS)).toHaveLength(1);
  });

  it('holds 8 queued, one in transmission and one pending reply', () => {
    const bench = new Bench();
    for (let count = 0; count < 12; count++) {
      bench.put(HLOS, VM_GET_VMID.id);
      bench.manager.run();
    }
    expect(bench.take(HLOS)).toHaveLength(10);
  });

  it('says nothing after it died, until it is rebooted', () => {
    const bench = new Bench();
    expect(bench.ask(VM_DEALLOC_VMID.id, 77)).toEqual([]);
    expect(bench.panics).toEqual(['vm_dealloc_unknown_vmid']);
    expect(bench.manager.panicked).toBe('vm_dealloc_unknown_vmid');
    expect(bench.ask(VM_GET_VMID.id)).toEqual([]);
    bench.manager.vcpuHalt(128, 2, [0n, 0n]);
    bench.manager.reboot();
    expect(bench.manager.panicked).toBeUndefined();
    expect(bench.ask(VM_GET_VMID.id)).toHaveLength(1);
    expect(bench.panics).toHaveLength(1);
  });

  it('answers an error instead when it is careful', () => {
    const bench = new Bench({ careful: true });
    expect(bench.ask(VM_DEALLOC_VMID.id, 77)).toEqual([
      [VM_DEALLOC_VMID.id, panicPlaces.vm_dealloc_unknown_vmid.carefulError],
    ]);
    const [[, , vmid] = []] = bench.ask(VM_ALLOC_VMID.id, 0);
    expect(bench.ask(VM_RESET.id, vmid ?? 0)).toEqual([
      [VM_RESET.id, panicPlaces.vm_reset_unconfigured.carefulError],
    ]);
    expect(bench.panics).toEqual([]);
  });

  it('forgets everything at a reboot, memory contents included', () => {
    const { manager } = new Bench();
    manager.hypervisor.writeMemory(0x80000000, Uint8Array.of(1, 2, 3));
    manager.reboot();
    const bytes = new Uint8Array(3);
    manager.hypervisor.readMemory(0x80000000, bytes);
    expect(bytes).toEqual(Uint8Array.of(0, 0, 0));
  });

  it('lends and takes back as often as it likes, and has every page again afterwards', () => {
    const bench = new Bench();
    const [[, , vmid] = []] = bench.ask(VM_ALLOC_VMID.id, 0);
    expect(vmid).toBe(128);
    for (let round = 0; round < 1000; round++) {
      const [[, error, handle] = []] = bench.ask(MEM_LEND.id, ...lendPage(round % 7));
      expect([error, handle]).toEqual([0, round]);
      expect(bench.ask(MEM_RECLAIM.id, round, 0)).toEqual([[MEM_RECLAIM.id, 0]]);
    }
    const stretch = bench.manager.hypervisor.memory.ownedStretch(HLOS, 'normal', 0x80000000, 0x40000000);
    expect(stretch).toEqual({ phys: 0x80000000, size: 0x40000000 });
  });

  it('takes a request that ends behind its first list as one with empty lists', () => {
    const bench = new Bench();
    bench.ask(VM_ALLOC_VMID.id, 0);
    expect(bench.ask(MEM_LEND.id, 0, 7, 2, 0x00070080, 0x00070081)).toEqual([[MEM_LEND.id, 6]]);
  });

  it('tells what it sends as it sends it', () => {
    const sent: number[] = [];
    const manager = new ResourceManager({ onSent: (vmid, frame) => sent.push(vmid, frame.byteLength) });
    manager.link(HLOS)?.toManager.send(Uint8Array.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56));
    manager.run();
    expect(sent).toEqual([HLOS, 16]);
  });
});

describe('the places where the public manager dies', () => {
  it('are printed one row each', () => {
    const rows = panicTable().trim().split('\n').slice(2);
    expect(rows).toHaveLength(Object.keys(panicPlaces).length);
    for (const row of rows) expect(row.split(' | ')).toHaveLength(5);
  });
});
