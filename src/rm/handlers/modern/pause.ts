import { VM_RESUME, VM_SUSPEND, vmRequest } from '../../../../schemas/index.js';
import { empty } from '../../../schema/index.js';
import { RmError, VmState } from '../../codes.js';
import type { Context } from '../../context.js';
import { sendVmStatus } from '../../notifications.js';
import type { Vm } from '../../vm.js';
import { type HandlerRow, handler, withLayouts } from '../row.js';

const assumed = [
  {
    text: 'The request names the VM, and the reply is the error word, as those of VM_START.',
    wouldTell: 'a caller, or a recording of the message',
  },
  {
    text: 'Owner only, else VMID_INVALID as for VM_STOP; RUNNING and PAUSED lead to each other, else VM_STATE; VM_STATUS tells of it.',
    wouldTell: 'a manager that has the message, asked in each state',
  },
];

function enter(rm: Context, sender: Vm, vmid: number, from: number, to: 'PAUSED' | 'RUNNING'): number {
  const vm = rm.vms.get(vmid);
  if (vm === undefined || vm.owner !== sender.vmid) return RmError.VMID_INVALID;
  if (vm.state !== from || !vm.mayEnter(to)) return RmError.VM_STATE;
  vm.state = VmState[to];
  sendVmStatus(rm, vm);
  return RmError.OK;
}

const suspend = handler(
  withLayouts(VM_SUSPEND, vmRequest, empty),
  (rm, sender, { vmid }) => enter(rm, sender, vmid, VmState.RUNNING, 'PAUSED'),
  { assumed },
);

const resume = handler(
  withLayouts(VM_RESUME, vmRequest, empty),
  (rm, sender, { vmid }) => enter(rm, sender, vmid, VmState.PAUSED, 'RUNNING'),
  { assumed },
);

export const pauseRows: readonly HandlerRow[] = [
  { ...suspend, layoutAssumed: true },
  { ...resume, layoutAssumed: true },
];
