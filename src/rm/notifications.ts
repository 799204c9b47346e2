import { exitReason, MEM_ACCEPTED, MEM_RELEASED, VM_EXITED, VM_STATUS } from '../../schemas/index.js';
import type { ResourceManager } from './manager.js';
import type { Parcel } from './parcels/parcel.js';
import { VmState } from './states.js';
import type { Vm } from './vm.js';
import { notificationBytes } from './wire.js';

/** VM_STATUS about a VM to each peer that has a link and is RUNNING itself, in peer order. */
export function sendVmStatus(rm: ResourceManager, vm: Vm): void {
  let payload: Uint8Array | undefined;
  for (const peer of vm.peers) {
    const link = rm.link(peer.vmid);
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
  rm: ResourceManager,
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
  const payload = notificationBytes(VM_EXITED.payload, {
    vmid: vm.vmid,
    exit_type: exitType,
    exit_reason: reason,
  });
  rm.notify(vm.owner, VM_EXITED.id, payload);
}

/** MEM_RELEASED to a parcel's owner. */
export function memReleased(rm: ResourceManager, parcel: Parcel, vmid: number): void {
  const value = { mem_handle: parcel.handle, vmid, mem_info_tag: parcel.tag ?? 0 };
  rm.notify(parcel.owner, MEM_RELEASED.id, notificationBytes(MEM_RELEASED.payload, value));
}

/** MEM_ACCEPTED to a parcel's owner. */
export function memAccepted(rm: ResourceManager, parcel: Parcel, vmid: number): void {
  const value = { mem_handle: parcel.handle, vmid, mem_info_tag: parcel.tag ?? 0 };
  rm.notify(parcel.owner, MEM_ACCEPTED.id, notificationBytes(MEM_ACCEPTED.payload, value));
}
