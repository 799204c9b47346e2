import {
  call,
  empty,
  field,
  type Infer,
  maybeEmpty,
  reserved,
  struct,
  unknownCall,
} from '../../src/schema/index.js';
import { stopReason } from '../enums.js';
import { target, vmid } from '../fields.js';
import { vmStopFlags } from '../flags.js';
import { everyone, linux, qualcomm, rmAndQualcomm } from '../sources.js';
import { vmRequest } from '../structs.js';

const noReplyPayload = { sources: qualcomm, text: 'a reply with payload: EINVAL' };

export const VM_ALLOC_VMID = call('VM_ALLOC_VMID', {
  id: 0x56000001,
  doc: 'Makes a VM that the sender owns, with a VMID that RM chooses or that the sender asks for.',
  aliases: ['VM_ALLOCATE'],
  sources: everyone,
  rm23: { length: { exact: 4 }, sender: 'HLOS' },
  dialects: [
    {
      sources: rmAndQualcomm,
      text: 'the reply is declared as one u32; the same bytes, since VMIDs fit 16 bits',
    },
    {
      sources: linux,
      text: 'reads the first two bytes without checking the size, and only when it asked for 0',
    },
    {
      sources: qualcomm,
      text: 'a reply payload must have 4 bytes, else EINVAL; none means the VMID that was asked for',
    },
  ],
  request: struct(4, {
    vmid: target('0: RM chooses; else the platform-defined VMID wanted', { zero: 'any VMID' }),
    reserved: reserved(2),
  }),
  reply: maybeEmpty(struct(4, { vmid: vmid('the VMID RM chose'), reserved: reserved(2) })),
  presentWhen: { field: 'vmid', equals: 0 },
  replyNote: 'no payload when the VMID was asked for by number',
  example: { request: { vmid: 0 }, reply: { vmid: 0x80 } },
});
export type VmAllocVmidRequest = Infer<typeof VM_ALLOC_VMID.request>;
export type VmAllocVmidReply = Infer<typeof VM_ALLOC_VMID.reply>;

export const VM_DEALLOC_VMID = call('VM_DEALLOC_VMID', {
  id: 0x56000002,
  doc: 'Frees the VMID of a VM that was never configured or has been reset.',
  aliases: ['VM_DEALLOCATE'],
  sources: everyone,
  rm23: { length: { exact: 4 } },
  dialects: [noReplyPayload],
  notes: ['RM23 asserts (dies) on an unknown VMID.'],
  request: vmRequest,
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmDeallocVmidRequest = Infer<typeof VM_DEALLOC_VMID.request>;

export const VM_START = call('VM_START', {
  id: 0x56000004,
  doc: 'Lets an initialised VM run: READY becomes RUNNING.',
  sources: everyone,
  rm23: { length: { exact: 4 } },
  triggers: ['VM_STATUS'],
  dialects: [noReplyPayload],
  request: vmRequest,
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmStartRequest = Infer<typeof VM_START.request>;

export const VM_STOP = call('VM_STOP', {
  id: 0x56000005,
  doc: 'Ends a running VM at once, or asks it to shut itself down.',
  sources: everyone,
  rm23: { length: { exact: 8 } },
  triggers: ['VM_STATUS', 'VM_EXITED', 'VM_SHUTDOWN'],
  dialects: [{ sources: linux, text: 'always flags 1, reason 3' }, noReplyPayload],
  notes: ['FORCE_STOP: VM_STATUS and VM_EXITED before the reply. Without it: VM_SHUTDOWN to the VM.'],
  request: struct(8, {
    vmid: vmid('VM to stop'),
    flags: field(vmStopFlags, 'FORCE_STOP: at once; clear: ask the VM', { info: 'what' }),
    reserved: reserved(1),
    stop_reason: field(stopReason, 'handed to the VM when it is asked', { info: 'detail' }),
  }),
  reply: empty,
  example: { request: { vmid: 0x80, flags: 1, stop_reason: 3 }, reply: {} },
});
export type VmStopRequest = Infer<typeof VM_STOP.request>;

export const VM_RESET = call('VM_RESET', {
  id: 0x56000006,
  doc: 'Takes back everything that an exited VM was given, so that it can be freed or configured anew.',
  sources: everyone,
  rm23: { length: { exact: 4 } },
  triggers: ['VM_STATUS', 'MEM_RELEASED'],
  dialects: [noReplyPayload],
  notes: [
    'VM_STATUS RESETTING, the reply, then asynchronously the clean-up and VM_STATUS RESET.',
    'RM23 dies on a VM that has no configuration: it looks into the configuration before it checks the state. This was recorded for INIT_FAILED after a refused VM_CONFIG_IMAGE or VM_AUTH_IMAGE and for a VM that is already in RESET; for LOAD it follows from the source.',
  ],
  request: vmRequest,
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmResetRequest = Infer<typeof VM_RESET.request>;

const commentedOut = {
  sources: ['RM23'],
  idOnlyIn: ['RM23'],
  notes: ["Number known from a line that is commented out in RM23's vm_mgnt_message.h. UNIMPLEMENTED."],
};

export const VM_SUSPEND = unknownCall('VM_SUSPEND', {
  id: 0x56000007,
  doc: 'Presumably pauses a running VM.',
  ...commentedOut,
});

export const VM_RESUME = unknownCall('VM_RESUME', {
  id: 0x56000008,
  doc: 'Presumably lets a paused VM go on.',
  ...commentedOut,
});
