import type { Owner } from './owner.js';
import type { MemoryKind } from './page-record.js';

/** What may be done with memory, as bits; the values of the manager's rights. */
export const Access = { X: 1, W: 2, R: 4, RW: 6, RWX: 7 } as const;

/** The physical memory that a VM's access reaches. */
export interface Translation {
  readonly phys: number;
  readonly kind: MemoryKind;
  /** Bits of {@link Access} that are allowed. */
  readonly access: number;
  /** Bytes that one entry of the tables maps there: a page or a block. */
  readonly granule: number;
}

/**
 * An access that the hypervisor cannot translate, as an event. The component that runs the VM decides what follows.
 * Nothing is emulated here: an access to an emulated device is a fault, too.
 */
export interface Fault {
  readonly event: 'fault';
  /** Whose access. */
  readonly owner: Owner;
  /** As the VM used it, in bytes; any number. */
  readonly address: number;
  /** Bits of {@link Access} that it wanted. */
  readonly access: number;
  /** Nothing is mapped there; the memory is lent to another; or the rights do not suffice. */
  readonly reason: 'unmapped' | 'lent' | 'permission';
}
