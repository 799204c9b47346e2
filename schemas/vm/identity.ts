import {
  bytes,
  call,
  counted,
  countedList,
  empty,
  field,
  type Infer,
  length,
  reserved,
  struct,
  u16,
  u32,
} from '../../src/schema/index.js';
import { ascii } from '../ascii.js';
import { target } from '../fields.js';
import { limits } from '../limits.js';
import { everyone, linux, qualcomm, rmAndQualcomm } from '../sources.js';
import { idEntry, vmidEntry } from '../structs.js';

const guid = Uint8Array.of(
  ...[0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77],
  ...[0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff],
);

/** The u16 in front of a text to look up. */
const nameLength = length(u16, 'bytes of text, at most 79', {
  aliases: ['size'],
  max: limits.name_length,
  aboveMax: 'ARGUMENT_INVALID',
});
const paddedText = counted('length', 'utf8', { padTo: 4, padMustBeZero: 'MSG_INVALID' });

const matches = struct(4, {
  vmid_entries: field(countedList(u32, 'n_id_entries', vmidEntry), 'matches, by rising VMID', {
    info: 'what',
  }),
});
const oneMatch = [
  { sources: qualcomm, text: 'a size that does not fit: EBADMSG; a count other than 1: EINVAL' },
];

export const VM_GET_ID = call('VM_GET_ID', {
  id: 0x56000010,
  doc: 'Reports the identifiers of a VM that is ready or running: GUID, name, URI and signature.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4 } },
  dialects: [
    {
      sources: qualcomm,
      text: 'less than 4 bytes: EBADMSG; entries must fill the payload exactly, else EINVAL',
    },
  ],
  notes: ["RM23's order: GUID (always, 16 bytes), NAME and URI if set, SIGN_AUTH (always)."],
  request: struct(4, { vmid: target('0: the sender itself', { zero: 'the sender' }), reserved: reserved(2) }),
  reply: struct(4, {
    id_entries: field(countedList(u32, 'n_id_entries', idEntry), 'identifiers', { info: 'what' }),
  }),
  example: {
    request: { vmid: 0x80 },
    reply: {
      id_entries: [
        { id_type: 0, id_info: guid },
        { id_type: 2, id_info: ascii('oracle-vm') },
        { id_type: 1, id_info: ascii('vmuid/oracle') },
        { id_type: 3, id_info: ascii('N/A') },
      ],
    },
  },
});
export type VmGetIdRequest = Infer<typeof VM_GET_ID.request>;
export type VmGetIdReply = Infer<typeof VM_GET_ID.reply>;

export const VM_LOOKUP_URI = call('VM_LOOKUP_URI', {
  id: 0x56000011,
  doc: 'Finds the VMs with a URI, among those that the sender may query.',
  sources: rmAndQualcomm,
  rm23: { length: { min: 4, excess: 'MSG_INVALID', emptyPayload: 'ARGUMENT_INVALID' } },
  dialects: oneMatch,
  request: struct(4, {
    length: nameLength,
    reserved: reserved(2),
    uri: field(paddedText, 'URI; no terminator, zero padded', { info: 'what' }),
  }),
  reply: matches,
  example: { request: { uri: ascii('vmuid/oracle') }, reply: { vmid_entries: [{ vmid: 0x80 }] } },
});
export type VmLookupUriRequest = Infer<typeof VM_LOOKUP_URI.request>;
export type VmLookupUriReply = Infer<typeof VM_LOOKUP_URI.reply>;

export const VM_LOOKUP_GUID = call('VM_LOOKUP_GUID', {
  id: 0x56000012,
  doc: 'Finds the VMs with a GUID, among those that the sender may query.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 16, emptyPayload: 'ARGUMENT_INVALID' } },
  dialects: oneMatch,
  request: struct(16, { guid: field(bytes(16), 'GUID; no length in front', { info: 'what' }) }),
  reply: matches,
  example: { request: { guid }, reply: { vmid_entries: [{ vmid: 0x80 }] } },
});
export type VmLookupGuidRequest = Infer<typeof VM_LOOKUP_GUID.request>;
export type VmLookupGuidReply = Infer<typeof VM_LOOKUP_GUID.reply>;

