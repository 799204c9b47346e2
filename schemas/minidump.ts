import {
  call,
  counted,
  empty,
  field,
  type Infer,
  length,
  reserved,
  struct,
  u8,
  u16,
} from '../src/schema/index.js';
import { ascii } from './ascii.js';
import { ipa, size } from './fields.js';
import { qualcomm } from './sources.js';

const strictReply = { sources: qualcomm, text: 'a reply of another size: EINVAL' };
const notInRm23 = 'Not in RM23: UNIMPLEMENTED.';

/** A payload that only names a slot: one request and two replies. */
const slot = struct(4, {
  slot_num: field(u16, 'slot', { role: 'slot', aliases: ['slot_number'], info: 'subject' }),
  reserved: reserved(2),
});

export const VM_MINIDUMP_GET_INFO = call('VM_MINIDUMP_GET_INFO', {
  id: 0x56000040,
  doc: 'Asks how many more memory ranges the sender can add to a crash dump.',
  sources: qualcomm,
  dialects: [strictReply],
  notes: [notInRm23],
  request: struct(4, { reserved: reserved(4) }),
  reply: struct(4, {
    slot_num: field(u16, 'number of slots left', { role: 'count', info: 'what' }),
    reserved: reserved(2),
  }),
  example: { request: {}, reply: { slot_num: 64 } },
});
export type VmMinidumpGetInfoRequest = Infer<typeof VM_MINIDUMP_GET_INFO.request>;
export type VmMinidumpGetInfoReply = Infer<typeof VM_MINIDUMP_GET_INFO.reply>;

export const VM_MINIDUMP_REGISTER_RANGE = call('VM_MINIDUMP_REGISTER_RANGE', {
  id: 0x56000041,
  doc: "Adds a named range of the sender's memory to what is saved when the system crashes.",
  sources: qualcomm,
  dialects: [
    {
      sources: ['q61', 'q66', 'q612'],
      text: "reserved is uninitialised memory; the reply's buffer is leaked",
    },
    strictReply,
  ],
  notes: [notInRm23, 'A name of more than 255 bytes is sent whole, but name_size wraps around.'],
  request: struct(20, {
    base_ipa: ipa('start of the range'),
    region_size: size('bytes'),
    name_size: length(u8, 'bytes of name'),
    name_offset: field(u8, '28: counted from the start of the queue message, i.e. 8-byte header + 20'),
    reserved: reserved(2),
    name: field(counted('name_size', 'utf8'), 'name of the range; no padding', { info: 'subject' }),
  }),
  reply: slot,
  example: {
    request: { base_ipa: 0x80010000n, region_size: 0x4000n, name_offset: 28, name: ascii('KLOGBUF') },
    reply: { slot_num: 3 },
  },
});
export type VmMinidumpRegisterRangeRequest = Infer<typeof VM_MINIDUMP_REGISTER_RANGE.request>;
export type VmMinidumpRegisterRangeReply = Infer<typeof VM_MINIDUMP_REGISTER_RANGE.reply>;

export const VM_MINIDUMP_DEREGISTER_SLOT = call('VM_MINIDUMP_DEREGISTER_SLOT', {
  id: 0x56000042,
  doc: 'Takes a range out of the crash dump again, by its slot.',
  sources: qualcomm,
  dialects: [{ sources: qualcomm, text: 'a reply with payload: EINVAL' }],
  notes: [notInRm23],
  request: slot,
  reply: empty,
  example: { request: { slot_num: 3 }, reply: {} },
});
export type VmMinidumpDeregisterSlotRequest = Infer<typeof VM_MINIDUMP_DEREGISTER_SLOT.request>;

export const VM_MINIDUMP_GET_SLOT_NUMBER = call('VM_MINIDUMP_GET_SLOT_NUMBER', {
  id: 0x56000043,
  doc: 'Finds the slot of a range that was registered under a name.',
  sources: ['q61', 'q66', 'q612'],
  dialects: [{ sources: ['q61', 'q66', 'q612'], text: 'a reply of another size: EINVAL' }],
  notes: [notInRm23],
  request: struct(8, {
    name_size: length(u8, 'bytes of name', { aliases: ['name_len'] }),
    reserved: reserved(3),
    starting_slot: field(u16, 'search from here', { role: 'slot', info: 'detail' }),
    reserved1: reserved(2),
    name: field(counted('name_size', 'utf8'), 'name of the range; no padding', { info: 'subject' }),
  }),
  reply: slot,
  example: { request: { starting_slot: 0, name: ascii('KLOGBUF') }, reply: { slot_num: 3 } },
});
export type VmMinidumpGetSlotNumberRequest = Infer<typeof VM_MINIDUMP_GET_SLOT_NUMBER.request>;
export type VmMinidumpGetSlotNumberReply = Infer<typeof VM_MINIDUMP_GET_SLOT_NUMBER.reply>;
