import type { Owner } from './owner.js';
import type { MemoryKind } from './page-record.js';

/** What may be done with memory, as bits; the values of the manager's rights. */
export const Access = { X: 1, W: 2, R: 4, RW: 6, RWX: 7 } as const;

/** Where an access of a VM goes. */
export interface Translation {
  readonly phys: number;
  readonly kind: MemoryKind;
  /** Bits of {@link Access} that are allowed. */
  readonly access: number;
  /** Bytes that one entry of the tables maps there: a page or a block. */
  readonly granule: number;
}

/**
 * An access that goes nowhere, as an event: whoever runs the VM decides what becomes of it. Nothing is emulated here:
 * where a device is played by somebody else, the VM's access to it is a fault like any other.
 */
export interface Fault {
  readonly event: 'fault';
  /** Whose access. */
  readonly owner: Owner;
  /** As the VM used it, in bytes; any number. */
  readonly address: number;
  /** Bits of {@link Access} that it wanted. */
  readonly access: number;
  /** Nothing is there; the memory is another's for now; or only less is allowed. */
  readonly reason: 'unmapped' | 'lent' | 'permission';
}
