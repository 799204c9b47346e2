import { describe, expect, it } from 'vitest';
import { authMech, protocol, VM_EXITED, VM_STATUS, vmStatus } from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import type { CallEffect } from '../../src/host/effect.js';
import { type Calling, HostError, mainlineCalls } from '../../src/host/index.js';

/* The review of "gunyah: rsc_mgr: Add VM lifecycle RPC", version 11 of the series. */

/** Runs a call; each of its messages is answered with these bytes. */
function answered<T>(calling: Calling<T>, ...replies: readonly (readonly number[])[]) {
  const sent: { readonly id: number; readonly bytes: string }[] = [];
  let next = calling.next();
  for (const reply of replies) {
    if (next.done) break;
    const { message, payload } = next.value as CallEffect;
    sent.push({ id: message.id, bytes: Buffer.from(payload).toString('hex') });
    next = calling.next(Uint8Array.from(reply));
  }
  return { sent, value: next.done ? next.value : undefined, done: next.done };
}

function failure(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HostError) return error.errno;
    throw error;
  }
  throw new Error('no error');
}

const calls = () => mainlineCalls('v11');
const EMPTY: readonly number[] = [];

describe('VM lifecycle RPC (seed 003)', () => {
  it.each([
    ['VM_ALLOC_VMID', 0x56000001],
    ['VM_DEALLOC_VMID', 0x56000002],
    ['VM_START', 0x56000004],
    ['VM_STOP', 0x56000005],
    ['VM_RESET', 0x56000006],
    ['VM_CONFIG_IMAGE', 0x56000009],
    ['VM_INIT', 0x5600000b],
    ['VM_GET_HYP_RESOURCES', 0x56000020],
    ['VM_GET_VMID', 0x56000024],
    ['VM_EXITED', 0x56100001],
    ['VM_STATUS', 0x56100008],
  ] as const)('the number of %s', (name, id) => {
    expect(protocol.messages.find((message) => message.name === name)?.id).toBe(id);
  });

  it('a common request is a VMID and two bytes of padding', () => {
    for (const run of [calls().deallocVmid, calls().vmReset, calls().vmStart, calls().vmInit])
      expect(answered(run(0x1234), EMPTY).sent[0]?.bytes).toBe('34120000');
  });

  it('VM_ALLOC_VMID(0) returns the VMID of the reply, which is u16 and padding', () => {
    const { sent, value } = answered(calls().allocVmid(0), [0x80, 0, 0, 0]);
    expect([sent[0]?.bytes, value]).toEqual(['00000000', 0x80]);
  });

  it('VM_ALLOC_VMID of a reserved VMID asks for it and reads no reply', () => {
    const { sent, value } = answered(calls().allocVmid(28), EMPTY);
    expect([sent[0]?.bytes, value]).toEqual(['1c000000', 28]);
  });

  it('VM_STOP is by force: flags bit 0, reason 3', () => {
    expect(answered(calls().vmStop(0x80), EMPTY).sent[0]?.bytes).toBe('8000010003000000');
  });

  it('VM_CONFIG_IMAGE is 40 bytes: vmid, auth_mech, handle, image and dtb offset and size', () => {
    const request = {
      ...{ vmid: 0x80, auth_mech: 2, mem_handle: 0x11223344 },
      ...{ image_offset: 1n, image_size: 2n, dtb_offset: 3n, dtb_size: 4n },
    };
    const [first] = answered(calls().vmConfigure(request), EMPTY).sent;
    expect(first?.bytes).toBe(
      `80000200${'44332211'}${[1, 2, 3, 4].map((word) => `0${word}00000000000000`).join('')}`,
    );
  });

  it.each([
    ['NONE', 0],
    ['QCOM_PIL_ELF', 1],
    ['QCOM_ANDROID_PVM', 2],
  ] as const)('authentication %s', (name, value) => {
    expect(authMech.values[name]).toBe(value);
  });

  it.each([
    ['NO_STATE', 0],
    ['INIT', 1],
    ['READY', 2],
    ['RUNNING', 3],
    ['PAUSED', 4],
    ['LOAD', 5],
    ['AUTH', 6],
    ['INIT_FAILED', 8],
    ['EXITED', 9],
    ['RESETTING', 10],
    ['RESET', 11],
  ] as const)('status %s', (name, value) => {
    expect(vmStatus.values[name]).toBe(value);
  });

  it('VM_GET_HYP_RESOURCES: a count and entries of 44 bytes', () => {
    const entry = Array.from({ length: 44 }, (_, index) => (index === 0 ? 2 : 0));
    const { value } = answered(calls().getHypResources(0x80), [1, 0, 0, 0, ...entry]);
    expect(value?.entries).toHaveLength(1);
    expect(value?.entries[0]?.type).toBe(2);
  });

  it('an entry: type, partner, handle, label, capability, virq handle and number, base, size', () => {
    const bytes = new Uint8Array(4 + 44);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 1, true);
    view.setUint8(4, 3);
    view.setUint16(6, 0x99, true);
    view.setUint32(8, 7, true);
    view.setUint32(12, 8, true);
    view.setBigUint64(16, 9n, true);
    view.setUint32(24, 10, true);
    view.setUint32(28, 11, true);
    view.setBigUint64(32, 12n, true);
    view.setBigUint64(40, 13n, true);
    const { value } = answered(calls().getHypResources(0x80), [...bytes]);
    expect(value?.entries[0]).toMatchObject({
      ...{ type: 3, partner_vmid: 0x99, resource_handle: 7, resource_label: 8, cap_id: 9n },
      ...{ virq_handle: 10, virq: 11, base: 12n, size: 13n },
    });
  });

  it.each([
    ['no payload', EMPTY],
    ['less than the count', [1, 0, 0]],
    ['fewer entries than counted', [1, 0, 0, 0]],
    ['more bytes than counted', [0, 0, 0, 0, 0]],
  ] as const)('VM_GET_HYP_RESOURCES with %s: EBADMSG', (_, reply) => {
    expect(failure(() => answered(calls().getHypResources(0x80), reply))).toBe('EBADMSG');
  });

  it('VM_GET_VMID takes the low 16 bits, and asks once', () => {
    const kernel = calls();
    expect(answered(kernel.getVmid(), [3, 0, 1, 0])).toMatchObject({ sent: [{ bytes: '' }], value: 3 });
    expect(answered(kernel.getVmid())).toMatchObject({ sent: [], value: 3, done: true });
  });

  it('VM_EXITED: vmid, exit type, size of the reason, reason', () => {
    const bytes = Uint8Array.of(0x80, 0, 3, 0, 2, 0, 0, 0, 0xaa, 0xbb);
    const codec = codecOf(VM_EXITED.payload);
    expect(codec.decode(new DataView(bytes.buffer), 0, bytes.length)).toMatchObject({
      vmid: 0x80,
      exit_type: 3,
    });
  });

  it('VM_STATUS: vmid, reserved, status of VM, OS and application', () => {
    const bytes = Uint8Array.of(0x80, 0, 0, 0, 3, 1, 0x34, 0x12);
    const codec = codecOf(VM_STATUS.payload);
    expect(codec.decode(new DataView(bytes.buffer), 0, bytes.length)).toMatchObject({
      ...{ vmid: 0x80, vm_status: 3, os_status: 1, app_status: 0x1234 },
    });
  });

  it('calls without a reply payload ignore one', () => {
    expect(answered(calls().vmStart(0x80), [1, 2, 3, 4]).done).toBe(true);
  });
});
