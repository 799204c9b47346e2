import type { ResourceManager } from '../manager.js';
import { sendVmExited, sendVmStatus } from '../notifications.js';
import { VmState } from '../states.js';

/** Run states of a vCPU as the hypervisor reports them. */
const RunState = { READY: 0, POWERED_OFF: 2, FAULT: 6, PSCI_SYSTEM_RESET: 0x100 } as const;
/** How a VM ended, as VM_EXITED reports it. */
export const ExitType = {
  VM_EXIT: 0,
  PLATFORM_OFF: 1,
  PLATFORM_RESET: 2,
  PSCI_SYSTEM_RESET2: 3,
  SOFTWARE_ERROR: 5,
  VM_STOP_FORCED: 7,
} as const;
export const ExitCode = { NORMAL: 0, SOFTWARE_ERROR: 1, UNKNOWN_ERROR: 2 } as const;
/** Flag of VM_EXITED: the 64-bit call was made. */
const RESET2_64BIT = 0x8000;
const SYSTEM_RESET_BIT = 1n << 63n;
const CALL_64BIT = 1n << 62n;

/** A VM's vCPU halts (rm-internals.md, section 12). */
export function haltVcpu(
  rm: ResourceManager,
  vmid: number,
  state: number,
  data: readonly [bigint, bigint],
): void {
  const vm = rm.vm(vmid);
  // States from EXITED on have higher numbers than all before.
  if (vm === undefined || vm.state >= VmState.EXITED) return;
  if (state === RunState.READY) {
    rm.die('vcpu_halt_still_ready');
    return;
  }
  if (!vm.mayEnter(VmState.EXITED)) {
    rm.die('vcpu_halt_not_running');
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
    sendVmExited(rm, vm, ExitType.PSCI_SYSTEM_RESET2, wide ? RESET2_64BIT : 0, code, {
      resetType: Number(data[0] & 0xffffffffn),
      cookie: wide ? data[1] : data[1] & 0xffffffffn,
    });
  }
}
