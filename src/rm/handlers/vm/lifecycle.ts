import {
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_RESET,
  VM_SHUTDOWN,
  VM_START,
  VM_STOP,
} from '../../../../schemas/index.js';
import { RmError, VMID_HLOS } from '../../codes.js';
import { ExitCode, ExitType } from '../../create/halt.js';
import { beginReset } from '../../create/reset.js';
import { startVm } from '../../create/start.js';
import type { ResourceManager } from '../../manager.js';
import { sendVmExited, sendVmStatus } from '../../notifications.js';
import { VmState } from '../../states.js';
import { dropPeers, registerPeers, type Vm } from '../../vm.js';
import {
  decode,
  errorReply,
  notificationBytes,
  okReply,
  type Payload,
  type Reply,
  replyWith,
  sizeOf,
} from '../../wire.js';
import type { Handlers } from '../handler.js';

const VMID_SIZE = 4;
const STOP_SIZE = 8;
const FORCE = 1;

function allocate(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sender.vmid !== VMID_HLOS) return errorReply(RmError.DENIED);
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const { vmid } = decode(VM_ALLOC_VMID.request, payload);
  const vm = rm.allocateVm(vmid, sender);
  if (vm === undefined) return errorReply(RmError.NORESOURCE);
  registerPeers(vm, sender);
  return vmid === 0 ? replyWith(VM_ALLOC_VMID.reply, { vmid: vm.vmid }) : okReply;
}

function deallocate(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const vm = rm.vm(decode(VM_DEALLOC_VMID.request, payload).vmid);
  if (vm === undefined) return errorReply(rm.die('vm_dealloc_unknown_vmid'));
  if (vm.owner !== sender.vmid) return errorReply(RmError.DENIED);
  if (vm.state !== VmState.LOAD && vm.state !== VmState.RESET) return errorReply(RmError.VM_STATE);
  // The public manager forgets a VM that owns parcels, and nobody can reclaim them any more.
  if (rm.careful && vm.parcelCount > 0) return errorReply(RmError.MEM_INUSE);
  rm.forgetVm(vm);
  dropPeers(vm);
  return okReply;
}

function start(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const vm = rm.vm(decode(VM_START.request, payload).vmid);
  if (vm === undefined) return errorReply(RmError.VMID_INVALID);
  if (vm.owner !== sender.vmid) return errorReply(RmError.DENIED);
  if (vm.state !== VmState.READY) return errorReply(RmError.VM_STATE);
  const error = startVm(rm, vm);
  vm.state = error === RmError.OK ? VmState.RUNNING : VmState.INIT_FAILED;
  sendVmStatus(rm, vm);
  return errorReply(error);
}

function stop(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== STOP_SIZE) return errorReply(RmError.MSG_INVALID);
  const { vmid, flags, stop_reason } = decode(VM_STOP.request, payload);
  const vm = rm.vm(vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return errorReply(RmError.VMID_INVALID);
  if (!vm.mayEnter(VmState.EXITED)) return errorReply(RmError.VM_STATE);
  if ((flags & FORCE) === 0) {
    rm.notify(vm.vmid, VM_SHUTDOWN.id, notificationBytes(VM_SHUTDOWN.payload, { stop_reason }));
    return okReply;
  }
  const { vcpus } = vm.config?.parsed ?? {};
  if (rm.platform.lowPriorityStopDies && vcpus !== undefined && vcpus.priority < 0)
    rm.die('vm_stop_low_priority');
  vm.state = VmState.EXITED;
  sendVmStatus(rm, vm);
  sendVmExited(rm, vm, ExitType.VM_STOP_FORCED, 0, ExitCode.NORMAL);
  return okReply;
}

function reset(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const vm = rm.vm(decode(VM_RESET.request, payload).vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return errorReply(RmError.VMID_INVALID);
  if (vm.noReset) return errorReply(RmError.DENIED);
  const mayReset = vm.mayEnter(VmState.RESETTING);
  if (vm.config === undefined) {
    const error = rm.die('vm_reset_unconfigured');
    if (!mayReset) return errorReply(error);
  }
  if (!mayReset) return errorReply(RmError.VM_STATE);
  vm.state = VmState.RESETTING;
  sendVmStatus(rm, vm);
  beginReset(rm, vm);
  return okReply;
}

export const lifecycleHandlers: Handlers = [
  [VM_ALLOC_VMID.id, allocate],
  [VM_DEALLOC_VMID.id, deallocate],
  [VM_START.id, start],
  [VM_STOP.id, stop],
  [VM_RESET.id, reset],
];
