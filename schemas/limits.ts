import type { Limits } from '../src/schema/index.js';

/** Sizes in bytes and counts of the transport and of RM's own tables (rpc.md; limits of messages.json). */
export const limits = {
  queue_message: 240,
  header: 8,
  content: 232,
  max_continuations: 62,
  // 63 messages of 232 bytes.
  max_payload: 14616,
  // Without the error word.
  max_reply_data: 14612,
  // Linux sends one fragment fewer than the format allows.
  linux_max_request: 14384,
  mem_list_entries: 512,
  ipa_list_entries: 30,
  parcels_per_owner: 64,
  name_length: 79,
  crash_message: 192,
} as const satisfies Limits;

/** Values with a meaning of their own. */
export const constants = {
  MEM_HANDLE_INVALID: 0xffffffff,
  VIRQ_ANY: 0xffffffff,
  VMID_HYP: 0,
  VMID_HLOS: 3,
  VMID_DYNAMIC_FIRST: 128,
  VMID_DYNAMIC_LAST: 190,
  VMID_RM: 255,
  VMID_ANY: 65534,
  VMID_PEER_DEFAULT: 65535,
} as const;
