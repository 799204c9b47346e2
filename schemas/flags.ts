import { flags, u8, u16, u32 } from '../src/schema/index.js';

export const memRights = flags(
  'mem_rights',
  u8,
  { X: 1, W: 2, R: 4 },
  { doc: 'Access rights of a VM to a parcel', valid: [4, 5, 6, 7] },
);

export const memShareFlags = flags(
  'mem_share_flags',
  u8,
  { SANITIZE: 1, APPEND: 2 },
  { doc: 'How RM makes a parcel' },
);

export const memAppendFlags = flags(
  'mem_append_flags',
  u8,
  { END: 1 },
  { doc: 'Whether a parcel is complete', aliases: { END: ['DONE'] } },
);

export const memAcceptFlags = flags(
  'mem_accept_flags',
  u8,
  {
    VALIDATE_SANITIZED: 1,
    VALIDATE_ACL_ATTR: 2,
    VALIDATE_LABEL: 4,
    MAP_OTHER: 8,
    MAP_CONTIGUOUS: 16,
    SANITIZE: 32,
    DONE: 128,
  },
  {
    doc: 'What RM checks before it maps a parcel, and how it maps it',
    aliases: { SANITIZE: ['SANITIZE_ON_RELEASE'], MAP_CONTIGUOUS: ['MAP_IPA_CONTIGUOUS'] },
    notes: ['MAP_OTHER is in RM23 only, which refuses it (DENIED). Bit 6 is unused.'],
  },
);

export const memAcceptReplyFlags = flags(
  'mem_accept_reply_flags',
  u8,
  { INCOMPLETE: 1 },
  { doc: 'Whether RM has mapped the whole parcel' },
);

export const memReleaseFlags = flags(
  'mem_release_flags',
  u8,
  { SANITIZE: 1 },
  { doc: 'What happens to memory that is given back', aliases: { SANITIZE: ['CLEAR'] } },
);

export const memReclaimFlags = flags(
  'mem_reclaim_flags',
  u8,
  { SANITIZE: 1 },
  { doc: 'What happens to memory that is taken back', aliases: { SANITIZE: ['CLEAR'] } },
);

export const memNotifyFlags = flags(
  'mem_notify_flags',
  u8,
  { SHARED: 1, RELEASED: 2, ACCEPTED: 4, RECALL: 8 },
  { doc: 'What RM tells the other VMs about a parcel', exactlyOne: true, notes: ['RECALL is in RM23 only.'] },
);

export const memSharedFlags = flags(
  'mem_shared_flags',
  u8,
  { SANITIZED: 1 },
  { doc: 'What was done to memory before it was passed on' },
);

export const irqNotifyFlags = flags(
  'irq_notify_flags',
  u32,
  { LENT: 1, RELEASED: 2, ACCEPTED: 4 },
  { doc: 'What the other side is told about a lent interrupt', exactlyOne: true },
);

export const vmStopFlags = flags(
  'vm_stop_flags',
  u8,
  { FORCE_STOP: 1 },
  { doc: 'Whether RM asks a VM to stop or stops it at once', aliases: { FORCE_STOP: ['FORCE'] } },
);

export const exitFlags = flags(
  'exit_flags',
  u16,
  { RESTART: 1, SYSTEM: 2, WARM: 4, DUMP: 8, RESET2_64BIT: 32768 },
  {
    doc: 'What a VM wants to happen after it has exited',
    notes: [
      "RM23 names bit 0 only and passes the rest through. Bits 1..3 are Qualcomm's client names; bit 0 clear means power off. RM23 itself sets bit 15 for exit type PSCI_SYSTEM_RESET2 when the call was the 64-bit one.",
    ],
  },
);

export const ipaGenericConstraints = flags(
  'ipa_generic_constraints',
  u32,
  {
    ECC: 1,
    TAGGED: 2,
    NORMAL: 4,
    IO: 8,
    OWNER_VM_VISIBLE: 16,
    EXTERNAL_BUS_VISIBLE: 32,
    BASE_MEMORY_COMPATIBLE: 64,
  },
  {
    doc: 'Properties of the memory that the addresses are for',
    aliases: { TAGGED: ['MEMTAG'], BASE_MEMORY_COMPATIBLE: ['DEFAULT'] },
    notes: ["Qualcomm's clients allow bits 0..3 and 6."],
  },
);

export const ipaPlatformConstraints = flags(
  'ipa_platform_constraints',
  u32,
  { ENCRYPTED: 1, AUTHENTICATED: 2, ANTI_ROLLBACK: 4 },
  {
    doc: 'Properties, defined by the platform, of the memory that the addresses are for',
    notes: ["Qualcomm's client names. RM23 defines none and accepts 0 only."],
  },
);
