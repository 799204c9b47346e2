import { ExitCode, ExitFlag, ExitType, VmState } from '../codes.js';
import type { Context } from '../context.js';
import { sendVmExited, sendVmStatus } from '../notifications.js';

/** Run states of a vCPU as the hypervisor reports them. */
const RunState = { READY: 0, POWERED_OFF: 2, FAULT: 6, PSCI_SYSTEM_RESET: 0x100 } as const;
const SYSTEM_RESET_BIT = 1n << 63n;
const CALL_64BIT = 1n << 62n;

/** A VM's vCPU halts (rm-internals.md, section 12). */
export function haltVcpu(rm: Context, vmid: number, state: number, data: readonly [bigint, bigint]): void {
  const vm = rm.vms.get(vmid);
  // EXITED and the states of a reset have the highest numbers.
  if (vm === undefined || vm.state >= VmState.EXITED) return;
  if (state === RunState.READY) {
    rm.panicOrError('vcpu_halt_still_ready');
    return;
  }
  if (!vm.mayEnter('EXITED')) {
    rm.panicOrError('vcpu_halt_not_running');
    return;
  }
  const code = vm.crashMessage === undefined ? ExitCode.NORMAL : ExitCode.SOFTWARE_ERROR;
  vm.state = VmState.EXITED;
  sendVmStatus(rm, vm);
  if (state === RunState.POWERED_OFF) sendVmExited(rm, vm, ExitType.PLATFORM_OFF, 0, code);
  else if (state === RunState.FAULT) sendVmExited(rm, vm, ExitType.SOFTWARE_ERROR, 0, code);
  else if (state !== RunState.PSCI_SYSTEM_RESET)
    sendVmExited(rm, vm, ExitType.SOFTWARE_ERROR, 0, ExitCode.UNKNOWN_ERROR);
  else if ((data[0] & SYSTEM_RESET_BIT) !== 0n) sendVmExited(rm, vm, ExitType.PLATFORM_RESET, 0, code);
  else {
    const wide = (data[0] & CALL_64BIT) !== 0n;
    sendVmExited(rm, vm, ExitType.PSCI_SYSTEM_RESET2, wide ? ExitFlag.RESET2_64BIT : 0, code, {
      resetType: Number(data[0] & 0xffffffffn),
      cookie: wide ? data[1] : data[1] & 0xffffffffn,
    });
  }
}
