import { exitReason, type MEM_RELEASED, VM_EXITED, VM_STATUS } from '../../schemas/index.js';
import { VmState } from './codes.js';
import type { NotifyContext } from './context.js';
import type { Parcel } from './parcels/parcel.js';
import { notificationBytes } from './payload.js';
import type { Vm } from './vm.js';

/** VM_STATUS about a VM to each peer that has a link and is RUNNING itself, in peer order. */
export function sendVmStatus(rm: NotifyContext, vm: Vm): void {
  let payload: Uint8Array | undefined;
  for (const peer of vm.peers) {
    const link = rm.links.get(peer.vmid);
    if (link === undefined || peer.state !== VmState.RUNNING) continue;
    payload ??= notificationBytes(VM_STATUS.payload, {
      vmid: vm.vmid,
      vm_status: vm.state,
      os_status: vm.osStatus,
      app_status: vm.appStatus,
    });
    link.notify(VM_STATUS.id, payload);
  }
}

/** What a PSCI SYSTEM_RESET2 call said. */
export interface ResetCall {
  readonly resetType: number;
  readonly cookie: bigint;
}

/** VM_EXITED to the owner (rm-internals.md, section 12). */
export function sendVmExited(
  rm: NotifyContext,
  vm: Vm,
  exitType: number,
  flags: number,
  code: number,
  reset?: ResetCall,
): void {
  const reason = notificationBytes(exitReason, {
    exit_flags: flags,
    exit_code: code,
    ...(reset === undefined ? {} : { reset_type: reset.resetType, cookie: reset.cookie }),
  });
  rm.links.notify(vm.owner, VM_EXITED, { vmid: vm.vmid, exit_type: exitType, exit_reason: reason });
}

/** MEM_RELEASED or MEM_ACCEPTED to a parcel's owner. */
export function tellParcelOwner(
  rm: NotifyContext,
  message: typeof MEM_RELEASED,
  parcel: Parcel,
  vmid: number,
): void {
  rm.links.notify(parcel.owner, message, { mem_handle: parcel.handle, vmid, mem_info_tag: parcel.tag ?? 0 });
}
