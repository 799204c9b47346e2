import {
  call,
  empty,
  field,
  type Infer,
  list,
  maybeEmpty,
  reserved,
  struct,
} from '../../src/schema/index.js';
import { memType, transType } from '../enums.js';
import { label, memHandle, vmid } from '../fields.js';
import {
  memAcceptFlags,
  memAcceptReplyFlags,
  memAppendFlags,
  memNotifyFlags,
  memReclaimFlags,
  memReleaseFlags,
  memShareFlags,
} from '../flags.js';
import { everyone, qualcomm, rmAndQualcomm } from '../sources.js';
import { sglEntry, vmidEntry } from '../structs.js';
import { aclEntries, attrEntries, max, sglEntries, tag } from './fields.js';

/** Request of the three calls that make a parcel. */
const newParcel = struct(16, {
  mem_type: field(memType, 'kind of memory', { info: 'detail' }),
  reserved: reserved(1),
  flags: field(memShareFlags, 'APPEND: more SG entries follow in MEM_APPEND', { info: 'detail' }),
  reserved1: reserved(1),
  label: label('free value, reported to the receivers'),
  acl_entries: aclEntries('who gets access; at least one'),
  sgl_entries: sglEntries('the memory; at least one'),
  attr_entries: attrEntries('memory attributes; usually empty, but writers always write the header'),
});

const parcelReply = struct(4, {
  mem_handle: memHandle('handle of the new parcel', { aliases: ['handle', 'memparcel_handle'] }),
});

const attributesMayBeMissing =
  'RM23 requires at least 20 bytes and then reads the three lists; a list whose header would start exactly at the end of the payload counts as empty. So the attribute list may be missing once the other two hold entries (36 bytes is the smallest such request). Anything after the last list: MSG_INVALID.';
const aclCountIsU32 = {
  sources: ['v11', 'a14', ...qualcomm],
  text: 'the ACL count is declared as u32: the same bytes',
};
const strictReply = { sources: qualcomm, text: 'reply of another size: EINVAL' };
const noReplyPayload = [{ sources: qualcomm, text: 'a reply with payload: EBADMSG' }];

export const MEM_DONATE = call('MEM_DONATE', {
  id: 0x51000010,
  doc: "Makes a parcel of the sender's memory, which belongs to the receiver for good once it has accepted the parcel.",
  sources: rmAndQualcomm,
  rm23: { length: { min: 20, excess: 'MSG_INVALID' }, missingList: 'empty' },
  dialects: [strictReply],
  notes: [attributesMayBeMissing, "Qualcomm's clients insist on one ACL entry with rights RWX."],
  request: newParcel,
  reply: parcelReply,
  example: {
    request: {
      mem_type: 0,
      flags: 0,
      label: 0x10,
      acl_entries: [{ vmid: 9, rights: 7 }],
      sgl_entries: [{ ipa: 0x88000000n, size: 0x200000n }],
      attr_entries: [],
    },
    reply: { mem_handle: 0x42 },
  },
});
export type MemDonateRequest = Infer<typeof MEM_DONATE.request>;
export type MemDonateReply = Infer<typeof MEM_DONATE.reply>;

export const MEM_ACCEPT = call('MEM_ACCEPT', {
  id: 0x51000011,
  doc: "Maps a parcel whose ACL names the sender into the sender's address space, at given addresses or where RM finds room.",
  sources: rmAndQualcomm,
  rm23: { length: { min: 24, excess: 'MSG_INVALID' }, missingList: 'empty' },
  dialects: [
    {
      sources: qualcomm,
      text: 'MAP_OTHER is unknown to the clients; a reply whose size does not fit its count is an error',
    },
  ],
  notes: [
    "The second half of the SG list's header is the map VMID, not padding.",
    'In the reply the second half is u8 flags and u8 reserved.',
    'The attribute list (and the SG list) may be missing once the payload has 24 bytes.',
    'RM23 reads the map VMID at its fixed place behind the ACL even when the SG list is missing, i.e. from behind the payload.',
  ],
  request: struct(20, {
    mem_handle: memHandle('the parcel'),
    mem_type: field(memType, 'must match the parcel', { info: 'detail' }),
    trans_type: field(transType, 'must match the parcel', { info: 'what' }),
    flags: field(memAcceptFlags, 'checks and mapping wanted', { info: 'detail' }),
    reserved: reserved(1),
    label: label('compared when VALIDATE_LABEL is set', { aliases: ['validate_label'] }),
    acl_entries: aclEntries('compared when VALIDATE_ACL_ATTR is set'),
    sgl_entries: field(
      list(sglEntry, {
        max,
        headerWords: {
          map_vmid: vmid('VM to map into, 0 = the sender; RM23 allows 0 only', { info: undefined }),
        },
      }),
      'where to map; empty = RM chooses',
      { info: 'what' },
    ),
    attr_entries: attrEntries('compared when VALIDATE_ACL_ATTR is set; writers always write the header'),
  }),
  reply: maybeEmpty(
    struct(4, {
      sgl_entries: field(
        list(sglEntry, {
          max,
          headerWords: {
            flags: field(memAcceptReplyFlags, 'INCOMPLETE: call again for the rest', { info: 'detail' }),
            reserved: reserved(1),
          },
        }),
        'the addresses RM chose',
        { info: 'what' },
      ),
    }),
  ),
  presentWhen: { field: 'sgl_entries', is: 'empty' },
  replyNote:
    'With an SG list in the request the reply is the error word alone. Without one the list header is always there, also with count 0 (nothing left to map).',
  example: {
    request: {
      mem_handle: 2,
      mem_type: 0,
      trans_type: 1,
      flags: 0x82,
      label: 0,
      acl_entries: [{ vmid: 9, rights: 7 }],
      map_vmid: 0,
      sgl_entries: [],
      attr_entries: [],
    },
    reply: {
      flags: 0,
      sgl_entries: [
        { ipa: 0x40001000n, size: 0x1000n },
        { ipa: 0x40002000n, size: 0x4000n },
      ],
    },
  },
});
export type MemAcceptRequest = Infer<typeof MEM_ACCEPT.request>;
export type MemAcceptReply = Infer<typeof MEM_ACCEPT.reply>;

