import { memAcceptFlags } from '../../../../schemas/index.js';

const { VALIDATE_SANITIZED, VALIDATE_ACL_ATTR, VALIDATE_LABEL, MAP_CONTIGUOUS, SANITIZE, DONE } =
  memAcceptFlags.bits;

/** Tells the driver of q66 or q612 not to add SANITIZE. A bit of the driver's own, which it does not send to RM. */
export const NO_SANITIZE = 0x80000000;

/** The differences between Qualcomm's interfaces, from their recorded requests and replies. */
export interface QcomGeneration {
  /** Label of client.md. */
  readonly name: 'q61' | 'q66' | 'q612';
  /** Allowed flags of MEM_ACCEPT. */
  readonly acceptFlags: number;
  /** Adds SANITIZE when it accepts a parcel that is not shared, is no IO memory and is writable for the VM. */
  readonly sanitizes: boolean;
  /** Sends VM_AUTH_IMAGE for HLOS without entries to detect old firmware (EOPNOTSUPP), which lacks some calls. */
  readonly probesFirmware: boolean;
  /** Detects at its start whether the secure monitor has to assign memory to VMs. */
  readonly probesScmAssign: boolean;
  /** Largest number of entries from all replies of one MEM_ACCEPT. More is ENOMEM. */
  readonly acceptedEntriesMax: number;
  /** The lists of a MEM_ACCEPT request that its size does not count are written behind its memory. */
  readonly acceptOverruns: boolean;
  /** Copies the expected number of bytes of a notification for the handlers; else forwards it unchanged. */
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
    acceptOverruns: true,
    copiesNotifications: false,
  },
  q66: {
    name: 'q66',
    acceptFlags: acceptFlags | SANITIZE | NO_SANITIZE,
    sanitizes: true,
    probesFirmware: true,
    probesScmAssign: true,
    acceptedEntriesMax: 0xffffffff,
    acceptOverruns: false,
    copiesNotifications: true,
  },
  q612: {
    name: 'q612',
    acceptFlags: acceptFlags | SANITIZE | NO_SANITIZE,
    sanitizes: true,
    probesFirmware: false,
    probesScmAssign: true,
    acceptedEntriesMax: 0xffffffff,
    acceptOverruns: false,
    copiesNotifications: true,
  },
};
