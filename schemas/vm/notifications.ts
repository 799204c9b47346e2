import {
  counted,
  field,
  type Infer,
  length,
  notification,
  reserved,
  struct,
  u32,
} from '../../src/schema/index.js';
import { exitType, stopReason } from '../enums.js';
import { vmid } from '../fields.js';
import { everyone, linux, rmAndQualcomm } from '../sources.js';
import { exitReason } from '../structs.js';
import { reportedStatus } from './status.js';

export const VM_EXITED = notification('VM_EXITED', {
  id: 0x56100001,
  doc: 'A VM of the receiver has ended, for the reason given.',
  aliases: ['NOTIFY_VM_EXITED'],
  sources: everyone,
  rm23: { to: "the VM's owner" },
  dialects: [
    {
      sources: linux,
      text: 'copies min(8, exit_reason_size) bytes without knowing how many there are',
    },
    { sources: ['q515'], text: 'type VM_EXIT must have 12 bytes in all' },
    {
      sources: ['q66', 'q612'],
      text: 'copies 12 bytes for types 0 and 3, 8 for the others (the reason is lost); types above 7 are dropped',
    },
  ],
  payload: struct(8, {
    vmid: vmid('VM that exited'),
    exit_type: field(exitType, 'how', { info: 'what' }),
    exit_reason_size: length(u32, 'bytes that follow: 4, or 16 for PSCI_SYSTEM_RESET2 (RM23)'),
    exit_reason: field(counted('exit_reason_size', 'raw', { inside: exitReason }), 'see struct exit_reason', {
      info: 'detail',
    }),
  }),
  example: { payload: { vmid: 0x80, exit_type: 7, exit_reason: Uint8Array.of(0, 0, 0, 0) } },
});
export type VmExitedPayload = Infer<typeof VM_EXITED.payload>;

export const VM_SHUTDOWN = notification('VM_SHUTDOWN', {
  id: 0x56100002,
  doc: 'The owner of the receiver asks it to shut itself down.',
  aliases: ['NOTIFY_VM_SHUTDOWN'],
  sources: rmAndQualcomm,
  rm23: { to: 'the VM that is to stop' },
  dialects: [{ sources: ['q515'], text: 'must have 4 bytes' }],
  payload: struct(4, { stop_reason: field(stopReason, 'from VM_STOP', { info: 'what' }) }),
  example: { payload: { stop_reason: 0 } },
});
export type VmShutdownPayload = Infer<typeof VM_SHUTDOWN.payload>;

export const VM_STATUS = notification('VM_STATUS', {
  id: 0x56100008,
  doc: 'A peer of the receiver has changed its state, or its operating system has reported its status.',
  aliases: ['NOTIFY_VM_STATUS'],
  sources: everyone,
  rm23: { to: 'each running peer of that VM' },
  dialects: [
    { sources: linux, text: 'size not checked; acts only on RESET of its own VM' },
    { sources: ['q515'], text: 'must have 8 bytes' },
  ],
  payload: struct(8, {
    vmid: vmid('VM it is about', { aliases: ['vm_vmid'] }),
    reserved: reserved(2),
    ...reportedStatus,
  }),
  example: { payload: { vmid: 0x80, vm_status: 3, os_status: 0, app_status: 0 } },
});
export type VmStatusPayload = Infer<typeof VM_STATUS.payload>;