export const MEM_LEND = call('MEM_LEND', {
  id: 0x51000012,
  doc: 'Makes a parcel of memory that only the receivers can use until the sender reclaims it.',
  sources: everyone,
  rm23: { length: { min: 20, excess: 'MSG_INVALID' }, missingList: 'empty' },
  dialects: [
    aclCountIsU32,
    {
      sources: ['v17', 'a15'],
      text: 'one function: exactly one ACL entry makes it MEM_LEND, any other number MEM_SHARE',
    },
    {
      sources: ['v9', 'v11', 'a14'],
      text: 'two functions, the caller chooses; reply size not checked',
    },
    strictReply,
  ],
  notes: [attributesMayBeMissing],
  request: newParcel,
  reply: parcelReply,
  example: {
    request: {
      mem_type: 0,
      flags: 0,
      label: 0,
      acl_entries: [{ vmid: 0x80, rights: 7 }],
      sgl_entries: [{ ipa: 0x80000000n, size: 0x4000000n }],
      attr_entries: [],
    },
    reply: { mem_handle: 0 },
  },
});
export type MemLendRequest = Infer<typeof MEM_LEND.request>;
export type MemLendReply = Infer<typeof MEM_LEND.reply>;

export const MEM_SHARE = call('MEM_SHARE', {
  id: 0x51000013,
  doc: 'Makes a parcel of memory that the sender keeps using beside the receivers.',
  sources: everyone,
  rm23: { length: { min: 20, excess: 'MSG_INVALID' }, missingList: 'empty' },
  dialects: [aclCountIsU32, { sources: ['v17', 'a15'], text: 'see MEM_LEND' }, strictReply],
  notes: [attributesMayBeMissing, 'The owner must be in the ACL too; Linux sends [guest, host RWX].'],
  request: newParcel,
  reply: parcelReply,
  example: {
    request: {
      mem_type: 0,
      flags: 0,
      label: 1,
      acl_entries: [
        { vmid: 0x80, rights: 6 },
        { vmid: 3, rights: 7 },
      ],
      sgl_entries: [{ ipa: 0x90000000n, size: 0x100000n }],
      attr_entries: [],
    },
    reply: { mem_handle: 1 },
  },
});
export type MemShareRequest = Infer<typeof MEM_SHARE.request>;
export type MemShareReply = Infer<typeof MEM_SHARE.reply>;

export const MEM_RELEASE = call('MEM_RELEASE', {
  id: 0x51000014,
  doc: "Ends the sender's use of a parcel that it accepted; after the last release the owner can reclaim it.",
  sources: rmAndQualcomm,
  rm23: { length: { min: 8, excess: 'ignored' } },
  dialects: noReplyPayload,
  notes: ['Bytes after the 8th are ignored by RM23.'],
  request: struct(8, {
    mem_handle: memHandle('the parcel'),
    flags: field(memReleaseFlags, 'SANITIZE: clear the memory', { info: 'detail' }),
    reserved: reserved(3),
  }),
  reply: empty,
  example: { request: { mem_handle: 2, flags: 0 }, reply: {} },
});
export type MemReleaseRequest = Infer<typeof MEM_RELEASE.request>;

