import {
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_INIT,
  VM_SET_FIRMWARE_MEM,
  VM_SET_TIME_BASE,
} from '../../../../schemas/index.js';
import { RmError, VMID_HLOS } from '../../codes.js';
import { Authentication, configureImage } from '../../create/image.js';
import { initVm } from '../../create/init.js';
import type { ResourceManager } from '../../manager.js';
import { sendVmStatus } from '../../notifications.js';
import { VmState } from '../../states.js';
import type { Vm } from '../../vm.js';
import { decode, errorReply, okReply, type Payload, type Reply, replyWith, sizeOf } from '../../wire.js';
import type { Handlers } from '../handler.js';

const CONFIG_SIZE = 40;
const AUTH_SIZE_MIN = 4;
const AUTH_PARAM_SIZE = 8;
const INIT_SIZE = 4;
const TIME_BASE_SIZE = 20;
const FIRMWARE_MEM_SIZE = 24;
const U64_LIMIT = 1n << 64n;
/** Hypervisor errors that error replies carry: argument invalid, and no such object. */
const HYP_ARGUMENT_INVALID = 1;
const HYP_NO_CLOCK = 30;

/** The VM that HLOS means, if it may configure it; else the error. */
function configurable(rm: ResourceManager, sender: Vm, vmid: number): Vm | number {
  const vm = rm.vm(vmid);
  if (vm === undefined) return RmError.VMID_INVALID;
  return vm.owner === sender.vmid ? vm : RmError.DENIED;
}

function configImage(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sender.vmid !== VMID_HLOS) return errorReply(RmError.DENIED);
  if (sizeOf(payload) !== CONFIG_SIZE) return errorReply(RmError.MSG_INVALID);
  const request = decode(VM_CONFIG_IMAGE.request, payload);
  const vm = configurable(rm, sender, request.vmid);
  if (typeof vm === 'number') return errorReply(vm);
  if (!vm.mayEnter(VmState.AUTH)) return errorReply(RmError.VM_STATE);
  const error = configureImage(rm, vm, {
    authentication: request.auth_mech,
    handle: request.mem_handle,
    imageOffset: request.image_offset,
    imageSize: request.image_size,
    dtOffset: request.dtb_offset,
    dtSize: request.dtb_size,
  });
  if (error !== RmError.OK) vm.state = VmState.INIT_FAILED;
  else vm.state = request.auth_mech === Authentication.PLATFORM ? VmState.AUTH : VmState.INIT;
  sendVmStatus(rm, vm);
  return errorReply(error);
}

function authImage(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sender.vmid !== VMID_HLOS) return errorReply(RmError.DENIED);
  const size = sizeOf(payload);
  if (size < AUTH_SIZE_MIN) return errorReply(RmError.MSG_INVALID);
  const count = payload.view.getUint16(payload.start + 2, true);
  if (size !== AUTH_SIZE_MIN + count * AUTH_PARAM_SIZE) return errorReply(RmError.MSG_INVALID);
  const vm = configurable(rm, sender, decode(VM_AUTH_IMAGE.request, payload).vmid);
  if (typeof vm === 'number') return errorReply(vm);
  if (vm.state !== VmState.AUTH) return errorReply(RmError.VM_STATE);
  const error = vm.authentication === Authentication.PLATFORM ? RmError.OK : RmError.ARGUMENT_INVALID;
  vm.state = error === RmError.OK ? VmState.INIT : VmState.INIT_FAILED;
  sendVmStatus(rm, vm);
  return errorReply(error);
}

function init(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sender.vmid !== VMID_HLOS) return errorReply(RmError.DENIED);
  if (sizeOf(payload) !== INIT_SIZE) return errorReply(RmError.MSG_INVALID);
  const request = decode(VM_INIT.request, payload);
  if ((request.reserved ?? 0) !== 0) return errorReply(RmError.MSG_INVALID);
  const vm = configurable(rm, sender, request.vmid);
  if (typeof vm === 'number') return errorReply(vm);
  if (vm.state !== VmState.INIT) return errorReply(RmError.VM_STATE);
  const error = initVm(rm, vm);
  vm.state = error === RmError.OK ? VmState.READY : VmState.INIT_FAILED;
  sendVmStatus(rm, vm);
  return errorReply(error);
}

/** There is no clock on any of the platforms, so nothing gets past the checks. */
function setTimeBase(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const refuse = (error: number, hypError: number = HYP_ARGUMENT_INVALID): Reply =>
    replyWith(VM_SET_TIME_BASE.errorReply ?? VM_SET_TIME_BASE.reply, { hyp_error: hypError }, error);
  if (sizeOf(payload) !== TIME_BASE_SIZE) return refuse(RmError.MSG_INVALID);
  const { vmid } = decode(VM_SET_TIME_BASE.request, payload);
  const vm = vmid === 0 ? sender : rm.vm(vmid);
  if (vm === undefined) return refuse(RmError.NORESOURCE);
  if (!vm.mayBeQueriedBy(sender)) return refuse(RmError.DENIED);
  if (vm.state !== VmState.INIT && vm.state !== VmState.READY) return refuse(RmError.VM_STATE);
  return refuse(RmError.ARGUMENT_INVALID, HYP_NO_CLOCK);
}

function setFirmwareMem(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const error = checkFirmwareMem(rm, sender, payload);
  if (error === RmError.OK) return okReply;
  const type = VM_SET_FIRMWARE_MEM.errorReply ?? VM_SET_FIRMWARE_MEM.reply;
  return replyWith(type, { hyp_error: HYP_ARGUMENT_INVALID }, error);
}

function checkFirmwareMem(rm: ResourceManager, sender: Vm, payload: Payload): number {
  if (sizeOf(payload) !== FIRMWARE_MEM_SIZE) return RmError.MSG_INVALID;
  const request = decode(VM_SET_FIRMWARE_MEM.request, payload);
  if ((request.reserved ?? 0) !== 0) return RmError.MSG_INVALID;
  const vm = rm.vm(request.vmid);
  if (vm === undefined) return RmError.NORESOURCE;
  if (!vm.mayBeQueriedBy(sender)) return RmError.DENIED;
  if (vm.state !== VmState.INIT) return RmError.VM_STATE;
  if (vm.authentication !== Authentication.ANDROID) return RmError.ARGUMENT_INVALID;
  if (rm.firmware.size === undefined) return RmError.DENIED;
  const parcel = rm.parcels.get(request.mem_handle);
  if (parcel?.participant(vm.vmid) === undefined) return RmError.MEM_INVALID;
  const end = request.fw_offset + request.fw_size;
  if (end >= U64_LIMIT || end > BigInt(parcel.totalSize)) return RmError.ARGUMENT_INVALID;
  vm.firmware = { handle: request.mem_handle, offset: request.fw_offset, size: request.fw_size };
  return RmError.OK;
}

export const configurationHandlers: Handlers = [
  [VM_CONFIG_IMAGE.id, configImage],
  [VM_AUTH_IMAGE.id, authImage],
  [VM_INIT.id, init],
  [VM_SET_TIME_BASE.id, setTimeBase],
  [VM_SET_FIRMWARE_MEM.id, setFirmwareMem],
];
