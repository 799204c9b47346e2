import {
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_INIT,
  VM_SET_FIRMWARE_MEM,
  VM_SET_TIME_BASE,
  type VmConfigImageRequest,
} from '../../../../schemas/index.js';
import { AuthMech, RmError, VmState } from '../../codes.js';
import type { Context } from '../../context.js';
import { configureImage } from '../../create/image.js';
import { initVm } from '../../create/init.js';
import { sendVmStatus } from '../../notifications.js';
import type { Vm } from '../../vm.js';
import { ErrorWithData, type HandlerRow, handler } from '../row.js';

const U64_LIMIT = 1n << 64n;
/** Hypervisor errors that error replies carry: argument invalid, and no such object. */
const HYP_ARGUMENT_INVALID = 1;
const HYP_NO_CLOCK = 30;
const errorData = { hyp_error: HYP_ARGUMENT_INVALID };

/** The VM that HLOS means, if it may configure it; else the error. */
export function configurable(rm: Context, sender: Vm, vmid: number): Vm | number {
  const vm = rm.vms.get(vmid);
  if (vm === undefined) return RmError.VMID_INVALID;
  return vm.owner === sender.vmid ? vm : RmError.DENIED;
}

/** Ends a step of the configuration: the VM is in the next state, or failed. */
function finishStep(rm: Context, vm: Vm, error: number, state: number): number {
  vm.state = error === RmError.OK ? state : VmState.INIT_FAILED;
  sendVmStatus(rm, vm);
  return error;
}

/** VM_CONFIG_IMAGE after its checks. */
export function configure(rm: Context, sender: Vm, request: VmConfigImageRequest): number {
  const vm = configurable(rm, sender, request.vmid);
  if (typeof vm === 'number') return vm;
  if (!vm.mayEnter('AUTH')) return RmError.VM_STATE;
  const { AUTH, INIT } = VmState;
  const state = request.auth_mech === AuthMech.QCOM_PIL_ELF ? AUTH : INIT;
  return finishStep(rm, vm, configureImage(rm, vm, request), state);
}

const configImage = handler(VM_CONFIG_IMAGE, configure);

const authImage = handler(VM_AUTH_IMAGE, (rm, sender, { vmid }) => {
  const vm = configurable(rm, sender, vmid);
  if (typeof vm === 'number') return vm;
  if (vm.state !== VmState.AUTH) return RmError.VM_STATE;
  const authentic = vm.authentication === AuthMech.QCOM_PIL_ELF;
  return finishStep(rm, vm, authentic ? RmError.OK : RmError.ARGUMENT_INVALID, VmState.INIT);
});

const init = handler(VM_INIT, (rm, sender, { vmid }) => {
  const vm = configurable(rm, sender, vmid);
  if (typeof vm === 'number') return vm;
  if (vm.state !== VmState.INIT) return RmError.VM_STATE;
  return finishStep(rm, vm, initVm(rm, vm), VmState.READY);
});

/** None of the platforms has a clock, so a request that passes all checks is refused, too. */
const setTimeBase = handler(
  VM_SET_TIME_BASE,
  (rm, sender, { vmid }) => {
    const vm = rm.vms.get(vmid === 0 ? sender.vmid : vmid);
    if (vm === undefined) return RmError.NORESOURCE;
    if (!vm.mayBeQueriedBy(sender)) return RmError.DENIED;
    if (vm.state !== VmState.INIT && vm.state !== VmState.READY) return RmError.VM_STATE;
    return new ErrorWithData(RmError.ARGUMENT_INVALID, { hyp_error: HYP_NO_CLOCK });
  },
  { errorData },
);

const setFirmwareMem = handler(
  VM_SET_FIRMWARE_MEM,
  (rm, sender, { vmid, mem_handle: handle, fw_offset: offset, fw_size: size }) => {
    const vm = rm.vms.get(vmid);
    if (vm === undefined) return RmError.NORESOURCE;
    if (!vm.mayBeQueriedBy(sender)) return RmError.DENIED;
    if (vm.state !== VmState.INIT) return RmError.VM_STATE;
    if (vm.authentication !== AuthMech.QCOM_ANDROID_PVM) return RmError.ARGUMENT_INVALID;
    if (rm.firmware.size === undefined) return RmError.DENIED;
    const parcel = rm.parcels.get(handle);
    if (parcel?.participant(vm.vmid) === undefined) return RmError.MEM_INVALID;
    const end = offset + size;
    if (end >= U64_LIMIT || end > BigInt(parcel.totalSize)) return RmError.ARGUMENT_INVALID;
    vm.firmware = { handle, offset, size };
    return RmError.OK;
  },
  { errorData },
);

export const configurationRows: readonly HandlerRow[] = [
  configImage,
  authImage,
  init,
  setTimeBase,
  setFirmwareMem,
];
