import {
  call,
  counted,
  empty,
  field,
  type Infer,
  length,
  reserved,
  struct,
  u16,
} from '../../src/schema/index.js';
import { ascii } from '../ascii.js';
import { exitCode, osStatus, vmStatus } from '../enums.js';
import { target } from '../fields.js';
import { exitFlags } from '../flags.js';
import { qualcomm, rmAndQualcomm } from '../sources.js';
import { vmRequest } from '../structs.js';

/** A VM's state as RM reports it, in a reply and in a notification. */
export const reportedStatus = {
  vm_status: field(vmStatus, 'VM state', { info: 'what', stateOf: 'vmid' }),
  os_status: field(osStatus, 'as set by the VM', { info: 'detail' }),
  app_status: field(u16, "as set by the VM; Qualcomm's header names 1 = trusted UI service boot", {
    info: 'detail',
  }),
};

export const VM_GET_STATE = call('VM_GET_STATE', {
  id: 0x56000017,
  doc: 'Reports the state of a VM and the status that its operating system reported last.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4 } },
  dialects: [{ sources: qualcomm, text: 'a reply of another size: EINVAL' }],
  request: struct(4, { vmid: target('0: the sender itself', { zero: 'the sender' }), reserved: reserved(2) }),
  reply: struct(4, reportedStatus),
  example: { request: { vmid: 0x80 }, reply: { vm_status: 3, os_status: 4, app_status: 0 } },
});
export type VmGetStateRequest = Infer<typeof VM_GET_STATE.request>;
export type VmGetStateReply = Infer<typeof VM_GET_STATE.reply>;

export const VM_GET_CRASH_MSG = call('VM_GET_CRASH_MSG', {
  id: 0x56000019,
  doc: 'Gives the owner of a VM the text that the VM left with VM_SET_CRASH_MSG.',
  sources: ['RM23'],
  rm23: { length: { exact: 4 } },
  request: vmRequest,
  reply: struct(4, {
    length: length(u16, 'bytes of text, at most 192'),
    reserved: reserved(2),
    message: field(counted('length', 'raw', { padTo: 4 }), 'the text; zero padded; any bytes', {
      info: 'what',
    }),
  }),
  example: { request: { vmid: 0x80 }, reply: { message: ascii('oops!') } },
});
export type VmGetCrashMsgRequest = Infer<typeof VM_GET_CRASH_MSG.request>;
export type VmGetCrashMsgReply = Infer<typeof VM_GET_CRASH_MSG.reply>;

export const VM_SET_STATUS = call('VM_SET_STATUS', {
  id: 0x56000080,
  doc: "Reports the status of the sender's operating system, which RM passes on to the sender's peers.",
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4 }, sender: 'secondary VM' },
  triggers: ['VM_STATUS'],
  dialects: [{ sources: qualcomm, text: 'a reply with payload is an error' }],
  request: struct(4, {
    vm_status: field(vmStatus, 'ignored by RM23'),
    os_status: field(osStatus, '0 keeps the old one', { info: 'what' }),
    app_status: field(u16, 'free value', { info: 'detail' }),
  }),
  reply: empty,
  example: { request: { vm_status: 0, os_status: 4, app_status: 1 }, reply: {} },
});
export type VmSetStatusRequest = Infer<typeof VM_SET_STATUS.request>;

export const VM_EXIT = call('VM_EXIT', {
  id: 0x56000085,
  doc: 'Ends the VM that sends it and tells its owner the exit code.',
  sources: ['RM23'],
  rm23: { length: { exact: 4 }, sender: 'any VM, about itself' },
  triggers: ['VM_STATUS', 'VM_EXITED'],
  request: struct(4, {
    exit_flags: field(exitFlags, 'passed on', { info: 'detail' }),
    exit_code: field(exitCode, 'NORMAL, SOFTWARE_ERROR, BUS_ERROR or DEVICE_ERROR', { info: 'what' }),
    reserved: reserved(1, 'MSG_INVALID'),
  }),
  reply: empty,
  example: { request: { exit_flags: 1, exit_code: 0 }, reply: {} },
});
export type VmExitRequest = Infer<typeof VM_EXIT.request>;

export const VM_SET_CRASH_MSG = call('VM_SET_CRASH_MSG', {
  id: 0x56000086,
  doc: 'Leaves a text for the owner to read after the sender has crashed.',
  sources: ['RM23'],
  rm23: { length: { min: 4, excess: 'MSG_INVALID' }, sender: 'any VM, about itself' },
  request: struct(4, {
    length: length(u16, 'bytes of text; more than 192 are cut off'),
    reserved: reserved(2),
    message: field(
      counted('length', 'raw', { padTo: 4, padMustBeZero: 'MSG_INVALID' }),
      'the text; zero padded; any bytes',
      { info: 'what' },
    ),
  }),
  reply: empty,
  example: { request: { message: ascii('oops!') }, reply: {} },
});
export type VmSetCrashMsgRequest = Infer<typeof VM_SET_CRASH_MSG.request>;
