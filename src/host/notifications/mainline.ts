import { VM_EXITED, VM_STATUS, vmStatus } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import type { Hazard } from '../hazard.js';
import { hazards } from '../hazards.js';

/** What the VM manager keeps of a VM's end (exit_info in the kernel). */
export interface ExitInfo {
  readonly type: number;
  /** As RM said it: may be more than there are bytes. */
  readonly reasonSize: number;
  /** The first bytes of the reason, at most 8. */
  readonly reason: Uint8Array;
}

/** What a notification changes about one VM; undefined: nothing. */
export type VmChange = { readonly status: number; readonly exit?: ExitInfo };

const { EXITED, RESET } = vmStatus.values;
const REASON_SIZE_MAX = 8;
const VMID_SIZE = 2;
const STATUS_OFFSET = 4;
const EXIT_HEADER_SIZE = 8;

/**
 * What the mainline VM manager makes of a notification for the VM `vmid`: VM_EXITED and VM_STATUS with RESET about that
 * VM change its state, all else changes nothing (client.md, section 5). Sizes are not checked by it; here a payload
 * that it would read behind the end of is a HostError (EBADMSG) with the hazard.
 */
export function vmChange(id: number, payload: Uint8Array, vmid: number): VmChange | undefined {
  if (id !== VM_STATUS.id && id !== VM_EXITED.id) return undefined;
  const { name } = id === VM_STATUS.id ? VM_STATUS : VM_EXITED;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const need = (size: number) => {
    if (payload.length >= size) return;
    const hazard: Hazard = payload.length === 0 ? hazards.empty_notification : hazards.short_notification;
    const issue = { code: 'truncated', path: '', offset: 0, expected: size, actual: payload.length };
    throw new HostError(name, 'EBADMSG', 'reply', issue, hazard);
  };
  need(VMID_SIZE);
  if (view.getUint16(0, true) !== vmid) return undefined;
  if (id === VM_STATUS.id) {
    need(STATUS_OFFSET + 1);
    return view.getUint8(STATUS_OFFSET) === RESET ? { status: RESET } : undefined;
  }
  need(EXIT_HEADER_SIZE);
  const reasonSize = view.getUint32(4, true);
  const kept = Math.min(reasonSize, REASON_SIZE_MAX);
  need(EXIT_HEADER_SIZE + kept);
  const reason = payload.slice(EXIT_HEADER_SIZE, EXIT_HEADER_SIZE + kept);
  return { status: EXITED, exit: { type: view.getUint16(2, true), reasonSize, reason } };
}
