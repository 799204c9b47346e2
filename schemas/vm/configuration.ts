import {
  call,
  countedList,
  empty,
  field,
  type Infer,
  reserved,
  s32,
  struct,
  u8,
  u16,
  u32,
  u64,
} from '../../src/schema/index.js';
import { authMech, rangeId, regSet } from '../enums.js';
import { ipa, memHandle, size, target, vmid } from '../fields.js';
import { everyone, qualcomm, rmAndQualcomm } from '../sources.js';
import { authParam, sglEntry } from '../structs.js';

const noReplyPayload = [{ sources: qualcomm, text: 'a reply with payload: EINVAL' }];

const offsetInParcel = field(u64, "from the parcel's start", { role: 'offset' });

/** Payload behind the error word of error replies. Only two calls have one. */
const hypError = struct(4, {
  hyp_error: field(s32, 'hypervisor error; 1 (argument invalid) unless the hypervisor call itself failed', {
    role: 'hyp_error',
    info: 'what',
  }),
});

export const VM_CONFIG_IMAGE = call('VM_CONFIG_IMAGE', {
  id: 0x56000009,
  doc: 'Tells RM where in a parcel the image and devicetree of a new VM are, and how the image is authenticated.',
  sources: everyone,
  rm23: { length: { exact: 40 }, sender: 'HLOS' },
  triggers: ['VM_STATUS'],
  dialects: [
    {
      sources: qualcomm,
      text: 'each 64-bit value is written as a low and a high word: the same bytes',
    },
  ],
  request: struct(40, {
    vmid: target('VM to configure'),
    auth_mech: field(authMech, 'how the image is authenticated', { aliases: ['auth_type'], info: 'detail' }),
    mem_handle: memHandle('parcel that holds image and DTB', { aliases: ['image_mp_handle'] }),
    image_offset: offsetInParcel,
    image_size: size('bytes'),
    dtb_offset: field(u64, "from the parcel's start", { role: 'offset', aliases: ['dt_offset'] }),
    dtb_size: size("bytes, with room for RM's overlay", { aliases: ['dt_size'], info: undefined }),
  }),
  reply: empty,
  example: {
    request: {
      vmid: 0x80,
      auth_mech: 0,
      mem_handle: 0,
      image_offset: 0n,
      image_size: 0x400000n,
      dtb_offset: 0x2000000n,
      dtb_size: 0x100000n,
    },
    reply: {},
  },
});
export type VmConfigImageRequest = Infer<typeof VM_CONFIG_IMAGE.request>;

export const VM_AUTH_IMAGE = call('VM_AUTH_IMAGE', {
  id: 0x5600000a,
  doc: "Authenticates the image of a VM that was configured with the platform's mechanism (QCOM_PIL_ELF).",
  sources: rmAndQualcomm,
  rm23: { length: { min: 4, excess: 'MSG_INVALID' }, sender: 'HLOS' },
  triggers: ['VM_STATUS'],
  dialects: noReplyPayload,
  request: struct(4, {
    vmid: target('VM to authenticate'),
    auth_params: field(
      countedList(u16, 'num_auth_params', authParam),
      'parameters; the count is the u16 right behind the VMID',
      { info: 'what' },
    ),
  }),
  reply: empty,
  example: {
    request: { vmid: 25, auth_params: [{ auth_param_type: 0, auth_param: 0x1c }] },
    reply: {},
  },
});
export type VmAuthImageRequest = Infer<typeof VM_AUTH_IMAGE.request>;

export const VM_INIT = call('VM_INIT', {
  id: 0x5600000b,
  doc: 'Sets a configured VM up from its devicetree, with memory and virtual devices; afterwards it can be started.',
  sources: everyone,
  rm23: { length: { exact: 4 }, sender: 'HLOS' },
  triggers: ['VM_STATUS'],
  dialects: noReplyPayload,
  request: struct(4, { vmid: target('VM the call is about'), reserved: reserved(2, 'MSG_INVALID') }),
  reply: empty,
  example: { request: { vmid: 0x80 }, reply: {} },
});
export type VmInitRequest = Infer<typeof VM_INIT.request>;

export const VM_SET_TIME_BASE = call('VM_SET_TIME_BASE', {
  id: 0x56000030,
  doc: "Sets the virtual real-time clock of a VM before it starts: what time it is at a given value of the machine's timer.",
  sources: rmAndQualcomm,
  rm23: { length: { exact: 20 } },
  dialects: [
    {
      sources: qualcomm,
      text: 'a success reply with payload: EINVAL; 64-bit values are written as low and high words: the same bytes; reserved is two single bytes',
    },
  ],
  notes: ['Every error reply, MSG_INVALID included, has the extra u32. Linux drops it.'],
  request: struct(20, {
    vmid: vmid('0: the sender itself', { zero: 'the sender' }),
    reserved: reserved(2),
    time_base: field(u64, 'time, nanoseconds', { info: 'what' }),
    arch_timer_ref: field(u64, 'timer value at that time', { aliases: ['sys_timer_ref'] }),
  }),
  reply: empty,
  errorReply: hypError,
  example: {
    request: { vmid: 0x80, time_base: 1_700_000_000_000_000_000n, arch_timer_ref: 192_000_000n },
    reply: {},
    errorReply: { hyp_error: 30 },
  },
});
export type VmSetTimeBaseRequest = Infer<typeof VM_SET_TIME_BASE.request>;
export type VmSetTimeBaseErrorReply = Infer<typeof hypError>;

