import {
  exitCode,
  limits,
  osStatus,
  VM_EXIT,
  VM_GET_CRASH_MSG,
  VM_GET_STATE,
  VM_SET_CRASH_MSG,
  VM_SET_STATUS,
} from '../../../../schemas/index.js';
import { RmError } from '../../codes.js';
import { ExitType } from '../../create/halt.js';
import type { ResourceManager } from '../../manager.js';
import { sendVmExited, sendVmStatus } from '../../notifications.js';
import { VmState } from '../../states.js';
import type { Vm } from '../../vm.js';
import { decode, errorReply, okReply, type Payload, type Reply, replyWith, sizeOf } from '../../wire.js';
import type { Handlers } from '../handler.js';

const VMID_SIZE = 4;
const STATUS_SIZE = 4;
const EXIT_SIZE = 4;
const TEXT_HEAD_SIZE = 4;
const { NORMAL, SOFTWARE_ERROR, BUS_ERROR, DEVICE_ERROR } = exitCode.values;
/** Codes a VM may give itself. */
const EXIT_CODES: readonly number[] = [NORMAL, SOFTWARE_ERROR, BUS_ERROR, DEVICE_ERROR];

function getState(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const { vmid } = decode(VM_GET_STATE.request, payload);
  const vm = vmid === 0 ? sender : rm.vm(vmid);
  if (vm === undefined) return errorReply(RmError.NORESOURCE);
  if (!vm.mayBeQueriedBy(sender)) return errorReply(RmError.DENIED);
  return replyWith(VM_GET_STATE.reply, {
    vm_status: vm.state,
    os_status: vm.osStatus,
    app_status: vm.appStatus,
  });
}

function setStatus(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (!rm.isSecondary(sender.vmid)) return errorReply(RmError.DENIED);
  if (sizeOf(payload) !== STATUS_SIZE) return errorReply(RmError.MSG_INVALID);
  const { os_status, app_status } = decode(VM_SET_STATUS.request, payload);
  if (os_status > osStatus.values.CRASHED) return errorReply(RmError.ARGUMENT_INVALID);
  if (os_status !== osStatus.values.NONE) sender.osStatus = os_status;
  sender.appStatus = app_status;
  sendVmStatus(rm, sender);
  return okReply;
}

function exit(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== EXIT_SIZE) return errorReply(RmError.MSG_INVALID);
  if (sender.crashFatal) return errorReply(RmError.ARGUMENT_INVALID);
  const request = decode(VM_EXIT.request, payload);
  if ((request.reserved ?? 0) !== 0 || !EXIT_CODES.includes(request.exit_code))
    return errorReply(RmError.MSG_INVALID);
  // A VM that may not be shut down may do so itself, and from then on by others.
  sender.noShutdown = false;
  if (!sender.mayEnter(VmState.EXITED) || sender.ownedByManager)
    return errorReply(rm.die('vm_exit_not_running'));
  sender.state = VmState.EXITED;
  sendVmStatus(rm, sender);
  sendVmExited(rm, sender, ExitType.VM_EXIT, request.exit_flags, request.exit_code);
  return okReply;
}

function getCrashMsg(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== VMID_SIZE) return errorReply(RmError.MSG_INVALID);
  const vm = rm.vm(decode(VM_GET_CRASH_MSG.request, payload).vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return errorReply(RmError.VMID_INVALID);
  return replyWith(VM_GET_CRASH_MSG.reply, { message: vm.crashMessage ?? new Uint8Array(0) });
}

function setCrashMsg(_rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const { view, start, end } = payload;
  if (sizeOf(payload) < TEXT_HEAD_SIZE) return errorReply(RmError.MSG_INVALID);
  const length = view.getUint16(start, true);
  if (sizeOf(payload) !== TEXT_HEAD_SIZE + ((length + 3) & ~3)) return errorReply(RmError.MSG_INVALID);
  for (let at = start + TEXT_HEAD_SIZE + length; at < end; at++)
    if (view.getUint8(at) !== 0) return errorReply(RmError.MSG_INVALID);
  const { message } = decode(VM_SET_CRASH_MSG.request, payload);
  sender.crashMessage = message.slice(0, limits.crash_message);
  return okReply;
}

export const statusHandlers: Handlers = [
  [VM_GET_STATE.id, getState],
  [VM_GET_CRASH_MSG.id, getCrashMsg],
  [VM_SET_STATUS.id, setStatus],
  [VM_EXIT.id, exit],
  [VM_SET_CRASH_MSG.id, setCrashMsg],
];
