import { expect } from 'vitest';
import {
  MEM_ACCEPT,
  MEM_LEND,
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_RESET,
  VM_START,
} from '../../schemas/index.js';
import { RmError } from '../../src/rm/codes.js';
import type { NodeSource } from '../devicetree/build.js';
import type { Boots } from './guest.js';
import { doorbell, rpc, tree } from './vm-tree.js';

const { OK, ...E } = RmError;
export const FORCE = 1 << 16;
export const RWX = 0x00070000;
export const PAGE = 0x1000;
export const BLOCK = 0x200000;
/** MEM_ACCEPT's word behind the handle: memory type, transaction, flags. */
export const Accept = { CONTIGUOUS: 0x00100000, DONE: 0x00800000, LENT: 0x0100, DONATED: 0x0000 } as const;

/** A VM with this devicetree behind VM_INIT. */
export function initialised(boots: Boots, blob: Uint8Array): number {
  const vmid = boots.configure(blob);
  expect(boots.error(VM_INIT.id, vmid)).toBe(OK);
  return vmid;
}

export function started(boots: Boots, blob: Uint8Array = tree({ rpc })): number {
  const vmid = initialised(boots, blob);
  expect(boots.error(VM_START.id, vmid)).toBe(OK);
  return vmid;
}

/** VM_INIT of a VM with this devicetree. */
export const initOf = (blob: Uint8Array) => (boots: Boots) => boots.error(VM_INIT.id, boots.configure(blob));

/** One page for one VM with all rights: the new handle. */
export function give(boots: Boots, id: number, page: number, vmid: number, label: number): number {
  const address = 0x80000000 + page * PAGE;
  const [[, error, handle = 0] = []] = boots.bench.ask(id, 0, label, 1, RWX | vmid, 1, address, 0, PAGE, 0);
  expect(error).toBe(OK);
  return handle;
}

/** A halt and nothing else; no answer. */
export function halt(boots: Boots, vmid: number, state: number): undefined {
  boots.bench.halt(vmid, state);
}

/** Two interrupts lent to a VM, the first accepted under the second one's number. */
export function acceptAnother(boots: Boots): { vmid: number; handles: readonly number[] } {
  const vmid = started(boots);
  const handles = [40, 41].map((virq) => boots.bench.ask(VM_IRQ_LEND.id, vmid, virq, 0)[0]?.[2] ?? 0);
  const { careful } = boots.bench.manager;
  expect(boots.errorFrom(vmid, VM_IRQ_ACCEPT.id, handles[0] ?? 0, 41)).toBe(
    careful ? E.ARGUMENT_INVALID : OK,
  );
  return { vmid, handles };
}

/** One VM reset, configured again and reset again: a public manager skips the second. Its second life does `last`. */
function resetTwice(boots: Boots, last: (vmid: number) => void = () => {}): number {
  const vmid = initialised(boots, tree({ rpc }));
  expect(boots.error(VM_RESET.id, vmid)).toBe(OK);
  boots.configureAgain(vmid);
  expect(boots.error(VM_INIT.id, vmid)).toBe(OK);
  last(vmid);
  expect(boots.error(VM_RESET.id, vmid)).toBe(OK);
  return vmid;
}

/** Its VMID is free again, but with a public manager its link is still there. */
export function ghost(boots: Boots, last?: (vmid: number) => void): number {
  const vmid = resetTwice(boots, last);
  expect(boots.error(VM_DEALLOC_VMID.id, vmid)).toBe(OK);
  return vmid;
}

/** A ghost's VMID given out again. */
export function allocatedGhost(boots: Boots, last?: (vmid: number) => void): number {
  const vmid = ghost(boots, last);
  expect(boots.bench.ask(VM_ALLOC_VMID.id, 0)).toEqual([[VM_ALLOC_VMID.id, OK, vmid]]);
  return vmid;
}

/** MEM_ACCEPT by a VM. @param where guest address; RM chooses without it. */
export function accept(boots: Boots, vmid: number, handle: number, flags: number, where?: number) {
  const list = where === undefined ? [0] : [1, where, 0, PAGE, 0];
  return boots.errorFrom(vmid, MEM_ACCEPT.id, handle, flags, 0, 0, ...list, 0);
}

/** A page for a VM, accepted in part. @returns its handle. */
export function begun(boots: Boots, vmid: number): number {
  const handle = give(boots, MEM_LEND.id, 0, vmid, 1);
  expect(accept(boots, vmid, handle, Accept.LENT)).toBe(OK);
  return handle;
}

export const startOf = (blob: Uint8Array, treeSize?: number) => (boots: Boots) => {
  const vmid = boots.configure(blob, treeSize);
  expect(boots.error(VM_INIT.id, vmid)).toBe(OK);
  return boots.error(VM_START.id, vmid);
};
export const bellAt = (generate: string): NodeSource => ({
  properties: { ...doorbell({ 'peer-default': true }).properties, generate },
});

/** Two VMs joined by a doorbell. */
export function joined(boots: Boots): readonly [number, number] {
  const source = { ...doorbell({ peer: 'vm-name:one' }).properties, 'vdevice-type': 'doorbell-source' };
  const one = tree({ rpc, bell: doorbell({ peer: 'vm-name:two' }) }, { 'image-name': 'one' });
  const two = tree({ rpc, bell: { properties: source } }, { 'image-name': 'two' });
  return [initialised(boots, one), initialised(boots, two)];
}

export const scheduled = (core: number) => ({
  affinity: 'static',
  'affinity-map': [core],
  'sched-priority': [0xffffffff],
  'sched-timeslice': [5000],
});
export const iomem = (label: number, more: Readonly<Record<string, string>>): NodeSource => ({
  properties: { 'vdevice-type': 'iomem', 'peer-default': true, ...more },
  children: { memory: { properties: { label: [label] } } },
});
export const sharedMemory: NodeSource = {
  properties: { 'vdevice-type': 'shm', generate: '/hypervisor/shm', 'peer-default': true },
  children: { memory: { properties: { label: [5], base: [0, 0x90000000] } } },
};
export const wideStride = {
  reg: [0, 0x50000000, 0, 0x10000, 0, 0x50100000, 0, 0x20000],
  'redistributor-stride': [0, 0x30000],
};
export const chain = (depth: number): NodeSource =>
  depth === 0 ? {} : { children: { n: chain(depth - 1) } };
