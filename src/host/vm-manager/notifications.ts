import { VM_EXITED, VM_STATUS, vmStatus } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { HostError } from '../error.js';
import type { Hazard } from '../hazard.js';
import { hazards } from '../hazards.js';

/** How a VM ended (exit_info in the kernel). */
export interface ExitInfo {
  readonly type: number;
  /** As in the notification, which may have fewer bytes. */
  readonly reasonSize: number;
  /** The first 8 bytes of the reason, at most. */
  readonly reason: Uint8Array;
}

/** What a notification changes in the state of a VM. */
export type VmChange = { readonly status: number; readonly exit?: ExitInfo };

const { EXITED, RESET } = vmStatus.values;
/** vcpu-and-paging.md, section 2; Qualcomm's drivers name it, too. */
export const RESET_FAILED = 12;
const REASON_SIZE_MAX = 8;
const VMID_SIZE = 2;
const STATUS_OFFSET = 4;
const EXIT_HEADER_SIZE = 8;

/**
 * How the mainline VM manager handles a notification for the VM `vmid` (client.md, section 5). Only VM_EXITED, and
 * VM_STATUS with RESET (a16: or RESET_FAILED), about that VM change its state; undefined for all others.
 *
 * @throws HostError (EBADMSG) with the hazard for a payload that the real handlers, which check no size, would read past
 * its end.
 */
export function vmChange(
  id: number,
  payload: Uint8Array,
  vmid: number,
  knowsResetFailed = false,
): VmChange | undefined {
  if (id !== VM_STATUS.id && id !== VM_EXITED.id) return undefined;
  const { name } = id === VM_STATUS.id ? VM_STATUS : VM_EXITED;
  const view = viewOf(payload);
  const need = (size: number) => {
    if (payload.length >= size) return;
    const hazard: Hazard = payload.length === 0 ? hazards.empty_notification : hazards.short_notification;
    const fault = { code: 'truncated', expected: size, actual: payload.length };
    throw new HostError(name, 'EBADMSG', 'reply', fault, hazard);
  };
  need(VMID_SIZE);
  if (view.getUint16(0, true) !== vmid) return undefined;
  if (id === VM_STATUS.id) {
    need(STATUS_OFFSET + 1);
    const status = view.getUint8(STATUS_OFFSET);
    return status === RESET || (knowsResetFailed && status === RESET_FAILED) ? { status } : undefined;
  }
  need(EXIT_HEADER_SIZE);
  const reasonSize = view.getUint32(4, true);
  const kept = Math.min(reasonSize, REASON_SIZE_MAX);
  need(EXIT_HEADER_SIZE + kept);
  const reason = payload.slice(EXIT_HEADER_SIZE, EXIT_HEADER_SIZE + kept);
  return { status: EXITED, exit: { type: view.getUint16(2, true), reasonSize, reason } };
}
