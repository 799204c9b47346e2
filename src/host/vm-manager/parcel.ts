import { memRights, type SglEntry } from '../../../schemas/index.js';
import type { AddressRange } from './addresses.js';

const { R, W, X } = memRights.bits;

/** Flags with the three access bits of an ioctl, whose values differ between ioctls. */
interface AccessBits {
  readonly ALLOW_READ: number;
  readonly ALLOW_WRITE: number;
  readonly ALLOW_EXEC: number;
}

/** The `mem_rights` that the flags of an ioctl give to the guest. */
export function rightsOf(flags: number, { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC }: AccessBits): number {
  return (flags & ALLOW_READ ? R : 0) | (flags & ALLOW_WRITE ? W : 0) | (flags & ALLOW_EXEC ? X : 0);
}

/** Contiguous memory of the host that is meant for a VM. Bytes. */
export interface Piece {
  readonly guestAddress: bigint;
  /** Physical. */
  readonly address: bigint;
  readonly size: bigint;
  /** Returns the memory to the host, once neither RM nor the VM has it. */
  readonly release: () => void;
}

export interface ParcelOptions {
  /** As in errors: `region[label 2]`, `dtb`. */
  readonly path: string;
  /** The label that RM is told. */
  readonly label: number;
  /** Guest rights, as `mem_rights`. */
  readonly rights: number;
  /** VMID of the host if it keeps its access; undefined: the memory is lent. */
  readonly sharedWith: number | undefined;
  readonly pieces: readonly Piece[];
}

/** Memory of a VM that becomes a parcel of RM's. */
export class Parcel {
  /** Undefined: RM has not made the parcel, or the host has reclaimed it. */
  handle: number | undefined;
  /** RM may have made the parcel, but no reply told its handle. */
  uncertain = false;

  constructor(readonly options: ParcelOptions) {}

  get path(): string {
    return this.options.path;
  }

  /** RM has the memory, or may have it. */
  get isHeld(): boolean {
    return this.handle !== undefined || this.uncertain;
  }

  /** What RM told is in doubt: the parcel has to be looked for by its contents. */
  forgetHandle(): void {
    this.handle = undefined;
    this.uncertain = true;
  }

  get isShared(): boolean {
    return this.options.sharedWith !== undefined;
  }

  /** Guest addresses of the pieces, which are contiguous. */
  get range(): AddressRange {
    const { pieces } = this.options;
    const start = pieces[0]?.guestAddress ?? 0n;
    return { start, size: pieces.reduce((sum, { size }) => sum + size, 0n) };
  }

  get entries(): SglEntry[] {
    return this.options.pieces.map(({ address: ipa, size }) => ({ ipa, size }));
  }

  /** The guest comes first. The host's own entry always has all rights. */
  aclFor(vmid: number) {
    const { rights, sharedWith } = this.options;
    const guest = { vmid, rights };
    return sharedWith === undefined ? [guest] : [guest, { vmid: sharedWith, rights: R | W | X }];
  }

  /** Returns the memory to the host, once RM has none of it. */
  release(): void {
    for (const piece of this.options.pieces) piece.release();
  }
}