export const MEM_RECLAIM = call('MEM_RECLAIM', {
  id: 0x51000015,
  doc: 'Ends a parcel that no receiver uses any more and gives its memory back to the sender, who owns the parcel.',
  sources: everyone,
  rm23: { length: { min: 8, excess: 'ignored' } },
  dialects: noReplyPayload,
  notes: ['Bytes after the 8th are ignored by RM23.'],
  request: struct(8, {
    mem_handle: memHandle('the parcel'),
    flags: field(memReclaimFlags, 'SANITIZE: clear the memory', { info: 'detail' }),
    reserved: reserved(3),
  }),
  reply: empty,
  example: { request: { mem_handle: 2, flags: 1 }, reply: {} },
});
export type MemReclaimRequest = Infer<typeof MEM_RECLAIM.request>;

export const MEM_NOTIFY = call('MEM_NOTIFY', {
  id: 0x51000017,
  doc: 'Makes RM notify the receivers of a parcel (SHARED, RECALL) or its owner (ACCEPTED, RELEASED).',
  sources: rmAndQualcomm,
  rm23: { length: { min: 12, excess: 'ignored' } },
  triggers: ['MEM_SHARED', 'MEM_RELEASED', 'MEM_ACCEPTED', 'MEM_RECALL'],
  dialects: [
    {
      sources: qualcomm,
      text: 'RECALL is unknown to the clients; they send the list with SHARED only',
    },
  ],
  notes: [
    'SHARED and RECALL need the VMID list (count 1 .. number of ACL entries); the list is not read with RELEASED and ACCEPTED. Bytes after what is read are ignored by RM23.',
    "The limit of 512 entries does not apply to this list: the ACL's size limits it.",
  ],
  request: struct(12, {
    mem_handle: memHandle('the parcel'),
    flags: field(memNotifyFlags, 'exactly one bit', { info: 'what' }),
    reserved: reserved(3),
    mem_info_tag: tag('free value, fixed by the first SHARED notify'),
    vmid_entries: field(list(vmidEntry), 'VMs to tell', {
      info: 'to',
      when: { field: 'flags', any: ['SHARED', 'RECALL'] },
    }),
  }),
  reply: empty,
  example: {
    request: { mem_handle: 2, flags: 1, mem_info_tag: 0x2c, vmid_entries: [{ vmid: 9 }] },
    reply: {},
  },
});
export type MemNotifyRequest = Infer<typeof MEM_NOTIFY.request>;

export const MEM_APPEND = call('MEM_APPEND', {
  id: 0x51000018,
  doc: 'Adds memory to a parcel that was made with APPEND; repeated until END completes it.',
  sources: everyone,
  rm23: { length: { min: 12, excess: 'MSG_INVALID' } },
  dialects: [
    {
      sources: ['q61', 'q66', 'q612'],
      text: 'the reserved bytes (both places) are uninitialised memory, so receivers must not check them',
    },
  ],
  request: struct(12, {
    mem_handle: memHandle('the parcel'),
    flags: field(memAppendFlags, 'END: this completes the parcel', { info: 'detail' }),
    reserved: reserved(3),
    sgl_entries: sglEntries('more memory; at least one'),
  }),
  reply: empty,
  example: {
    request: { mem_handle: 2, flags: 1, sgl_entries: [{ ipa: 0x88200000n, size: 0x1000n }] },
    reply: {},
  },
});
export type MemAppendRequest = Infer<typeof MEM_APPEND.request>;

export const MEM_QCOM_LOOKUP_SGL = call('MEM_QCOM_LOOKUP_SGL', {
  id: 0x5100001a,
  doc: 'Finds the handle of a parcel of the sender that was made by other means, from everything else about the parcel.',
  sources: rmAndQualcomm,
  rm23: { length: { min: 16, excess: 'MSG_INVALID' }, missingList: 'empty' },
  dialects: [
    {
      sources: ['q61', 'q66', 'q612'],
      text: 'the attribute list header is always sent; a request with more than 512 SG entries is malformed: the count says 512, the attribute list follows, then zero bytes instead of the other entries',
    },
    strictReply,
  ],
  notes: ['The attribute list is optional by design here.'],
  request: struct(16, {
    mem_type: field(memType, 'kind of memory', { info: 'detail' }),
    reserved: reserved(3),
    label: label('given to the parcel if it had none'),
    acl_entries: aclEntries('compared in order'),
    sgl_entries: sglEntries('compared in order'),
    attr_entries: attrEntries('compared in order; writers may leave it out'),
  }),
  reply: parcelReply,
  example: {
    request: {
      mem_type: 0,
      label: 0x10,
      acl_entries: [{ vmid: 9, rights: 6 }],
      sgl_entries: [{ ipa: 0x88000000n, size: 0x200000n }],
    },
    reply: { mem_handle: 2 },
  },
});
export type MemQcomLookupSglRequest = Infer<typeof MEM_QCOM_LOOKUP_SGL.request>;
export type MemQcomLookupSglReply = Infer<typeof MEM_QCOM_LOOKUP_SGL.reply>;
