import { call, empty, field, type Infer, reserved, struct, u64 } from '../src/schema/index.js';
import { authMech } from './enums.js';
import { memHandle, size } from './fields.js';

export const FW_MILESTONE = call('FW_MILESTONE', {
  id: 0x51000020,
  doc: 'Tells RM that the early boot of HLOS is over, after which RM accepts no more firmware settings.',
  sources: ['RM23'],
  rm23: { length: { exact: 0 }, sender: 'HLOS' },
  request: empty,
  reply: empty,
  example: { request: {}, reply: {} },
});

export const FW_SET_VM_FIRMWARE = call('FW_SET_VM_FIRMWARE', {
  id: 0x51000021,
  doc: 'Gives RM, before FW_MILESTONE, the firmware that it later loads into VMs of one authentication mechanism.',
  sources: ['RM23'],
  rm23: { length: { exact: 24 }, sender: 'HLOS' },
  notes: ['A non-zero reserved field gives UNIMPLEMENTED here, not MSG_INVALID.'],
  request: struct(24, {
    auth_mech: field(authMech, 'must be QCOM_ANDROID_PVM', { aliases: ['auth_type'], info: 'detail' }),
    reserved: reserved(2, 'UNIMPLEMENTED'),
    mem_handle: memHandle('parcel donated to RM', { aliases: ['image_mp_handle'] }),
    image_offset: field(u64, 'must be 0', { role: 'offset' }),
    image_size: size('bytes'),
  }),
  reply: empty,
  example: {
    request: { auth_mech: 2, mem_handle: 0, image_offset: 0n, image_size: 0x100000n },
    reply: {},
  },
});
export type FwSetVmFirmwareRequest = Infer<typeof FW_SET_VM_FIRMWARE.request>;
