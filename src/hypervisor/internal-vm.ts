import { Access, type Translation } from './access.js';
import type { Owner } from './owner.js';
import { PAGE_SIZE } from './page-contents.js';
import type { PhysicalMemory } from './physical-memory.js';
import { type CheckedRange, type Refusal, type RefusalCode, refuse } from './refusal.js';
import { checkInternalLimit, isPages } from './transition.js';

/** Slots of KVM on arm64 that a process may use, and those of the kernel behind them (the series of August 2017). */
export const USER_MEM_SLOTS = 512;
export const PRIVATE_MEM_SLOTS = 256;
/** Flags of KVM_SET_USER_MEMORY_REGION (include/uapi/linux/kvm.h). */
export const memorySlotFlags = { LOG_DIRTY_PAGES: 1, READONLY: 2 } as const;

/** The argument of KVM_SET_USER_MEMORY_REGION. Bytes. */
export interface MemorySlot {
  /** 0..767; from 512 on a slot of the kernel. */
  readonly slot: number;
  /** Bits of {@link memorySlotFlags}. */
  readonly flags: number;
  readonly guestAddress: number;
  /** 0 deletes the slot. */
  readonly size: number;
  /** Ignored: no process stands behind an internal VM. */
  readonly userspaceAddress: number | bigint;
}

/** What happens to an internal VM besides the results of operations. */
export type InternalVmEvent =
  /** The caches are cleaned of a range that was mapped. */
  | { readonly event: 'flush'; readonly start: number; readonly size: number }
  /** The guest gets an external abort, and the log says why. */
  | { readonly event: 'abort'; readonly address: number; readonly access: number; readonly log: string };

type Change = 'create' | 'delete' | 'move' | 'flags_only' | 'none';

const { LOG_DIRTY_PAGES, READONLY } = memorySlotFlags;

/**
 * A VM that a kernel makes without a process: its memory lies at its physical address (RFC "KVM, arm, arm64: Offer
 * PAs to IPAs idmapping to internal VMs"). Memory that it is to have must be its own, and mapped nowhere: the series
 * maps whatever is there, also devices, which its review asks about.
 *
 * The order of checks is that of `__kvm_set_memory_region` and `kvm_arch_prepare_memory_region` of Linux 4.13.
 */
export class InternalVm {
  /** Oldest first. */
  readonly events: InternalVmEvent[] = [];
  readonly #memory: PhysicalMemory;
  readonly #slots = new Map<number, MemorySlot>();

  /** Makes the VM's address space. What it had before is abandoned. */
  constructor(
    memory: PhysicalMemory,
    readonly owner: Owner,
  ) {
    this.#memory = memory;
    memory.addInternal(owner);
  }

  /** By rising number. */
  get slots(): readonly MemorySlot[] {
    return [...this.#slots.values()].sort((left, right) => left.slot - right.slot);
  }

  /**
   * Creates, moves, changes or deletes a slot. A refused one changes nothing.
   *
   * @returns EINVAL for unknown flags, part of a page, a slot above 767, a deletion of nothing, another size, or another
   * READONLY; EEXIST for guest addresses of a user slot; EFAULT for an end at 2^40 or above; EPERM or ENOMEM when the
   * memory cannot be mapped.
   */
  setMemoryRegion(slot: MemorySlot): Refusal | undefined {
    const invalid = this.#check(slot);
    if (invalid !== undefined) return invalid;
    const old = this.#slots.get(slot.slot);
    const change = changeOf(old, slot);
    if (change === 'none') return undefined;
    if (old !== undefined) this.#memory.unmap(this.owner, old.guestAddress, old.size);
    if (change === 'delete') {
      this.#slots.delete(slot.slot);
      return undefined;
    }
    const refused = this.#map(slot);
    if (refused !== undefined) {
      if (old !== undefined) this.#map(old);
      return refused;
    }
    this.#slots.set(slot.slot, slot);
    const { guestAddress: start, size } = slot;
    if (change !== 'flags_only') this.events.push({ event: 'flush', start, size });
    return undefined;
  }

  /** An access of the guest. @returns undefined when it got an abort instead. @param access bits of Access. */
  access(address: number, access: number): Translation | undefined {
    const found = this.#memory.translate(this.owner, address, access);
    if ('phys' in found) return found;
    this.events.push({ event: 'abort', address, access, log: 'Unexpected internal VM page fault' });
    return undefined;
  }

  #map(slot: MemorySlot): Refusal | undefined {
    // While dirty pages are logged, the pages are write-protected, and a write is a fault as any other.
    const access = (slot.flags & LOG_DIRTY_PAGES) === 0 ? Access.RWX : Access.R | Access.X;
    return this.#memory.mapRegion(this.owner, slot, access, 'normal');
  }

  #check(slot: MemorySlot): Refusal | undefined {
    const { flags, guestAddress: start, size } = slot;
    const range: CheckedRange = { step: 'region', side: 'target', owner: this.owner, start, size };
    const no = (code: RefusalCode, expected: number | string, actual: number | string) =>
      this.#memory.refused(refuse(range, code, start, expected, actual, this.owner));
    const known = LOG_DIRTY_PAGES | READONLY;
    if (!Number.isInteger(flags) || (flags & ~known) !== 0) return no('flags', known, flags);
    if (!isPages(size)) return no('size', `pages of ${PAGE_SIZE} bytes`, size);
    if (!isPages(start)) return no('address', `a multiple of ${PAGE_SIZE}`, start);
    const slots = USER_MEM_SLOTS + PRIVATE_MEM_SLOTS;
    if (!Number.isInteger(slot.slot) || slot.slot < 0 || slot.slot >= slots)
      return no('slot', `0..${slots - 1}`, slot.slot);
    const old = this.#slots.get(slot.slot);
    if (size === 0) return old === undefined ? no('unknown', 'a slot in use', 'a free one') : undefined;
    if (old !== undefined && old.size !== size) return no('changed', old.size, size);
    if (old !== undefined && ((old.flags ^ slot.flags) & READONLY) !== 0)
      return no('changed', old.flags, slot.flags);
    const other = this.#userSlotAt(slot);
    if (other !== undefined && changeOf(old, slot) !== 'flags_only')
      return no('overlap', 'free guest addresses', `slot ${other.slot}`);
    const beyond = checkInternalLimit(range);
    return beyond && this.#memory.refused(beyond);
  }

  /** Another slot of processes that overlaps. Slots of the kernel are not looked at. */
  #userSlotAt({ slot, guestAddress, size }: MemorySlot): MemorySlot | undefined {
    return [...this.#slots.values()].find(
      (other) =>
        other.slot !== slot &&
        other.slot < USER_MEM_SLOTS &&
        guestAddress < other.guestAddress + other.size &&
        other.guestAddress < guestAddress + size,
    );
  }
}

function changeOf(old: MemorySlot | undefined, slot: MemorySlot): Change {
  if (slot.size === 0) return 'delete';
  if (old === undefined) return 'create';
  if (old.guestAddress !== slot.guestAddress) return 'move';
  return old.flags === slot.flags ? 'none' : 'flags_only';
}
