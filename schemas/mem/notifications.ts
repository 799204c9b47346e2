import { field, type Infer, list, notification, reserved, struct, u64 } from '../../src/schema/index.js';
import { memType, transType } from '../enums.js';
import { label, memHandle, vmid } from '../fields.js';
import { memSharedFlags } from '../flags.js';
import { rmAndQualcomm } from '../sources.js';
import { attrEntry } from '../structs.js';
import { aclEntries, max, tag } from './fields.js';

export const MEM_SHARED = notification('MEM_SHARED', {
  id: 0x51100011,
  doc: 'A parcel is there for the receiver to accept.',
  sources: rmAndQualcomm,
  rm23: { to: 'each VM listed in MEM_NOTIFY' },
  dialects: [
    { sources: ['q515'], text: 'must have at least 20 bytes; what follows is not checked' },
    {
      sources: ['q66', 'q612'],
      text: 'walks the counts without knowing the length and reads the ACL count as a u32: its second half must be 0',
    },
  ],
  payload: struct(32, {
    mem_handle: memHandle('the parcel'),
    mem_type: field(memType, 'kind of memory', { info: 'detail' }),
    trans_type: field(transType, 'kind of transaction', { info: 'what' }),
    flags: field(memSharedFlags, 'SANITIZED: was cleared when made', { info: 'detail' }),
    reserved: reserved(1),
    owner_vmid: vmid('owner', { info: 'from' }),
    reserved1: reserved(2),
    label: label("the parcel's label"),
    mem_info_tag: tag('from MEM_NOTIFY'),
    acl_entries: aclEntries('who has access'),
    sgl_entries: field(list(u64, { max }), 'sizes of the regions, without addresses; cut off after 512', {
      role: 'size',
      info: 'what',
    }),
    attr_entries: field(list(attrEntry, { max }), 'attributes'),
  }),
  example: {
    payload: {
      mem_handle: 2,
      mem_type: 0,
      trans_type: 0,
      flags: 0,
      owner_vmid: 3,
      label: 0x2c,
      mem_info_tag: 1,
      acl_entries: [{ vmid: 9, rights: 7 }],
      sgl_entries: [0x1000n, 0x4000n],
      attr_entries: [],
    },
  },
});
export type MemSharedPayload = Infer<typeof MEM_SHARED.payload>;

export const MEM_RELEASED = notification('MEM_RELEASED', {
  id: 0x51100012,
  doc: 'A VM has released a parcel of the receiver, of its own accord or because it was reset.',
  sources: rmAndQualcomm,
  rm23: { to: "the parcel's owner" },
  dialects: [{ sources: ['q515'], text: 'must have 12 bytes' }],
  payload: struct(12, {
    mem_handle: memHandle('the parcel'),
    vmid: vmid('VM that released it', { aliases: ['participant_vmid'], info: 'by' }),
    reserved: reserved(2),
    mem_info_tag: tag("the parcel's tag"),
  }),
  example: { payload: { mem_handle: 2, vmid: 0x80, mem_info_tag: 0x2c } },
});
export type MemReleasedPayload = Infer<typeof MEM_RELEASED.payload>;

export const MEM_ACCEPTED = notification('MEM_ACCEPTED', {
  id: 0x51100013,
  doc: 'A VM, or RM on its behalf, has accepted a parcel of the receiver.',
  sources: rmAndQualcomm,
  rm23: { to: "the parcel's owner" },
  dialects: [{ sources: ['q515'], text: 'must have 12 bytes' }],
  payload: struct(12, {
    mem_handle: memHandle('the parcel'),
    vmid: vmid('VM that accepted it', { aliases: ['participant_vmid'], info: 'by' }),
    reserved: reserved(2),
    mem_info_tag: tag("the parcel's tag"),
  }),
  example: { payload: { mem_handle: 2, vmid: 0x80, mem_info_tag: 0x2c } },
});
export type MemAcceptedPayload = Infer<typeof MEM_ACCEPTED.payload>;

export const MEM_RECALL = notification('MEM_RECALL', {
  id: 0x51100014,
  doc: 'The owner of a parcel asks the receiver to release it.',
  sources: ['RM23'],
  rm23: { to: 'each VM listed in MEM_NOTIFY' },
  payload: struct(8, { mem_handle: memHandle('the parcel'), mem_info_tag: tag("the parcel's tag") }),
  example: { payload: { mem_handle: 2, mem_info_tag: 0x2c } },
});
export type MemRecallPayload = Infer<typeof MEM_RECALL.payload>;
