import { describe, expect, it } from 'vitest';
import {
  error,
  MEM_ACCEPT,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_RECLAIM,
  VM_DEALLOC_VMID,
  VM_RESET,
  VM_STOP,
} from '../../schemas/index.js';
import { buildFdt, type NodeSource } from '../devicetree/build.js';
import { FORCE, HLOS, OK, PAGE, Session } from './session.js';
import { exampleVm } from './tree.js';

const { MEM_INUSE, DENIED } = error.values;

function session(careful: boolean): Session {
  return new Session(1, { manager: { careful } });
}

/** Rules that did not hold since the last look, each with the fault that explains it. */
function findings(of: Session): string[] {
  expect(of.broken).toEqual([]);
  return [...new Set(of.met.splice(0))].sort();
}

describe('the second reset of a VM', () => {
  function resetTwice(of: Session) {
    const vm = of.boot(0);
    for (let life = 0; life < 2; life++) {
      of.call(HLOS, VM_STOP, { vmid: vm.vmid, flags: FORCE, stop_reason: 0 });
      expect(of.call(HLOS, VM_RESET, { vmid: vm.vmid })?.error).toBe(OK);
      vm.state = 'reset';
      if (life === 0) for (let step = 0; step < 3; step++) of.advance(vm);
    }
    const reclaimed = of.call(HLOS, MEM_RECLAIM, { mem_handle: vm.image, flags: 0 });
    of.call(HLOS, VM_DEALLOC_VMID, { vmid: vm.vmid });
    return { reclaimed, of };
  }

  it('is reported for the public manager', () => {
    const { reclaimed, of } = resetTwice(session(false));
    // Only that the VM cannot be started twice on this manager may come before.
    if (of.panics.length === 0) expect(reclaimed?.error).toBe(MEM_INUSE);
    expect(findings(of)).toContain('second_reset');
  });

  it('cleans up when the manager is careful', () => {
    const { reclaimed, of } = resetTwice(session(true));
    expect(reclaimed?.error).toBe(OK);
    expect(findings(of)).toEqual([]);
  });
});

describe('a failed append', () => {
  function appendBadly(of: Session) {
    const entry = (ipa: number) => ({ ipa: BigInt(ipa), size: BigInt(PAGE) });
    const parcel = of.call(HLOS, MEM_LEND, {
      mem_type: 0,
      flags: 2,
      label: 0,
      acl_entries: [{ vmid: 4, rights: 7 }],
      sgl_entries: [entry(0xa0000000)],
      attr_entries: [],
    });
    const sgl_entries = [entry(0xa0001000), entry(0x1000)];
    const appended = of.call(HLOS, MEM_APPEND, { mem_handle: parcel?.word, flags: 1, sgl_entries });
    expect(appended?.error).not.toBe(OK);
    expect(of.call(HLOS, MEM_RECLAIM, { mem_handle: parcel?.word, flags: 0 })?.error).toBe(OK);
    return findings(of);
  }

  it('is reported for the public manager and not for a careful one', () => {
    expect(appendBadly(session(false))).toEqual(['failed_append']);
    expect(appendBadly(session(true))).toEqual([]);
  });
});

/** A VM whose second iomem device says neither `generate` nor `patch`. */
function twoIomems(): Uint8Array {
  const tree = exampleVm();
  const config = tree.children?.['gunyah-vm-config'] as NodeSource;
  const vdevices = config.children?.vdevices as NodeSource;
  const iomem = (label: number, more: Record<string, string>): NodeSource => ({
    properties: { 'vdevice-type': 'iomem', 'peer-default': true, ...more },
    children: { memory: { properties: { label: [label] } } },
  });
  const devices = { good: iomem(0x50, { generate: '/hypervisor/io' }), bad: iomem(0x51, {}) };
  return buildFdt({
    ...tree,
    children: {
      ...tree.children,
      'gunyah-vm-config': {
        ...config,
        children: {
          ...config.children,
          vdevices: { ...vdevices, children: { ...vdevices.children, ...devices } },
        },
      },
    },
  });
}

describe('a devicetree that frees iomem twice', () => {
  function initAndReset(of: Session) {
    const vm = of.allocate(0, twoIomems());
    if (vm === undefined) throw new Error('no VMID');
    of.advance(vm);
    of.advance(vm);
    expect(vm.state).toBe('failed');
    const reset = of.call(HLOS, VM_RESET, { vmid: vm.vmid });
    return { reset, found: findings(of), panics: of.panics };
  }

  it('is reported before the public manager dies of it', () => {
    const { found, panics } = initAndReset(session(false));
    expect(found).toEqual(['iomem_freed_twice', 'panic vm_reset_iomem_freed_twice']);
    expect(panics).toEqual(['vm_reset_iomem_freed_twice']);
  });

  it('does nothing to a careful manager', () => {
    expect(initAndReset(session(true))).toMatchObject({ reset: { error: OK }, found: [], panics: [] });
  });
});

describe('limits and leftovers', () => {
  it.each([false, true])('64 parcels per owner, and no more (careful: %s)', (careful) => {
    const of = session(careful);
    const lend = (page: number) => of.lend(HLOS, 4, 0xa0000000 + page * PAGE, PAGE);
    for (let page = 0; page < 64; page++) expect(lend(page)?.error).toBe(OK);
    expect(lend(64)?.error).toBe(DENIED);
    expect(of.call(HLOS, MEM_RECLAIM, { mem_handle: 5, flags: 0 })?.error).toBe(OK);
    expect(lend(64)?.error).toBe(OK);
    expect(findings(of)).toEqual([]);
  });

  it('parcels whose owner is freed belong to nobody', () => {
    const of = session(false);
    const vm = of.boot(0);
    const give = { mem_type: 0, flags: 0, label: 0, attr_entries: [] };
    const gift = of.call(HLOS, MEM_DONATE, {
      ...give,
      acl_entries: [{ vmid: vm.vmid, rights: 7 }],
      sgl_entries: [{ ipa: 0xa0000000n, size: 0x1000n }],
    });
    expect(accept(of, vm.vmid, gift?.word)?.error).toBe(OK);
    expect(of.lend(vm.vmid, HLOS, 0x200000000, PAGE)?.error).toBe(OK);
    of.call(HLOS, VM_STOP, { vmid: vm.vmid, flags: FORCE, stop_reason: 0 });
    of.call(HLOS, VM_RESET, { vmid: vm.vmid });
    expect(findings(of)).toEqual([]);
    expect(of.call(HLOS, VM_DEALLOC_VMID, { vmid: vm.vmid })?.error).toBe(OK);
    expect(findings(of)).toEqual(['owner_gone']);
  });
});

function accept(of: Session, vmid: number, mem_handle: number | undefined) {
  const request = {
    mem_handle,
    mem_type: 0,
    trans_type: 0,
    flags: 0x80,
    label: 0,
    acl_entries: [],
    map_vmid: 0,
  };
  const sgl_entries = [{ ipa: 0x200000000n, size: 0x1000n }];
  return of.call(vmid, MEM_ACCEPT, { ...request, sgl_entries, attr_entries: [] });
}
