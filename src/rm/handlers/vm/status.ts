import {
  limits,
  VM_EXIT,
  VM_GET_CRASH_MSG,
  VM_GET_STATE,
  VM_SET_CRASH_MSG,
  VM_SET_STATUS,
} from '../../../../schemas/index.js';
import { ExitCode, ExitType, OsStatus, RmError, VmState } from '../../codes.js';
import { sendVmExited, sendVmStatus } from '../../notifications.js';
import { isAllocated } from '../../vm-table.js';
import { hasRecord } from '../conditions.js';
import { type HandlerRow, handler, usualChecks } from '../row.js';

/** Codes a VM may give itself. */
const EXIT_CODES: readonly number[] = [
  ExitCode.NORMAL,
  ExitCode.SOFTWARE_ERROR,
  ExitCode.BUS_ERROR,
  ExitCode.DEVICE_ERROR,
];

const getState = handler(VM_GET_STATE, (rm, sender, { vmid }) => {
  const vm = rm.vms.get(vmid === 0 ? sender.vmid : vmid);
  if (vm === undefined) return RmError.NORESOURCE;
  if (!vm.mayBeQueriedBy(sender)) return RmError.DENIED;
  return { vm_status: vm.state, os_status: vm.osStatus, app_status: vm.appStatus };
});

const setStatus = handler(VM_SET_STATUS, (rm, sender, { os_status, app_status }) => {
  if (!isAllocated(rm, sender)) return RmError.NORESOURCE;
  if (os_status > OsStatus.CRASHED) return RmError.ARGUMENT_INVALID;
  if (os_status !== OsStatus.NONE) sender.osStatus = os_status;
  sender.appStatus = app_status;
  sendVmStatus(rm, sender);
  return RmError.OK;
});

const exit = handler(
  VM_EXIT,
  (rm, sender, { exit_flags, exit_code }) => {
    if (!EXIT_CODES.includes(exit_code)) return RmError.MSG_INVALID;
    // A no-shutdown VM may end itself. RM23 clears the flag for that, so from then on others may end it, too.
    sender.noShutdown = false;
    if (!sender.mayEnter('EXITED') || sender.ownedByManager) return rm.panicOrError('vm_exit_not_running');
    sender.state = VmState.EXITED;
    sendVmStatus(rm, sender);
    sendVmExited(rm, sender, ExitType.VM_EXIT, exit_flags, exit_code);
    return RmError.OK;
  },
  {
    checks: [
      'payload',
      hasRecord,
      {
        text: 'crash-fatal is not set for the sender',
        error: 'ARGUMENT_INVALID',
        holds: (_rm, vm) => !vm.crashFatal,
      },
      'reserved',
    ],
  },
);

const getCrashMsg = handler(VM_GET_CRASH_MSG, (rm, sender, { vmid }) => {
  const vm = rm.vms.get(vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return RmError.VMID_INVALID;
  return { message: vm.crashMessage ?? new Uint8Array(0) };
});

const setCrashMsg = handler(
  VM_SET_CRASH_MSG,
  (_rm, sender, { message }) => {
    sender.crashMessage = message.slice(0, limits.crash_message);
    return RmError.OK;
  },
  { checks: [...usualChecks, hasRecord] },
);

export const statusRows: readonly HandlerRow[] = [getState, getCrashMsg, setStatus, exit, setCrashMsg];
