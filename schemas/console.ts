import {
  call,
  counted,
  empty,
  field,
  type Infer,
  length,
  notification,
  reserved,
  struct,
  u16,
} from '../src/schema/index.js';
import { ascii } from './ascii.js';
import { target, vmid } from './fields.js';
import { qualcomm, rmAndQualcomm } from './sources.js';

const noReplyPayload = [{ sources: qualcomm, text: 'a reply with payload is an error' }];

const consoleOf = target("0: the sender's own console", { zero: 'its own' });
const consoleRequest = struct(4, { vmid: consoleOf, reserved: reserved(2) });

export const VM_CONSOLE_OPEN = call('VM_CONSOLE_OPEN', {
  id: 0x56000081,
  doc: "Opens the sender's side of a console: its own, or that of a VM that it owns.",
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4 } },
  dialects: noReplyPayload,
  request: consoleRequest,
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmConsoleOpenRequest = Infer<typeof VM_CONSOLE_OPEN.request>;

export const VM_CONSOLE_CLOSE = call('VM_CONSOLE_CLOSE', {
  id: 0x56000082,
  doc: "Closes the sender's side of a console; what the other side writes then is dropped.",
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4 } },
  dialects: noReplyPayload,
  request: consoleRequest,
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmConsoleCloseRequest = Infer<typeof VM_CONSOLE_CLOSE.request>;

export const VM_CONSOLE_WRITE = call('VM_CONSOLE_WRITE', {
  id: 0x56000083,
  doc: 'Writes text to the other side of an open console.',
  sources: rmAndQualcomm,
  rm23: { length: { min: 4, excess: 'MSG_INVALID', emptyPayload: 'PANIC' } },
  triggers: ['VM_CONSOLE_CHARS'],
  dialects: [
    {
      sources: qualcomm,
      text: 'a write of 0 bytes is refused before sending (EINVAL); a reply with payload is an error',
    },
  ],
  request: struct(4, {
    vmid: consoleOf,
    num_bytes: length(u16, 'bytes of text'),
    data: field(counted('num_bytes', 'raw'), 'the text; no padding; any bytes', { info: 'what' }),
  }),
  reply: empty,
  example: { request: { vmid: 0x80, data: ascii('reboot\r') }, reply: {} },
});
export type VmConsoleWriteRequest = Infer<typeof VM_CONSOLE_WRITE.request>;

export const VM_CONSOLE_FLUSH = call('VM_CONSOLE_FLUSH', {
  id: 0x56000084,
  doc: 'Asks that everything written to an open console so far be delivered.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4 } },
  dialects: noReplyPayload,
  request: consoleRequest,
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmConsoleFlushRequest = Infer<typeof VM_CONSOLE_FLUSH.request>;

export const VM_CONSOLE_CHARS = notification('VM_CONSOLE_CHARS', {
  id: 0x56100080,
  doc: 'Text that the other side of an open console has written.',
  aliases: ['NOTIFY_VM_CONSOLE_CHARS'],
  sources: rmAndQualcomm,
  rm23: { to: 'the other side of the console' },
  dialects: [{ sources: ['q515'], text: 'must have exactly 4 + num_bytes bytes' }],
  payload: struct(4, {
    from: vmid("writer's VMID; 0 when the owner wrote", {
      aliases: ['vmid'],
      info: 'from',
      zero: 'the owner',
    }),
    num_bytes: length(u16, 'bytes of text'),
    data: field(counted('num_bytes', 'raw'), 'the text; no padding; any bytes', {
      aliases: ['bytes'],
      info: 'what',
    }),
  }),
  example: { payload: { from: 0x80, data: ascii('login: ') } },
});
export type VmConsoleCharsPayload = Infer<typeof VM_CONSOLE_CHARS.payload>;
