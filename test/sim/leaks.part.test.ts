import { describe, expect, it } from 'vitest';
import {
  MEM_ACCEPT,
  MEM_RECLAIM,
  VM_CONSOLE_OPEN,
  VM_DEALLOC_VMID,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_RECLAIM,
  VM_RESET,
  VM_STOP,
} from '../../schemas/index.js';
import { budget } from '../part.js';
import { FORCE, HLOS, OK, Session } from './session.js';

/** One life of a VM with memory, an interrupt and a console, and its end. */
function live(session: Session): void {
  const expectOk = (reply: { readonly error: number } | undefined) => expect(reply?.error).toBe(OK);
  const vm = session.boot(0);
  expect(vm.state).toBe('running');
  const { vmid } = vm;
  const lent = session.lend(HLOS, vmid, 0xa0000000, 0x4000);
  expectOk(lent);
  const accept = {
    mem_handle: lent?.word,
    mem_type: 0,
    trans_type: 1,
    flags: 0x80,
    label: 0,
    acl_entries: [],
  };
  expectOk(session.call(vmid, MEM_ACCEPT, { ...accept, map_vmid: 0, sgl_entries: [], attr_entries: [] }));
  const irq = session.call(HLOS, VM_IRQ_LEND, { borrower: vmid, virq: 100, label: 1 });
  expectOk(session.call(vmid, VM_IRQ_ACCEPT, { virq_handle: irq?.word, virq: 0xffffffff }));
  expectOk(session.call(HLOS, VM_CONSOLE_OPEN, { vmid }));
  expectOk(session.call(HLOS, VM_STOP, { vmid, flags: FORCE, stop_reason: 0 }));
  expectOk(session.call(HLOS, VM_RESET, { vmid }));
  expectOk(session.call(HLOS, MEM_RECLAIM, { mem_handle: lent?.word, flags: 0 }));
  expectOk(session.call(HLOS, MEM_RECLAIM, { mem_handle: vm.image, flags: 0 }));
  expectOk(session.call(HLOS, VM_IRQ_RECLAIM, { virq_handle: irq?.word }));
  expectOk(session.call(HLOS, VM_DEALLOC_VMID, { vmid }));
  session.vms.length = 0;
  session.parcels.length = 0;
}

const LIVES = budget(1000);

describe(`${LIVES} lives of a VM`, () => {
  it.each([false, true])('leave nothing behind (careful: %s)', (careful) => {
    const session = new Session(1, { manager: { careful } });
    const before = session.checker.holdings();
    for (let life = 0; life < LIVES; life++) {
      live(session);
      if (life % (LIVES / 10) === 0) expect(session.checker.holdings()).toEqual(before);
    }
    expect(session.checker.holdings()).toEqual(before);
    expect(session.broken).toEqual([]);
    expect(session.met).toEqual([]);
    expect(session.world.waiting()).toEqual([]);
  });
});
