import { Access } from './access.js';
import { type ExtentKind, extentKinds, extentOwner, type Owner } from './owner.js';
import type { PhysicalMemory } from './physical-memory.js';
import type { Refusal, RefusalCode } from './refusal.js';
import type { Transition } from './transition.js';

/** Errors of hypercalls (quic/gunyah-hypervisor, docs/api/gunyah_api.md). */
export const HypError = {
  OK: 0,
  ARGUMENT_INVALID: 1,
  ARGUMENT_SIZE: 2,
  ARGUMENT_ALIGNMENT: 3,
  NOMEM: 10,
  ADDR_INVALID: 22,
  DENIED: 30,
  BUSY: 31,
  CAP_NULL: 50,
  WRONG_OBJECT_TYPE: 52,
  MEMDB_NOT_OWNER: 111,
} as const;

/** Options of memextent_donate, and flags of addrspace_map and addrspace_unmap (Linux, gunyah_hypercall.c of v17). */
export const DonateType = { TO_SIBLING: 2, TO_PROTECTED: 3, FROM_PROTECTED: 4 } as const;
export const MapFlag = { PARTIAL: 1, PRIVATE: 2, VMMIO: 4 } as const;
const NO_SYNC = 2 ** 31;
/** Of the attributes of a mapping: access of the guest's kernel. Its bits are those of Access. */
const KERNEL_ACCESS_SHIFT = 4;

/** What a hypercall about memory answers. */
export interface HypercallResult {
  /** One of {@link HypError}. */
  readonly error: number;
  /** The page that was in the way, and its owner. */
  readonly refusal?: Refusal;
}

const done: HypercallResult = { error: HypError.OK };
const failed = (error: number): HypercallResult => ({ error });

const errors: Readonly<Record<RefusalCode, number>> = {
  component: HypError.ARGUMENT_INVALID,
  size: HypError.ARGUMENT_SIZE,
  address: HypError.ARGUMENT_ALIGNMENT,
  rights: HypError.ARGUMENT_INVALID,
  state: HypError.MEMDB_NOT_OWNER,
  kind: HypError.ARGUMENT_INVALID,
  identity: HypError.ADDR_INVALID,
  mapped: HypError.DENIED,
  borrowed: HypError.DENIED,
  not_borrowed: HypError.ADDR_INVALID,
  tables: HypError.NOMEM,
  in_use: HypError.BUSY,
  limit: HypError.ADDR_INVALID,
  slot: HypError.ARGUMENT_INVALID,
  flags: HypError.ARGUMENT_INVALID,
  overlap: HypError.DENIED,
  unknown: HypError.ARGUMENT_INVALID,
  changed: HypError.ARGUMENT_INVALID,
};

function resultOf(refusal: Refusal | undefined): HypercallResult {
  return refusal === undefined ? done : { error: errors[refusal.code], refusal };
}

/** The capabilities through which a host gives memory to a VM page by page, as VM_GET_HYP_RESOURCES lists them. */
export interface PagingCapabilities {
  readonly addressSpace: bigint;
  readonly guest: Readonly<Record<ExtentKind, bigint>>;
  readonly host: Readonly<Record<ExtentKind, bigint>>;
}

/** An object behind a capability. `host`: the memory of the primary VM itself. */
type HypObject =
  | { readonly type: 'address space'; readonly vmid: number }
  | { readonly type: 'guest' | 'host'; readonly vmid: number; readonly kind: ExtentKind };

/** A hypercall that gives memory to a VM or takes it back. Addresses and sizes are bytes; `address` is physical. */
export type MemoryHypercall =
  | {
      readonly name: 'memextent_donate';
      /** {@link DonateType}, and bit 31: others need not know of it at once. */
      readonly options: number;
      readonly from: bigint;
      readonly to: bigint;
      readonly address: bigint;
      readonly size: bigint;
    }
  | {
      readonly name: 'addrspace_map' | 'addrspace_unmap';
      readonly addrspace: bigint;
      readonly extent: bigint;
      readonly guestAddress: bigint;
      /** Access for user and kernel of the guest, and the kind of memory. addrspace_unmap ignores them. */
      readonly attributes: number;
      readonly flags: number;
      readonly address: bigint;
      readonly size: bigint;
    };
type DonateCall = Extract<MemoryHypercall, { readonly name: 'memextent_donate' }>;
type MapCall = Exclude<MemoryHypercall, DonateCall>;

