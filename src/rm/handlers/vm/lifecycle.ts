import {
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_RESET,
  VM_SHUTDOWN,
  VM_START,
  VM_STOP,
} from '../../../../schemas/index.js';
import { ExitCode, ExitType, RmError, StopFlag, VmState } from '../../codes.js';
import { beginReset } from '../../create/reset.js';
import { startVm } from '../../create/start.js';
import { sendVmExited, sendVmStatus } from '../../notifications.js';
import { dropPeers, registerPeers } from '../../vm.js';
import { type HandlerRow, handler } from '../row.js';

const allocate = handler(VM_ALLOC_VMID, (rm, sender, { vmid }) => {
  const vm = rm.vms.allocate(vmid, sender);
  if (vm === undefined) return RmError.NORESOURCE;
  registerPeers(vm, sender);
  return vmid === 0 ? { vmid: vm.vmid } : RmError.OK;
});

const deallocate = handler(VM_DEALLOC_VMID, (rm, sender, { vmid }) => {
  const vm = rm.vms.get(vmid);
  if (vm === undefined) return rm.panicOrError('vm_dealloc_unknown_vmid');
  if (vm.owner !== sender.vmid) return RmError.DENIED;
  if (vm.state !== VmState.LOAD && vm.state !== VmState.RESET) return RmError.VM_STATE;
  // The public manager forgets a VM that owns parcels, and nobody can reclaim them any more.
  if (rm.careful && vm.parcelCount > 0) return RmError.MEM_INUSE;
  if (vm.resetEvent !== undefined) rm.loop.cancel(vm.resetEvent);
  rm.vms.forget(vm);
  dropPeers(vm);
  return RmError.OK;
});

const start = handler(VM_START, (rm, sender, { vmid }) => {
  const vm = rm.vms.get(vmid);
  if (vm === undefined) return RmError.VMID_INVALID;
  if (vm.owner !== sender.vmid) return RmError.DENIED;
  if (vm.state !== VmState.READY) return RmError.VM_STATE;
  const error = startVm(rm, vm);
  vm.state = error === RmError.OK ? VmState.RUNNING : VmState.INIT_FAILED;
  sendVmStatus(rm, vm);
  return error;
});

const stop = handler(VM_STOP, (rm, sender, { vmid, flags, stop_reason }) => {
  const vm = rm.vms.get(vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return RmError.VMID_INVALID;
  if (!vm.mayEnter('EXITED')) return RmError.VM_STATE;
  if ((flags & StopFlag.FORCE_STOP) === 0) {
    rm.links.notify(vm.vmid, VM_SHUTDOWN, { stop_reason });
    return RmError.OK;
  }
  const { vcpus } = vm.config?.parsed ?? {};
  if (rm.platform.lowPriorityStopDies && vcpus !== undefined && vcpus.priority < 0)
    rm.panicOrError('vm_stop_low_priority');
  vm.state = VmState.EXITED;
  sendVmStatus(rm, vm);
  sendVmExited(rm, vm, ExitType.VM_STOP_FORCED, 0, ExitCode.NORMAL);
  return RmError.OK;
});

const reset = handler(VM_RESET, (rm, sender, { vmid }) => {
  const vm = rm.vms.get(vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return RmError.VMID_INVALID;
  if (vm.noReset) return RmError.DENIED;
  if (vm.config === undefined) rm.panicOrError('vm_reset_unconfigured');
  if (!vm.mayEnter('RESETTING')) return RmError.VM_STATE;
  vm.state = VmState.RESETTING;
  sendVmStatus(rm, vm);
  beginReset(rm, vm);
  return RmError.OK;
});

export const lifecycleRows: readonly HandlerRow[] = [allocate, deallocate, start, stop, reset];