export const VM_LOOKUP_NAME = call('VM_LOOKUP_NAME', {
  id: 0x56000013,
  doc: 'Finds the VMs with a name, among those that the sender may query.',
  sources: rmAndQualcomm,
  rm23: { length: { min: 4, excess: 'MSG_INVALID', emptyPayload: 'ARGUMENT_INVALID' } },
  dialects: oneMatch,
  request: struct(4, {
    length: nameLength,
    reserved: reserved(2),
    name: field(paddedText, 'name; no terminator, zero padded', { info: 'what' }),
  }),
  reply: matches,
  example: { request: { name: ascii('oracle-vm') }, reply: { vmid_entries: [{ vmid: 0x80 }] } },
});
export type VmLookupNameRequest = Infer<typeof VM_LOOKUP_NAME.request>;
export type VmLookupNameReply = Infer<typeof VM_LOOKUP_NAME.reply>;

export const VM_GET_OWNER = call('VM_GET_OWNER', {
  id: 0x56000015,
  doc: 'Tells a VM which VM owns it.',
  sources: ['RM23'],
  rm23: { length: { exact: 0 } },
  request: empty,
  reply: struct(4, { owner_vmid: field(u32, 'owner of the sender', { role: 'vmid', info: 'subject' }) }),
  example: { request: {}, reply: { owner_vmid: 3 } },
});
export type VmGetOwnerReply = Infer<typeof VM_GET_OWNER.reply>;

export const VM_GET_VMID = call('VM_GET_VMID', {
  id: 0x56000024,
  doc: 'Tells a VM its own VMID, which it needs for the access lists of shared memory.',
  sources: everyone,
  rm23: { length: { exact: 0 } },
  dialects: [
    { sources: linux, text: 'low 16 bits used, size not checked, cached for the life of the kernel' },
    { sources: qualcomm, text: 'a reply of another size: EBADMSG' },
  ],
  request: empty,
  reply: struct(4, { vmid: field(u32, 'VMID of the sender', { role: 'vmid', info: 'subject' }) }),
  example: { request: {}, reply: { vmid: 3 } },
});
export type VmGetVmidReply = Infer<typeof VM_GET_VMID.reply>;

export const VM_GET_PEERS = call('VM_GET_PEERS', {
  id: 0x56000025,
  doc: 'Lists the VMs that the sender shares virtual devices or ownership with.',
  sources: ['RM23'],
  rm23: { length: { exact: 0 } },
  request: empty,
  reply: struct(4, {
    peers: field(countedList(u32, 'n_peers', u32), "VMIDs of the sender's peers", {
      role: 'vmid',
      info: 'what',
    }),
  }),
  example: { request: {}, reply: { peers: [0x80] } },
});
export type VmGetPeersReply = Infer<typeof VM_GET_PEERS.reply>;

export const VM_HOST_GET_TYPE = call('VM_HOST_GET_TYPE', {
  id: 0x560000a0,
  doc: 'Tells a VM what kind of hypervisor and machine it runs on.',
  sources: rmAndQualcomm,
  idOnlyIn: qualcomm,
  rm23: { length: { exact: 0 } },
  notes: ['No client calls it.'],
  request: empty,
  reply: struct(4, {
    host_type: field(
      u32,
      'RM23: 0x01000164: byte 0 is the architecture (0x64: AArch64), byte 1 the hypervisor (1: Gunyah with RM), byte 2 is 0, byte 3 the version (1)',
      { info: 'what' },
    ),
  }),
  example: { request: {}, reply: { host_type: 0x01000164 } },
});
export type VmHostGetTypeReply = Infer<typeof VM_HOST_GET_TYPE.reply>;