/**
 * Memory that the host gives to VMs page by page. A guest's extent is an owner of pages: a donation moves them between
 * the host and the extent, and a mapping lends them from the extent to the VM. Pages of a shared extent are shared with
 * the host.
 *
 * The public hypervisor of December 2023 has neither the protected types of donation nor the flags PRIVATE and VMMIO.
 * This model is assumed from what Linux v17 and a15 ask for. It is stricter than the public hypervisor in two points:
 * pages must be in the extent when they are mapped, and nothing may be mapped at the guest addresses.
 */
export class MemoryExtents {
  readonly #memory: PhysicalMemory;
  readonly #newCapability: () => bigint;
  readonly #objects = new Map<bigint, HypObject>();
  /** By VMID. */
  readonly #guests = new Map<number, { readonly host: Owner; readonly capabilities: PagingCapabilities }>();
  #hostCapabilities: Readonly<Record<ExtentKind, bigint>> | undefined;

  constructor(memory: PhysicalMemory, newCapability: () => bigint) {
    this.#memory = memory;
    this.#newCapability = newCapability;
  }

  /** Makes the extents of a VM whose memory `host` gives. */
  add(vmid: number, host: Owner): PagingCapabilities {
    this.#hostCapabilities ??= {
      private: this.#newObject({ type: 'host', vmid: host, kind: 'private' }),
      shared: this.#newObject({ type: 'host', vmid: host, kind: 'shared' }),
    };
    const capabilities = {
      addressSpace: this.#newObject({ type: 'address space', vmid }),
      guest: {
        private: this.#newObject({ type: 'guest', vmid, kind: 'private' }),
        shared: this.#newObject({ type: 'guest', vmid, kind: 'shared' }),
      },
      host: this.#hostCapabilities,
    } as const;
    this.#guests.set(vmid, { host, capabilities });
    return capabilities;
  }

  /** Ends the extents of a VM. Nobody owns the pages that are left in them. */
  remove(vmid: number): void {
    const capabilities = this.#guests.get(vmid)?.capabilities;
    if (capabilities === undefined) return;
    this.#guests.delete(vmid);
    this.#objects.delete(capabilities.addressSpace);
    for (const kind of extentKinds) {
      this.#objects.delete(capabilities.guest[kind]);
      this.#memory.abandon(extentOwner(vmid, kind));
    }
  }

  /** The VM whose memory a hypercall is about; undefined if its capabilities name none. */
  guestOf(hypercall: MemoryHypercall): number | undefined {
    const { name } = hypercall;
    const capabilities = name === 'memextent_donate' ? [hypercall.from, hypercall.to] : [hypercall.extent];
    const objects = capabilities.map((capability) => this.#objects.get(capability));
    return objects.find((object) => object?.type === 'guest')?.vmid;
  }

  /** A hypercall of a VM. A refused one changes nothing. */
  perform(caller: Owner, hypercall: MemoryHypercall): HypercallResult {
    switch (hypercall.name) {
      case 'memextent_donate':
        return this.#donate(caller, hypercall);
      case 'addrspace_map':
        return this.#map(caller, hypercall);
      case 'addrspace_unmap':
        return this.#unmap(caller, hypercall);
    }
  }

  /** Moves pages between the host and an extent of a VM. */
  #donate(caller: Owner, call: DonateCall): HypercallResult {
    const { options, from, to } = call;
    const [address, size] = [Number(call.address), Number(call.size)];
    const type = options % NO_SYNC;
    const source = this.#objects.get(from);
    const target = this.#objects.get(to);
    if (
      type !== DonateType.TO_SIBLING &&
      type !== DonateType.TO_PROTECTED &&
      type !== DonateType.FROM_PROTECTED
    )
      return failed(HypError.ARGUMENT_INVALID);
    if (source === undefined || target === undefined) return failed(HypError.CAP_NULL);
    if (source.type === 'address space' || target.type === 'address space')
      return failed(HypError.WRONG_OBJECT_TYPE);
    const kind = type === DonateType.TO_SIBLING ? 'shared' : 'private';
    if (source.kind !== kind || target.kind !== kind || source.type === target.type)
      return failed(HypError.ARGUMENT_INVALID);
    const gives = target.type === 'guest';
    if (kind === 'private' && gives !== (type === DonateType.TO_PROTECTED))
      return failed(HypError.ARGUMENT_INVALID);
    const [host, guest] = gives ? [source, target] : [target, source];
    if (host.vmid !== caller) return failed(HypError.CAP_NULL);
    const extent = extentOwner(guest.vmid, kind);
    return resultOf(
      gives
        ? this.#give(caller, extent, kind, address, size)
        : this.#takeBack(caller, guest.vmid, kind, address, size),
    );
  }

  /** Lets a VM see pages of its extent at a guest address. */
  #map(caller: Owner, call: MapCall): HypercallResult {
    const found = this.#mapped(caller, call);
    if (typeof found === 'number') return failed(found);
    const access = (call.attributes >>> KERNEL_ACCESS_SHIFT) & Access.RWX;
    const { transition, kind } = found;
    return resultOf(
      kind === 'private' ? this.#memory.lend(transition, access) : this.#memory.share(transition, access),
    );
  }

  /** Takes pages from the VM's address space. They stay in its extent. */
  #unmap(caller: Owner, call: MapCall): HypercallResult {
    const found = this.#mapped(caller, call);
    if (typeof found === 'number') return failed(found);
    const { transition, kind } = found;
    return resultOf(kind === 'private' ? this.#memory.reclaim(transition) : this.#memory.unshare(transition));
  }

  /**
   * Puts memory into a VM's own extent and maps it, as the host would do. RM does so with the image of a VM
   * that starts.
   *
   * @param from who owns it, at its physical address.
   */
  adopt(vmid: number, from: Owner, { guestAddress, address, size, access }: AdoptedRun): Refusal | undefined {
    const extent = extentOwner(vmid, 'private');
    const target = { owner: vmid, address: guestAddress };
    return (
      this.#memory.donate(between(from, extent, address, size)) ??
      this.#memory.lend({ kind: 'normal', source: { owner: extent, address }, target, size }, access)
    );
  }

  /** The transition that a mapping is, if the call may be made; else its error. */
  #mapped(
    caller: Owner,
    { addrspace, extent, guestAddress, flags, address, size }: MapCall,
  ): { readonly transition: Transition; readonly kind: ExtentKind } | number {
    const known = MapFlag.PARTIAL | MapFlag.PRIVATE | MapFlag.VMMIO;
    if (((flags % NO_SYNC) & ~known) !== 0 || (flags & MapFlag.PARTIAL) === 0)
      return HypError.ARGUMENT_INVALID;
    const space = this.#objects.get(addrspace);
    const source = this.#objects.get(extent);
    if (space === undefined || source === undefined) return HypError.CAP_NULL;
    if (space.type !== 'address space' || source.type !== 'guest') return HypError.WRONG_OBJECT_TYPE;
    if (this.#guests.get(space.vmid)?.host !== caller) return HypError.CAP_NULL;
    if (space.vmid !== source.vmid) return HypError.ARGUMENT_INVALID;
    const { kind, vmid } = source;
    if (((flags & MapFlag.PRIVATE) !== 0) !== (kind === 'private')) return HypError.ARGUMENT_INVALID;
    const transition: Transition = {
      kind: 'normal',
      source: { owner: extentOwner(vmid, kind), address: Number(address) },
      target: { owner: vmid, address: Number(guestAddress) },
      size: Number(size),
    };
    return { transition, kind };
  }

  #give(host: Owner, extent: Owner, kind: ExtentKind, address: number, size: number): Refusal | undefined {
    const transition = between(host, extent, address, size);
    return kind === 'private' ? this.#memory.donate(transition) : this.#memory.entrust(transition);
  }

  /** Mappings of the pages end, as they do in the public hypervisor. */
  #takeBack(host: Owner, vmid: number, kind: ExtentKind, address: number, size: number): Refusal | undefined {
    const memory = this.#memory;
    const back = between(extentOwner(vmid, kind), host, address, size);
    memory.endBorrowing(back.source.owner, vmid, address, size);
    if (kind === 'shared') {
      const refused = memory.unshare(back);
      if (refused !== undefined) return refused;
    }
    return memory.donate(back);
  }

  #newObject(object: HypObject): bigint {
    const capability = this.#newCapability();
    this.#objects.set(capability, object);
    return capability;
  }
}

/** Memory that is put into an extent. Bytes; `access` is bits of Access, for the guest. */
export interface AdoptedRun {
  readonly guestAddress: number;
  /** Physical. */
  readonly address: number;
  readonly size: number;
  readonly access: number;
}

/** A change of normal memory that both sides have at its physical address. */
function between(from: Owner, to: Owner, address: number, size: number): Transition {
  return { kind: 'normal', source: { owner: from, address }, target: { owner: to, address }, size };
}
