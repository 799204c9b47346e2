/** What the manager asks of the hypervisor about memory, interrupts and capabilities. */
export interface Hypervisor {
  /** Copies physical memory into `target`; memory that was never written reads as zeros. */
  readMemory(address: number, target: Uint8Array): void;
  writeMemory(address: number, bytes: Uint8Array): void;
  zeroMemory(address: number, size: number): void;

  /**
   * The stretch of memory that a VM owns from a guest address on, contiguous there and in physical memory, at
   * most `size` bytes; undefined when the VM does not own the first page.
   */
  ownedStretch(vmid: number, kind: MemoryKind, ipa: number, size: number): Stretch | undefined;
  /** Moves a range from one owner to another; false (and nothing happens) when it is not all the first one's. */
  transfer(kind: MemoryKind, phys: number, size: number, from: Owner, to: Owner): boolean;
  /** Blocks of the primary VM's memory of which a part was transferred since the boot; 0 where nothing counts them. */
  readonly brokenBlocks: number;
  /** Shows an owner its memory at a guest address; `phys` undefined hides the range again. */
  show(vmid: number, kind: MemoryKind, ipa: number, size: number, phys: number | undefined): void;
  /** Forgets a VM's view and leaves what it owned to nobody. */
  abandon(vmid: number): void;

  /** Whether a hardware interrupt exists. */
  hasInterrupt(number: number): boolean;
  /** Binds a hardware interrupt to a VM; false when it does not exist or is bound. */
  bindInterrupt(number: number): boolean;
  unbindInterrupt(number: number): void;

  /** A capability id for a new object; ids are never reused within a boot. */
  newCapability(): bigint;
}

export type MemoryKind = 'normal' | 'io';

export interface Stretch {
  readonly phys: number;
  readonly size: number;
}

/** A VMID, {@link NOBODY}, or a parcel as {@link parcelOwner} names it. */
export type Owner = number;

export const NOBODY: Owner = -1;

/** The owner that stands for a parcel, by its handle. */
export function parcelOwner(handle: number): Owner {
  return -2 - handle;
}
