/** Error word of a reply (protocol/messages.md, "Error codes"). */
export const RmError = {
  OK: 0,
  UNIMPLEMENTED: 0xffffffff,
  NORESOURCE: 2,
  DENIED: 3,
  MSG_INVALID: 4,
  BUSY: 5,
  ARGUMENT_INVALID: 6,
  HANDLE_INVALID: 7,
  VALIDATE_FAILED: 8,
  MAP_FAILED: 9,
  MEM_INVALID: 10,
  MEM_INUSE: 11,
  MEM_RELEASED: 12,
  VMID_INVALID: 13,
  LOOKUP_FAILED: 14,
  IRQ_INVALID: 15,
  IRQ_INUSE: 16,
  IRQ_RELEASED: 17,
  IN_USE: 18,
  VM_STATE: 20,
} as const;

/** VMIDs with a fixed meaning. */
export const VMID_HYP = 0;
export const VMID_HLOS = 3;
export const VMID_RM = 255;
/** Borrower of an interrupt whose borrower was reset. */
export const VMID_PEER_DEFAULT = 65535;