export const VM_SET_BOOT_CONTEXT = call('VM_SET_BOOT_CONTEXT', {
  id: 0x56000031,
  doc: 'Sets a register that the boot vCPU of a VM starts with.',
  aliases: ['VM_SET_CONTEXT'],
  sources: ['RM23', 'v17', 'a15'],
  idOnlyIn: ['RM23'],
  notes: ['RM23 defines the number (VM_SET_CONTEXT) without a handler: UNIMPLEMENTED.'],
  request: struct(16, {
    vmid: vmid('VM'),
    reg_set: field(regSet, 'register file', { info: 'what' }),
    reg_index: field(u8, 'X 0..31, PC 0, SP 0..2', { info: 'what' }),
    reserved: reserved(4),
    value: field(u64, 'register value', { info: 'what' }),
  }),
  reply: empty,
  example: { request: { vmid: 0x80, reg_set: 1, reg_index: 0, value: 0x80080000n }, reply: {} },
});
export type VmSetBootContextRequest = Infer<typeof VM_SET_BOOT_CONTEXT.request>;

export const VM_SET_FIRMWARE_MEM = call('VM_SET_FIRMWARE_MEM', {
  id: 0x56000032,
  doc: "Says where in a VM's memory RM is to put the firmware that the VM starts with (QCOM_ANDROID_PVM).",
  sources: ['RM23', 'a14', 'a15'],
  rm23: { length: { exact: 24 } },
  notes: ['Every error reply, MSG_INVALID included, has the extra u32 (always 1). Linux drops it.'],
  request: struct(24, {
    vmid: target('VM'),
    reserved: reserved(2, 'MSG_INVALID'),
    mem_handle: memHandle('parcel lent to the VM', { aliases: ['fw_mp_handle'] }),
    fw_offset: offsetInParcel,
    fw_size: size('bytes'),
  }),
  reply: empty,
  errorReply: hypError,
  example: {
    request: { vmid: 0x80, mem_handle: 2, fw_offset: 0n, fw_size: 0x200000n },
    reply: {},
    errorReply: { hyp_error: 1 },
  },
});
export type VmSetFirmwareMemRequest = Infer<typeof VM_SET_FIRMWARE_MEM.request>;
export type VmSetFirmwareMemErrorReply = Infer<typeof hypError>;

export const VM_SET_DEMAND_PAGING = call('VM_SET_DEMAND_PAGING', {
  id: 0x56000033,
  doc: 'Names the guest address ranges whose pages the host gives to the VM only when it touches them.',
  sources: ['v17', 'a15'],
  notes: ['Linux can send at most 898 ranges (its own request limit).'],
  request: struct(8, {
    vmid: vmid('VM'),
    reserved: reserved(2),
    ranges: field(
      countedList(u32, 'range_count', sglEntry),
      'guest address ranges to be paged in on demand',
      {
        info: 'what',
      },
    ),
  }),
  reply: empty,
  example: {
    request: { vmid: 0x80, ranges: [{ ipa: 0x80000000n, size: 0x10000000n }] },
    reply: {},
  },
});
export type VmSetDemandPagingRequest = Infer<typeof VM_SET_DEMAND_PAGING.request>;

export const VM_SET_ADDRESS_LAYOUT = call('VM_SET_ADDRESS_LAYOUT', {
  id: 0x56000034,
  doc: "Says where in the guest's address space the image or the firmware lies.",
  sources: ['v17', 'a15'],
  request: struct(24, {
    vmid: vmid('VM'),
    reserved: reserved(2),
    range_id: field(rangeId, 'which range', { info: 'what' }),
    range_base: ipa('guest address'),
    range_size: size('bytes'),
  }),
  reply: empty,
  example: {
    request: { vmid: 0x80, range_id: 0, range_base: 0x80000000n, range_size: 0x400000n },
    reply: {},
  },
});
export type VmSetAddressLayoutRequest = Infer<typeof VM_SET_ADDRESS_LAYOUT.request>;

export const VM_SET_DEBUG = call('VM_SET_DEBUG', {
  id: 0x56000035,
  doc: 'Allows a VM to be debugged.',
  sources: ['q66', 'q612'],
  dialects: [{ sources: ['q66', 'q612'], text: 'a reply with payload is an error' }],
  request: struct(4, {
    vmid: vmid('VM'),
    reserved: reserved(1),
    debug_enabled: field(u8, '1: on (the only value sent)', { info: 'what' }),
  }),
  reply: empty,
  example: { request: { vmid: 0x80, debug_enabled: 1 }, reply: {} },
});
export type VmSetDebugRequest = Infer<typeof VM_SET_DEBUG.request>;
