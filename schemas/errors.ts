import { enumeration, type Infer, u32 } from '../src/schema/index.js';
import type { Source } from './sources.js';

/** First word of every reply. */
export const error = enumeration(
  'error',
  u32,
  {
    OK: 0,
    UNIMPLEMENTED: 0xffffffff,
    NOMEM: 1,
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
    IRQ_NOT_MAPPED: 19,
    VM_STATE: 20,
  },
  {
    doc: 'Outcome of a call',
    aliases: { MSG_INVALID: ['INVALID'] },
    // When RM23 answers with them: its source and recordings of it.
    meanings: {
      UNIMPLEMENTED:
        'RM has no handler for this message, or a reserved field of FW_SET_VM_FIRMWARE is not 0.',
      NORESOURCE:
        'No number, address or room is left, or no VM has this VMID, or the VM does not have what was asked for.',
      DENIED: 'The sender may not do this, or the VM, parcel or console does not allow it now.',
      MSG_INVALID: 'The payload does not have the length of the message, or a reserved field is not 0.',
      BUSY: 'The firmware is set already.',
      ARGUMENT_INVALID: 'A field has a value that is not allowed, alone or beside the others.',
      HANDLE_INVALID: 'No parcel or interrupt has this handle, or it is not for the sender.',
      VALIDATE_FAILED:
        'The parcel is not what the flags of MEM_ACCEPT ask to check: label, receivers, cleared memory.',
      MAP_FAILED: 'The memory cannot be mapped, or was mapped in an earlier life of the VM.',
      MEM_INVALID: "The memory is not the sender's, or not for this VM, or does not hold what it should.",
      MEM_INUSE: 'A receiver has accepted the parcel and has not released it.',
      MEM_RELEASED: 'The parcel is not accepted, or not any more.',
      VMID_INVALID:
        'No VM has this VMID, or the sender does not own the VM, or the VM is none of the receivers.',
      LOOKUP_FAILED:
        'Nothing fits the request: the sender has no shared parcel with this type and these lists.',
      IRQ_INVALID: 'The sender has no such interrupt to lend, or has not lent it.',
      IRQ_INUSE: 'The interrupt is lent, or accepted.',
      IRQ_RELEASED: 'The interrupt is not accepted, or not any more.',
      IN_USE: 'The interrupt is not in the state for this: accepted already, or not accepted.',
      VM_STATE: 'The VM is in a state in which this is not possible.',
    },
    notes: ['IN_USE, IRQ_NOT_MAPPED and VM_STATE are in RM23 only; no Linux client knows them.'],
  },
);

/** The error word of a reply. */
export type ErrorCode = Infer<typeof error>;
export type ErrorName = keyof typeof error.values;

/** The two tables by which clients turn RM's codes into errno names. */
export type ErrnoClient = 'mainline' | 'q515';

/** Sources that use each table. */
export const errnoClients: Readonly<Record<ErrnoClient, readonly Source[]>> = {
  mainline: ['a14', 'v17', 'a15', 'q61', 'q66', 'q612'],
  q515: ['q515'],
};

/** Errno names that clients make of error codes, `0` = success (messages.md, "Error codes"). */
export const errno: Readonly<Record<ErrorName, Readonly<Record<ErrnoClient, string>>>> = {
  OK: { mainline: '0', q515: '0' },
  UNIMPLEMENTED: { mainline: 'EOPNOTSUPP', q515: 'EOPNOTSUPP' },
  NOMEM: { mainline: 'ENOMEM', q515: 'EINVAL' },
  NORESOURCE: { mainline: 'ENODEV', q515: 'EINVAL' },
  DENIED: { mainline: 'EPERM', q515: 'EINVAL' },
  MSG_INVALID: { mainline: 'EINVAL', q515: 'EINVAL' },
  BUSY: { mainline: 'EBUSY', q515: 'EINVAL' },
  ARGUMENT_INVALID: { mainline: 'EINVAL', q515: 'EINVAL' },
  HANDLE_INVALID: { mainline: 'EINVAL', q515: 'EINVAL' },
  VALIDATE_FAILED: { mainline: 'EINVAL', q515: 'EINVAL' },
  MAP_FAILED: { mainline: 'EINVAL', q515: 'EINVAL' },
  // q515 looks RM's code up in the hypervisor's table, where 10 is out of memory.
  MEM_INVALID: { mainline: 'EINVAL', q515: 'ENOMEM' },
  MEM_INUSE: { mainline: 'EINVAL', q515: 'EINVAL' },
  MEM_RELEASED: { mainline: 'EINVAL', q515: 'EINVAL' },
  VMID_INVALID: { mainline: 'EINVAL', q515: 'EINVAL' },
  LOOKUP_FAILED: { mainline: 'EINVAL', q515: 'EINVAL' },
  IRQ_INVALID: { mainline: 'EINVAL', q515: 'EINVAL' },
  IRQ_INUSE: { mainline: 'EINVAL', q515: 'EINVAL' },
  IRQ_RELEASED: { mainline: 'EINVAL', q515: 'EINVAL' },
  IN_USE: { mainline: 'EBADMSG', q515: 'EINVAL' },
  IRQ_NOT_MAPPED: { mainline: 'EBADMSG', q515: 'EINVAL' },
  VM_STATE: { mainline: 'EBADMSG', q515: 'EINVAL' },
};

interface UnknownErrno {
  /** Codes that have no name in `error` but an errno of their own in this client. */
  readonly byCode: Readonly<Record<number, string>>;
  readonly otherwise: string;
}

/** The errno names that clients use for codes that `error` does not name. */
export const unknownErrno: Readonly<Record<ErrnoClient, UnknownErrno>> = {
  mainline: { byCode: {}, otherwise: 'EBADMSG' },
  q515: {
    byCode: {
      30: 'EACCES',
      31: 'EBUSY',
      32: 'EBUSY',
      40: 'EPERM',
      41: 'EPERM',
      50: 'EACCES',
      51: 'EACCES',
      52: 'EACCES',
      53: 'EACCES',
      54: 'EACCES',
      60: 'EPERM',
      61: 'EPERM',
    },
    otherwise: 'EINVAL',
  },
};
