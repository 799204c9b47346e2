import { memAcceptFlags } from '../../../../schemas/index.js';

const { VALIDATE_SANITIZED, VALIDATE_ACL_ATTR, VALIDATE_LABEL, MAP_CONTIGUOUS, SANITIZE, DONE } =
  memAcceptFlags.bits;

/** Asks a driver of q66 or q612 not to add SANITIZE; a bit of theirs, which RM never sees. */
export const NO_SANITIZE = 0x80000000;

/** What differs between Qualcomm's interfaces, as their recorded requests and replies show it. */
export interface QcomGeneration {
  /** Label of client.md. */
  readonly name: 'q61' | 'q66' | 'q612';
  /** Flags that MEM_ACCEPT takes; others are refused. */
  readonly acceptFlags: number;
  /** SANITIZE is added when a parcel is accepted that is not shared, no IO memory, and writable for the VM. */
  readonly sanitizes: boolean;
  /** VM_AUTH_IMAGE for HLOS without entries tells old firmware (EOPNOTSUPP), which is spared what it does not know. */
  readonly probesFirmware: boolean;
  /** Finds out at its start whether memory for VMs has to be assigned by the secure monitor, too. */
  readonly probesScmAssign: boolean;
  /** Entries that one MEM_ACCEPT can gather from the parts of its reply; more: ENOMEM. */
  readonly acceptedEntriesMax: number;
  /** Notifications are copied for the handlers, as many bytes as they should have; else handed on as they came. */
  readonly copiesNotifications: boolean;
}

const acceptFlags = VALIDATE_SANITIZED | VALIDATE_ACL_ATTR | VALIDATE_LABEL | MAP_CONTIGUOUS | DONE;

export const qcomGenerations: Readonly<Record<QcomGeneration['name'], QcomGeneration>> = {
  q61: {
    name: 'q61',
    acceptFlags,
    sanitizes: false,
    probesFirmware: false,
    probesScmAssign: false,
    acceptedEntriesMax: 0xffff,
    copiesNotifications: false,
  },
  q66: {
    name: 'q66',
    acceptFlags: acceptFlags | SANITIZE | NO_SANITIZE,
    sanitizes: true,
    probesFirmware: true,
    probesScmAssign: true,
    acceptedEntriesMax: 0xffffffff,
    copiesNotifications: true,
  },
  q612: {
    name: 'q612',
    acceptFlags: acceptFlags | SANITIZE | NO_SANITIZE,
    sanitizes: true,
    probesFirmware: false,
    probesScmAssign: true,
    acceptedEntriesMax: 0xffffffff,
    copiesNotifications: true,
  },
};
